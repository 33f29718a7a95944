"""Who may register, in each mode, with an invitation and without one."""

import asyncio
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select

from chatbot_app import db
from chatbot_app.errors import AppError, Conflict, Forbidden, InvalidInput, NotFound
from chatbot_app.models import AuditEntry, Invitation, User, now
from chatbot_app.schemas import Viewer
from chatbot_app.services import (
    accounts,
    administration,
    invitations,
    letters,
    registration,
    sessions,
)
from tests.conftest import PASSWORD, Person, person
from tests.smtp_server import SmtpServer

DANA = "dana@example.org"
CHIEF = "chief@example.org"


@pytest.fixture
def admin(database: str) -> Viewer:
    """Bring in somebody who looks after the site."""
    somebody = person("Ada", role="admin")
    return sessions.resolve(somebody.token)


async def join(email: str = DANA, *, link: str = "", password: str = PASSWORD) -> Viewer:
    """Register with the token of this link."""
    grant = await registration.register(
        name="Dana",
        email=email,
        password=password,
        address="203.0.113.7",
        invitation=link.partition("#")[2],
    )
    return sessions.resolve(grant.token)


async def invite(admin: Viewer, email: str = "", role: str = "user") -> str:
    return await invitations.create(admin, email=email, role=role)


def stored() -> list[Invitation]:
    with db.session() as session:
        return list(session.exec(select(Invitation)))


def user(email: str) -> User | None:
    with db.session() as session:
        return session.exec(select(User).where(col(User.email) == email)).first()


async def test_the_first_to_register_is_no_administrator(database: str):
    assert (await join()).is_admin is False


async def test_by_invitation_one_registers_once(admin: Viewer, settings: Callable[..., None]):
    settings(REGISTRATION="invitation", PUBLIC_URL="https://chat.example.com")
    with pytest.raises(Forbidden, match="needs an invitation"):
        await join()
    link = await invite(admin)
    assert link.startswith("https://chat.example.com/register#")

    assert (await join(link=link)).role == "user"
    with pytest.raises(Forbidden, match="used already"):
        await join("eve@example.org", link=link)
    assert stored() == []


async def test_of_many_at_once_one_registers(admin: Viewer, settings: Callable[..., None]):
    settings(REGISTRATION="invitation")
    link = await invite(admin)
    joining = [join(f"dana{number}@example.org", link=link) for number in range(4)]
    outcomes = await asyncio.gather(*joining, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == [*["Forbidden"] * 3, "Viewer"]


async def test_bad_input_does_not_use_it_up(
    admin: Viewer, alice: Person, settings: Callable[..., None]
):
    settings(REGISTRATION="invitation")
    link = await invite(admin)
    for email, password in (("no address", PASSWORD), (DANA, "short"), (alice.email, PASSWORD)):
        with pytest.raises(AppError):
            await join(email, link=link, password=password)
    assert await join(link=link)


async def test_an_account_that_appears_meanwhile_does_not_use_it_up(
    admin: Viewer, monkeypatch: pytest.MonkeyPatch
):
    link = await invite(admin)

    def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(registration, "_refuse_early", nothing)
    with pytest.raises(Conflict):
        await join(admin.email, link=link)
    assert len(stored()) == 1


async def test_it_gives_its_role(admin: Viewer):
    assert (await join(link=await invite(admin, DANA, "admin"))).is_admin


async def test_with_an_address_it_is_good_for_that_one(admin: Viewer):
    link = await invite(admin, " Dana@Example.org ")
    with pytest.raises(Forbidden, match="another email"):
        await join("eve@example.org", link=link)
    assert await join("DANA@example.org", link=link)


async def test_one_that_was_mailed_confirms_the_address_and_one_handed_over_does_not(
    admin: Viewer, smtp: SmtpServer
):
    shown = await invite(admin, DANA)
    await letters.settle(10)
    mailed = smtp.link_to(DANA)
    assert mailed != shown

    viewer = await join(link=mailed)
    assert viewer.is_verified
    with pytest.raises(Forbidden):
        await join("eve@example.org", link=shown)

    assert not (
        await join("eve@example.org", link=await invite(admin, "eve@example.org"))
    ).is_verified
    await letters.settle(10)


async def test_one_without_an_address_confirms_nothing(admin: Viewer, smtp: SmtpServer):
    assert not (await join(link=await invite(admin))).is_verified
    await letters.settle(10)
    assert "/verify#" in smtp.link_to(DANA)


async def test_closed_means_nobody_not_even_by_invitation(
    admin: Viewer, settings: Callable[..., None]
):
    link = await invite(admin, DANA, "admin")
    settings(REGISTRATION="closed")
    for way in ("", link, "#not-a-token"):
        with pytest.raises(Forbidden, match="Nobody can"):
            await join(link=way)
    with pytest.raises(Conflict, match="would open nothing"):
        await invite(admin)
    assert len(stored()) == 1


@pytest.mark.parametrize("mode", ["open", "invitation", "closed"])
async def test_the_first_administrator_comes_in_by_the_operators_link(
    database: str, settings: Callable[..., None], mode: str
):
    settings(REGISTRATION=mode, ADMIN_EMAIL=CHIEF)
    older, link = (invitations.create_for_first_admin() for _ in range(2))
    with pytest.raises(Forbidden):
        await join(CHIEF, link=older)
    with pytest.raises(AppError):
        await join(DANA, link=link)

    chief = await join(CHIEF, link=link)

    assert chief.is_admin
    found = user(CHIEF)
    assert found
    assert found.email_verified_at
    assert invitations.create_for_first_admin() == ""


async def test_nobody_else_takes_the_first_administrators_address(
    admin: Viewer, settings: Callable[..., None]
):
    settings(ADMIN_EMAIL=CHIEF)
    for link in ("", await invite(admin), await invite(admin, DANA)):
        with pytest.raises(AppError) as caught:
            await join(CHIEF, link=link)
        assert isinstance(caught.value, Conflict) or link
    with pytest.raises(Conflict, match="already an account"):
        await join(CHIEF)
    assert user(CHIEF) is None


async def test_no_first_administrator_is_invited_where_there_is_one_or_none_is_named(
    admin: Viewer, settings: Callable[..., None]
):
    assert invitations.create_for_first_admin() == ""
    settings(ADMIN_EMAIL=CHIEF)
    assert invitations.create_for_first_admin() == ""
    assert stored() == []


async def test_the_operators_link_is_not_for_an_account_that_is_there(
    alice: Person, settings: Callable[..., None]
):
    settings(ADMIN_EMAIL=alice.email)
    with pytest.raises(Conflict, match="already an account"):
        invitations.create_for_first_admin()
    assert stored() == []


async def test_no_invitation_is_made_for_an_account_that_is_there(admin: Viewer, alice: Person):
    with pytest.raises(Conflict):
        await invite(admin, alice.email)


@pytest.mark.parametrize(
    ("email", "role"), [("nobody", "user"), (DANA, "owner"), (DANA, ""), ("", "admin")]
)
async def test_an_invitation_that_can_not_be_meant_is_refused(admin: Viewer, email: str, role: str):
    with pytest.raises(InvalidInput):
        await invite(admin, email, role)
    assert stored() == []


async def test_only_administrators_invite_and_withdraw(admin: Viewer, alice: Person):
    await invite(admin)
    with pytest.raises(Forbidden):
        await invite(alice.viewer)
    with pytest.raises(Forbidden):
        invitations.withdraw(alice.viewer, stored()[0].id)
    assert len(stored()) == 1


async def test_they_are_listed_until_they_are_withdrawn(admin: Viewer):
    await invite(admin, DANA)
    link = await invite(admin)
    latest, first = invitations.list_all()
    assert (first.email, first.role, first.invited_by) == (DANA, "user", admin.email)
    assert latest.email == ""
    assert link.partition("#")[2] not in repr(stored())

    invitations.withdraw(admin, latest.id)

    assert [item.id for item in invitations.list_all()] == [first.id]
    with pytest.raises(NotFound):
        invitations.withdraw(admin, latest.id)
    with pytest.raises(NotFound):
        invitations.withdraw(admin, "no id")
    with pytest.raises(Forbidden):
        await join(link=link)


async def test_a_new_one_for_the_same_address_takes_the_older_ones_place(admin: Viewer):
    older = await invite(admin, DANA)
    newer = await invite(admin, DANA)
    with pytest.raises(Forbidden):
        await join(link=older)
    assert await join(link=newer)


async def test_one_that_is_too_old_opens_nothing(admin: Viewer):
    link = await invite(admin)
    with db.session(write=True) as session:
        row = session.exec(select(Invitation)).one()
        row.expires_at = now() - timedelta(seconds=1)
    assert invitations.list_all() == []
    with pytest.raises(Forbidden):
        await join(link=link)


@pytest.mark.parametrize("token", ["x", "h.", "x" * 5000, "a\0b", "\ud800", "' OR 1=1 --"])
async def test_what_is_no_token_opens_nothing(
    database: str, settings: Callable[..., None], token: str
):
    settings(REGISTRATION="invitation")
    with pytest.raises(Forbidden):
        await join(link=f"#{token}")


@pytest.mark.parametrize(
    "turn_out",
    [
        lambda by, whom: administration.set_role(by, whom, "user"),
        administration.disable,
        lambda by, whom: accounts.delete(whom, by=by.user_id),
    ],
    ids=["demoted", "disabled", "deleted"],
)
async def test_who_may_not_invite_any_more_comes_in_by_no_invitation_of_their_own(
    admin: Viewer, turn_out: Callable[[Viewer, uuid.UUID], None]
):
    grace = person("Grace", role="admin")
    kept = await invite(sessions.resolve(grace.token), DANA, "admin")
    others = await invite(admin)

    turn_out(admin, grace.id)

    with pytest.raises(Forbidden, match="taken back"):
        await join(DANA, link=kept)
    assert not (await join("eve@example.org", link=others)).is_admin


async def test_inviting_and_withdrawing_are_audited_without_names(admin: Viewer):
    await invite(admin, DANA)
    invitations.withdraw(admin, uuid.UUID(invitations.list_all()[0].id))
    with db.session() as session:
        entries = session.exec(
            select(AuditEntry).where(col(AuditEntry.actor_id) == admin.user_id)
        ).all()
    assert [entry.action for entry in entries][-2:] == ["invite", "invitation-withdraw"]
    assert DANA not in repr(entries)
