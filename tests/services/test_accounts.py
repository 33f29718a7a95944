"""Registering, signing in, changing the password, leaving."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import select, update

from chatbot_app import db, security
from chatbot_app.errors import (
    AppError,
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyAttempts,
    WrongCredentials,
)
from chatbot_app.models import Chat, Message, Project, User, UserSession
from chatbot_app.schemas import SessionGrant, Viewer
from chatbot_app.services import (
    accounts,
    chats,
    passwords,
    projects,
    registration,
    sessions,
)
from tests.conftest import PASSWORD, Person, say

NEW = "violet kettle drum"
HOME = "203.0.113.7"


async def join(email: str = "dana@example.org", **changes: str) -> tuple[SessionGrant, Viewer]:
    """Register Dana."""
    form = {"name": "Dana", "email": email, "password": PASSWORD, "address": HOME} | changes
    grant = await registration.register(**form)
    return grant, sessions.resolve(grant.token)


async def enter(email: str = "alice@example.org", password: str = PASSWORD) -> Viewer:
    """Sign in, Alice unless somebody else is named."""
    grant = await accounts.sign_in(email=email, password=password, address=HOME)
    return sessions.resolve(grant.token)


async def refusal(email: str, password: str) -> AppError:
    with pytest.raises(AppError) as caught:
        await enter(email, password)
    return caught.value


async def test_registering_signs_in_and_opens_the_starter_project(database: str):
    grant, dana = await join(name="  Dana  Scully ", email=" Dana@Example.ORG ")

    (project,) = projects.list_for(dana.user_id)
    assert (dana.name, dana.email) == ("Dana Scully", "dana@example.org")
    assert project.name == "General assistant"
    assert projects.get(dana.user_id, project.id).system_prompt
    assert grant.landing == f"/projects/{project.id}/chat"
    assert grant.max_age == 30 * 24 * 60 * 60


async def test_a_taken_email_is_said_plainly_in_any_spelling(alice: Person):
    with pytest.raises(Conflict, match="already an account"):
        await join(email="ALICE@example.org")


async def test_two_registrations_at_once_make_one_account(database: str):
    outcomes = await asyncio.gather(join(), join(), join(), return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "Conflict",
        "Conflict",
        "tuple",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": " "},
        {"name": "x" * 121},
        {"name": "D\0na"},
        {"email": "dana"},
        {"email": "da\0na@example.org"},
        {"email": "x" * 250 + "@example.org"},
        {"password": "too short"},
        {"password": "passwordpassword"},
        {"password": "x7 Kq" * 60},
        {"password": "with a NUL \0 in it"},
        {"name": None},
        {"email": ["dana@example.org"]},
        {"password": 123456789012345},
    ],
    ids=str,
)
async def test_a_form_with_something_wrong_makes_no_account(database: str, changes: dict[str, str]):
    with pytest.raises(InvalidInput):
        await join(**changes)

    with db.session() as session:
        assert session.exec(select(User)).all() == []


@pytest.mark.parametrize("extra", ["role", "is_admin", "id", "created_at", "disabled_at"])
async def test_nothing_else_can_be_set_when_registering(database: str, extra: str):
    with pytest.raises(TypeError):
        await join(**{extra: "admin"})


async def test_registering_is_slowed_down_by_address(database: str, settings: Callable[..., None]):
    settings(REGISTRATIONS_PER_ADDRESS=2)
    await join("one@example.org")
    await join("two@example.org")

    with pytest.raises(TooManyAttempts):
        await join("three@example.org")
    await join("three@example.org", address="198.51.100.1")


async def test_a_password_is_stored_as_a_hash_and_nowhere_else(database: str):
    await join()

    with db.session() as session:
        (user,) = session.exec(select(User)).all()
    assert security.verify_password(PASSWORD, user.password_hash)
    assert PASSWORD not in repr(user)


async def test_signing_in_lands_in_the_last_chat(alice: Person):
    first = say(alice, "First")
    say(alice, "Second")
    say(alice, "Again in the first", chat_id=first.chat.id)

    grant = await accounts.sign_in(email=" ALICE@example.org", password=PASSWORD, address=HOME)

    assert grant.landing == f"/projects/{alice.project_id}/chat/{first.chat.id}"


async def test_signing_in_without_chats_lands_in_the_first_project(alice: Person):
    projects.create(alice.id, name="Another")

    assert accounts.landing(alice.id) == f"/projects/{alice.project_id}/chat"


async def test_signing_in_without_projects_lands_at_the_projects(alice: Person):
    projects.delete(alice.id, alice.project_id)

    assert accounts.landing(alice.id) == "/projects"


async def test_unknown_email_and_wrong_password_look_alike(alice: Person):
    wrong = await refusal("alice@example.org", "not her password")
    unknown = await refusal("nobody@example.org", "not her password")

    assert type(wrong) is type(unknown) is WrongCredentials
    assert (wrong.message, wrong.status) == (unknown.message, unknown.status)


async def test_unknown_email_and_wrong_password_take_the_same_work(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    # Counted, not timed: a machine that is busy tells no time. The hash's head is what it costs.
    costs: list[str] = []
    verify = security.verify_password

    def counted(password: str, password_hash: str) -> bool:
        costs.append(password_hash[:7])
        return verify(password, password_hash)

    monkeypatch.setattr(security, "verify_password", counted)
    await refusal("alice@example.org", "not her password")
    await refusal("nobody@example.org", "not her password")

    assert costs == ["$2b$04$", "$2b$04$"]


async def test_the_owner_waits_after_five_wrong_passwords_and_others_do_not(
    alice: Person, charlie: Person
):
    for _ in range(5):
        assert isinstance(await refusal("alice@example.org", "wrong"), WrongCredentials)

    assert isinstance(await refusal("alice@example.org", PASSWORD), TooManyAttempts)
    assert (await enter("charlie@example.org")).user_id == charlie.id


async def test_guessing_an_unknown_email_is_throttled_alike(database: str):
    for _ in range(5):
        await refusal("nobody@example.org", "wrong")

    assert isinstance(await refusal("nobody@example.org", "wrong"), TooManyAttempts)


async def test_a_disabled_account_can_not_sign_in_and_only_its_owner_is_told(alice: Person):
    accounts.disable(alice.id)

    assert isinstance(await refusal("alice@example.org", PASSWORD), Forbidden)
    assert isinstance(await refusal("alice@example.org", "a wrong guess"), WrongCredentials)


async def test_changing_the_password_ends_every_other_session(alice: Person, charlie: Person):
    elsewhere = await accounts.sign_in(email=alice.email, password=PASSWORD, address=HOME)
    sessions.resolve(elsewhere.token)

    await accounts.change_password(alice.viewer, PASSWORD, NEW)

    assert sessions.resolve(alice.token).user_id == alice.id
    assert sessions.resolve(charlie.token).user_id == charlie.id
    with pytest.raises(NotSignedIn):
        sessions.resolve(elsewhere.token)
    assert isinstance(await refusal(alice.email, PASSWORD), WrongCredentials)
    assert (await enter(alice.email, NEW)).user_id == alice.id


async def test_changing_the_password_needs_the_current_one_and_a_good_new_one(alice: Person):
    with pytest.raises(WrongCredentials, match="current password"):
        await accounts.change_password(alice.viewer, "not the current one", NEW)
    with pytest.raises(InvalidInput):
        await accounts.change_password(alice.viewer, PASSWORD, "short")

    assert (await enter(alice.email, PASSWORD)).user_id == alice.id


async def test_guessing_the_current_password_in_an_open_session_is_throttled(alice: Person):
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            await accounts.change_password(alice.viewer, "not the current one", NEW)

    with pytest.raises(TooManyAttempts):
        await accounts.change_password(alice.viewer, PASSWORD, NEW)


async def test_a_sign_in_under_way_does_not_outlive_a_password_change(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    matches = passwords.matches

    async def change_meanwhile(password: str, password_hash: str | None) -> bool:
        right = await matches(password, password_hash)
        monkeypatch.setattr(passwords, "matches", matches)
        await accounts.change_password(alice.viewer, PASSWORD, NEW)
        return right

    monkeypatch.setattr(passwords, "matches", change_meanwhile)

    assert isinstance(await refusal(alice.email, PASSWORD), WrongCredentials)
    with db.session() as session:
        live = [row for row in session.exec(select(UserSession)) if row.revoked_at is None]
    assert [row.id for row in live] == [alice.viewer.session_id]


async def test_a_password_change_from_a_session_that_another_one_ended_comes_too_late(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    thief = sessions.resolve(
        (await accounts.sign_in(email=alice.email, password=PASSWORD, address=HOME)).token
    )
    hashed = passwords.hashed

    async def change_meanwhile(password: str) -> str:
        monkeypatch.setattr(passwords, "hashed", hashed)
        await accounts.change_password(alice.viewer, PASSWORD, NEW)
        return await hashed(password)

    monkeypatch.setattr(passwords, "hashed", change_meanwhile)

    with pytest.raises(NotSignedIn):
        await accounts.change_password(thief, PASSWORD, "the thief reads the paper")
    assert (await enter(alice.email, NEW)).user_id == alice.id
    assert sessions.resolve(alice.token).user_id == alice.id


def test_a_new_name_shows_at_the_next_event(alice: Person):
    assert accounts.rename(alice.id, "  Alice  Liddell ") == "Alice Liddell"
    assert sessions.resolve(alice.token).name == "Alice Liddell"


@pytest.mark.parametrize("name", ["", " ", "x" * 121, "a\0b", None])
def test_a_name_nobody_could_read_is_refused(alice: Person, name: str):
    with pytest.raises(InvalidInput):
        accounts.rename(alice.id, name)

    assert sessions.resolve(alice.token).name == "Alice"


def test_deleting_an_account_takes_all_of_it_and_nothing_else(alice: Person, charlie: Person):
    say(alice, "Mine")
    theirs = say(charlie, "Theirs")

    accounts.delete(alice.id)

    with db.session() as session:
        assert [user.id for user in session.exec(select(User))] == [charlie.id]
        assert [row.user_id for row in session.exec(select(UserSession))] == [charlie.id]
        assert [project.id for project in session.exec(select(Project))] == [charlie.project_id]
        assert [str(chat.id) for chat in session.exec(select(Chat))] == [theirs.chat.id]
        assert len(session.exec(select(Message)).all()) == 2
    assert chats.get(charlie.id, theirs.chat.id).title == "Theirs"
    with pytest.raises(NotFound):
        accounts.delete(alice.id)


def test_of_two_administrators_who_leave_at_once_one_stays(alice: Person, charlie: Person):
    with db.session(write=True) as session:
        session.exec(update(User).values(role="admin"))

    def leave(who: Person) -> str:
        try:
            accounts.delete(who.id)
        except AppError as error:
            return type(error).__name__
        return "gone"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(leave, (alice, charlie)))

    assert sorted(outcomes) == ["Conflict", "gone"]
    with db.session() as session:
        assert len(session.exec(select(User)).all()) == 1


def test_an_administrator_who_is_disabled_does_not_count(alice: Person, charlie: Person):
    with db.session(write=True) as session:
        session.exec(update(User).values(role="admin"))
    accounts.disable(charlie.id)

    with pytest.raises(Conflict):
        accounts.delete(alice.id)


async def test_a_burst_of_sign_ins_holds_up_neither_the_loop_nor_queries(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    under_way, checked = asyncio.Semaphore(0), threading.Event()
    matches = passwords.matches

    def slow(_password: str, _hash: str) -> bool:
        return checked.wait(30) and False

    async def counted(password: str, password_hash: str | None) -> bool:
        under_way.release()
        return await matches(password, password_hash)

    monkeypatch.setattr(security, "verify_password", slow)
    monkeypatch.setattr(passwords, "matches", counted)
    burst = [
        asyncio.create_task(refusal(f"nobody{number}@example.org", "wrong")) for number in range(20)
    ]
    for _ in burst:
        await asyncio.wait_for(under_way.acquire(), 10)

    listed = await asyncio.wait_for(db.in_thread(projects.list_for, alice.id), 10)

    assert len(listed) == 1
    assert not any(task.done() for task in burst)
    checked.set()
    assert {type(error) for error in await asyncio.gather(*burst)} == {WrongCredentials}
