"""What is for administrators is for nobody else: refused, unchanged, and in the audit."""

import time

import pytest

from chatbot_app.services import audit_log, sessions
from chatbot_app.state.gate import REFUSALS_PER_SECOND
from tests.conftest import Person, make_admin
from tests.security.conftest import Estate
from tests.security.handlers import Handler
from tests.security.rows import rows
from tests.security.test_matrix import named
from tests.served import Served
from tests.wire import Tab

REMEMBERED = sessions.REMEMBERED + 0.2
FOR_ADMINS = ("users", "invitations", "audit")
LOADS = {f"{state}.load" for state in FOR_ADMINS}
"""What every visitor of such a page sends: it gives nothing to whoever is no administrator."""


def for_admins(handlers: list[Handler]) -> list[Handler]:
    found = [h for h in handlers if h.is_known and h.short.partition(".")[0] in FOR_ADMINS]
    assert len(found) > 10
    return found


def test_a_user_reaches_no_handler_of_administrators(
    server: Served, handlers: list[Handler], estate: Estate, stranger: Person
) -> None:
    before, began = rows(server, estate.owner.id), time.monotonic()
    with Tab(server, stranger.token) as tab:
        tab.at("/admin")
        for handler in for_admins(handlers):
            tab.emit(named(handlers, "notices.dismiss"))
            good = handler.good(user_id=str(estate.owner.id), role="admin", **estate.ids)
            tab.emit(handler.name, **good)
            state = tab.state()
            if handler.short not in LOADS:
                assert state["session.notice"] == "Only administrators can do this.", handler.name
            assert state["users.users"] == []
            assert state["audit.entries"] == []
            assert state["session.is_admin"] is False
        estate.assert_unseen_in("".join(tab.frames))
    assert rows(server, estate.owner.id) == before
    entries = audit_log.list_page(action="admin-access", email=stranger.email).entries
    assert {entry.outcome for entry in entries} == {"refused"}
    at_most = 1 + (time.monotonic() - began) * REFUSALS_PER_SECOND
    assert len(entries) <= at_most, "few of many, or the disk fills"


def test_a_user_does_not_become_an_administrator_by_asking(
    server: Served, handlers: list[Handler], stranger: Person
) -> None:
    with Tab(server, stranger.token) as tab:
        tab.emit(named(handlers, "session.setvar"), var_name="is_admin", value=True)
        tab.emit(named(handlers, "users.set_role"), user_id=str(stranger.id), role="admin")
        assert tab.state()["session.is_admin"] is False
    extra = {"name": "x", "email": "eve@example.org", "password": "a long and new password"}
    for field in ({"role": "admin"}, {"is_admin": True}, {"invitation": "made up"}):
        answer = server.request("/api/auth/register", method="POST", body={**extra, **field})
        assert answer.status in (403, 422), field


def test_a_role_that_is_taken_away_is_gone_at_the_next_event(
    server: Served, handlers: list[Handler], stranger: Person, estate: Estate
) -> None:
    make_admin(stranger)
    make_admin(estate.owner)
    time.sleep(REMEMBERED)
    with Tab(server, stranger.token) as tab, Tab(server, estate.owner.token) as other:
        tab.send(named(handlers, "users.load"))
        assert tab.state()["users.users"]
        other.send(named(handlers, "users.set_role"), user_id=str(stranger.id), role="user")
        tab.send(named(handlers, "users.show_more"))
        state = tab.state()
        assert state["session.notice"] == "Only administrators can do this."
        assert state["session.is_admin"] is False


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_an_invitation_is_made_by_administrators_alone(
    server: Served, stranger: Person, is_signed_in: bool
) -> None:
    answer = server.request(
        "/api/invitations",
        method="POST",
        body={"email": "", "role": "user"},
        cookie=stranger.token if is_signed_in else "",
    )
    assert answer.status == (403 if is_signed_in else 401)
    assert "register" not in answer.text
