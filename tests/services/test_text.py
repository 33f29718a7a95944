"""What a person may type, and the sentence that refuses the rest."""

import uuid
from typing import Any

import pytest

from chatbot_app.errors import InvalidInput, NotFound
from chatbot_app.services import text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  Ada  ", "Ada"), ("Ada\n\tLovelace", "Ada Lovelace"), ("👩\u200d🔬", "👩\u200d🔬")],
)
def test_a_name_is_trimmed_to_one_line(typed: str, kept: str):
    assert text.line(typed, "The name", limit=20) == kept


@pytest.mark.parametrize("blank", ["", "   ", "\n", "\u200b\u2060", "\u00a0"])
def test_a_name_that_nobody_could_see_is_refused(blank: str):
    with pytest.raises(InvalidInput, match="The name can't be empty"):
        text.line(blank, "The name", limit=20)


@pytest.mark.parametrize("wrong", [None, 1, b"Ada", ["Ada"], {"a": 1}, "A\0da", "A\ud800", "A\x07"])
def test_what_is_no_text_is_refused(wrong: object):
    with pytest.raises(InvalidInput, match="The name"):
        text.line(wrong, "The name", limit=20)


def test_what_is_too_long_is_refused_with_both_numbers():
    with pytest.raises(InvalidInput, match="has 1,001 characters; at most 1,000"):
        text.passage("x" * 1001, "The message", limit=1000)


def test_a_passage_is_kept_to_the_byte():
    passage = "  \r\n\tcode\n\n  \u200b🐎\n"

    assert text.passage(passage, "The message", limit=100, required=True) == passage


@pytest.mark.parametrize(
    "address",
    ["ada@example.org", "Ada.L+x@Sub.Example.ORG", "root@localhost", "ü@bücher.example"],
)
def test_an_email_is_taken_in_lower_case(address: str):
    assert text.email(f" {address} ") == address.lower()


@pytest.mark.parametrize(
    "address",
    [
        "ada",
        "ada@",
        "@example.org",
        "ada@example",
        "ada@@example.org",
        "a da@example.org",
        "ada@.org",
        "ada@example.",
        "ada@example..org",
        "ada@exam\0ple.org",
        "ada@example.org\ud800",
        "x" * 250 + "@example.org",
        None,
    ],
)
def test_what_is_no_email_is_refused(address: object):
    with pytest.raises(InvalidInput):
        text.email(address)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("", None),
        ("  ", None),
        (None, None),
        ("0", 0),
        ("0.7", 0.7),
        ("0,7", 0.7),
        (" 2 ", 2),
        (1, 1),
        (1.5, 1.5),
    ],
)
def test_a_temperature_is_a_number_or_nothing(typed: object, number: float | None):
    assert text.temperature(typed) == number


@pytest.mark.parametrize(
    "typed", ["hot", "-0.1", "2.1", "nan", "inf", "1e400", "1_0", True, [1], {}, 10**400]
)
def test_any_other_temperature_is_refused(typed: Any):
    with pytest.raises(InvalidInput, match="from 0 to 2"):
        text.temperature(typed)


def test_an_id_is_taken_as_it_is_written_in_addresses():
    given = uuid.uuid4()

    assert text.identifier(given) == given
    assert text.identifier(str(given)) == given


ID = "0b9f3c1e-5d2a-4c47-9a61-2f8e7d3b1c55"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "1",
        "x" * 36,
        ID.replace("-", ""),
        f"{{{ID}}}",
        f"{ID}\n",
        1,
        None,
        [],
        b"",
    ],
)
def test_any_other_id_is_not_found(wrong: object):
    with pytest.raises(NotFound):
        text.identifier(wrong)


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("Hello", "Hello"),
        ("  One\n\ntwo\tthree ", "One two three"),
        ("word " * 30, "word " * 11 + "word…"),
        ("x" * 200, "x" * 59 + "…"),
        ("a\x07b", "ab"),
        ("\u200b", "New chat"),
    ],
)
def test_a_title_is_made_of_the_first_words(words: str, title: str):
    assert text.title(words) == title
    assert len(title) <= 60
