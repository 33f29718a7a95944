"""Which passwords are taken, and why the others are not."""

import pytest

from chatbot_app.errors import InvalidInput
from chatbot_app.services import passwords


@pytest.mark.parametrize(
    "password",
    [
        "violet kettle drum",
        "sunny-days in 1987",
        "   spaces at the ends   ",
        "aaaaaaa bbbbbb cccc dd",
        "🐎🔋🧷🐎🔋🎷🎺🎻🪕🥁🪘🎹🎤🎧📻",
        "длинный но простой",
        "x7" + "Kq9!vR2m" * 4 + "tail of it",
        "alice in wonderland walks",
        "k" * 3 + "never seen before " * 14,
    ],
)
def test_a_long_password_is_taken_as_it_was_typed(password: str):
    assert passwords.accept(password, email="alice@example.org", name="Alice") == password


@pytest.mark.parametrize("length", [0, 1, 8, 14])
def test_a_short_password_is_refused(length: int):
    with pytest.raises(InvalidInput):
        passwords.accept("qM7 wz2kLp9vRx4"[:length])


def test_the_refusal_says_how_long_it_is_and_must_be():
    with pytest.raises(InvalidInput, match="has 14 characters; it needs at least 15"):
        passwords.accept("qM7 wz2kLp9vRx")


def test_two_hundred_and_fifty_six_characters_are_taken_and_one_more_is_refused():
    long = "qM7 wz2kLp9vRx4 " * 16

    assert passwords.accept(long) == long
    with pytest.raises(InvalidInput, match="at most 256"):
        passwords.accept(long + "x")


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "Password Password",
        "PASSWORD12345678",
        "administrator2024!",
        "correct horse battery staple",
        "CorrectHorseBatteryStaple",
        "qwertyuiopasdfghjkl",
        "1qaz2wsx3edc4rfv",
        "iloveyousomuch!!!",
        "thisismypassword",
        "ｐａｓｓｗｏｒｄｐａｓｓｗｏｒｄ",
        "letmeinletmein123",
    ],
)
def test_what_anybody_tries_first_is_refused(password: str):
    with pytest.raises(InvalidInput, match="password"):
        passwords.accept(password)


@pytest.mark.parametrize(
    "password",
    [
        "a" * 15,
        "abababababababab",
        "abcabcabcabcabca",
        "hunter22hunter22",
        "123456789012345",
        "987654321098765",
        "abcdefghijklmnop",
        "zyxwvutsrqponmlk",
        "jklmnopqrstuvwxyzabc",
        "                    ",
    ],
)
def test_what_only_repeats_or_counts_on_is_refused(password: str):
    with pytest.raises(InvalidInput, match="password"):
        passwords.accept(password)


@pytest.mark.parametrize(
    "password",
    [
        "grace.hopper@navy.example",
        "grace.hopper-1906",
        "GraceHopperGraceHopper1",
        "chatbot-app-2026!",
        "hopper@chatbot 1!",
    ],
)
def test_what_is_only_the_persons_or_the_sites_name_is_refused(password: str):
    with pytest.raises(InvalidInput, match="your name"):
        passwords.accept(password, email="grace.hopper@navy.example", name="Grace Hopper")


@pytest.mark.parametrize(
    "wrong", [None, 15, ["a" * 20], "with a NUL \0 inside", "half an emoji \ud83d"]
)
def test_what_nobody_can_type_is_refused(wrong: object):
    with pytest.raises(InvalidInput):
        passwords.accept(wrong)


def test_every_common_password_in_the_list_can_be_met():
    entries = passwords._common()

    assert len(entries) > 500
    assert all(entry == "".join(entry.split()).casefold() for entry in entries)


async def test_a_password_matches_its_hash_and_nothing_matches_without_one():
    locked = await passwords.hashed("violet kettle drum")

    assert await passwords.matches("violet kettle drum", locked)
    assert not await passwords.matches("violet kettle drums", locked)
    assert not await passwords.matches("violet kettle drum", None)
