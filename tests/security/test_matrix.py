"""Every event handler and every route, called by the signed-out and by a stranger with the owner's ids.

Nothing of the owner's may change, and nothing of it may be sent. A handler or route that is not in
handlers.txt fails: whoever adds one says there that these tests have seen it.
"""

import json

import pytest

from chatbot_app.services import projects
from tests.conftest import PASSWORD, Person
from tests.security.conftest import Estate
from tests.security.handlers import Handler, described, listed
from tests.security.rows import rows
from tests.served import Served
from tests.wire import Tab, redirects_of

ANONYMOUS = {
    "landing.pass_through",
    "landing.look_around",
    "notices.dismiss",
    "snapshot.open",
    "snapshot.show_more",
}
"""What the signed-out may call; all have nothing to give."""

BACKGROUND_SECONDS = 0.5


def named(handlers: list[Handler], short: str) -> str:
    return next(handler.name for handler in handlers if handler.short == short)


def test_every_handler_and_route_is_on_the_list(
    registered: tuple[list[Handler], list[str]],
) -> None:
    assert described(*registered) == sorted(listed())


def test_every_handler_of_ours_passes_the_gate(handlers: list[Handler]) -> None:
    ours = [h for h in handlers if ".chatbot_app___" in h.name and not h.name.endswith(".setvar")]
    assert ours
    assert [h.name for h in ours if not h.is_known] == []


def test_nothing_that_sets_any_var_is_let_in(handlers: list[Handler]) -> None:
    setters = [h for h in handlers if h.name.endswith((".setvar", ".update_vars_internal"))]
    assert len(setters) > 5
    assert [h.name for h in setters if h.is_known] == []


def test_the_signed_out_reach_nothing(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    before = rows(server)
    with Tab(server) as tab:
        tab.at(estate.path, project_id=estate.project_id, chat_id=estate.chat_id)
        tab.settle()
        for handler in handlers:
            tab.emit(handler.name, **handler.good(**estate.ids))
            if handler.is_known and ".chatbot_app___" in handler.name:
                is_for_all = handler.short in ANONYMOUS
                if not is_for_all:
                    tab.until(lambda update: any(redirects_of([update])))
            tab.settle()
        server.assert_alive()
        estate.assert_unseen_in("".join(tab.frames))
    assert rows(server) == before


def prime(tab: Tab, handlers: list[Handler], estate: Estate) -> None:
    """Point everything that remembers an id at the owner's things."""
    tab.at(estate.path, project_id=estate.project_id, chat_id=estate.chat_id)
    for short in ("conversation.open", "project_settings.load", "rail.load", "projects.load"):
        tab.emit(named(handlers, short))
    tab.emit(named(handlers, "chat_actions.ask_to_delete"), chat_id=estate.chat_id)
    tab.emit(named(handlers, "chat_actions.ask_to_move"), chat_id=estate.chat_id)
    tab.emit(named(handlers, "rail.start_renaming"), chat_id=estate.chat_id)


def test_a_stranger_with_the_owners_ids_changes_and_sees_nothing(
    server: Served, handlers: list[Handler], estate: Estate, stranger: Person
) -> None:
    before = rows(server, estate.owner.id)
    with Tab(server, stranger.token) as tab:
        for handler in handlers:
            prime(tab, handlers, estate)
            tab.emit(handler.name, **handler.good(**estate.ids))
            tab.emit(handler.name, **handler.good(**estate.ids | {"message_id": estate.older_id}))
            tab.settle()
            assert rows(server, estate.owner.id) == before, handler.name
        tab.drain(BACKGROUND_SECONDS)
        estate.assert_unseen_in("".join(tab.frames))
    server.assert_alive()


def test_the_owner_does_see_all_of_it(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    """Otherwise the tests above would show nothing."""
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        shown = json.dumps(tab.state())
    for secret in estate.secrets[:4]:
        assert secret in shown


def test_a_stranger_cannot_point_a_tab_at_the_owners_things_with_setvar(
    server: Served, handlers: list[Handler], estate: Estate, stranger: Person
) -> None:
    before = rows(server, estate.owner.id)
    with Tab(server, stranger.token) as tab:
        tab.at("/projects")
        was = tab.state()
        for state, var, value in (
            ("session", "_owner", str(estate.owner.id)),
            ("session", "name", "Mallory"),
            ("conversation", "open_chat_id", estate.chat_id),
            ("conversation", "open_project_id", estate.project_id),
            ("rail", "renaming_id", estate.chat_id),
            ("rail", "listed_project_id", estate.project_id),
        ):
            tab.emit(named(handlers, f"{state}.setvar"), var_name=var, value=value)
        now = tab.state()
        watched = [key for key in was if key.startswith(("session.", "conversation.", "rail."))]
        assert {key: now[key] for key in watched} == {key: was[key] for key in watched}
        tab.send(named(handlers, "rail.rename"), form={"title": "taken over"})
    assert rows(server, estate.owner.id) == before


def test_a_hydration_cannot_be_used_to_set_vars(
    server: Served, handlers: list[Handler], estate: Estate, stranger: Person
) -> None:
    names = [h.name.rpartition(".")[0] for h in handlers if h.short == "session.setvar"]
    wanted = {f"{names[0]}.name": "Mallory", f"{names[0]}.name_rx_state_": "Mallory"}
    with Tab(server, stranger.token) as tab:
        tab.send(named(handlers, "state.hydrate_and_load"), vars=wanted)
        assert tab.state()["session.name"] == stranger.viewer.name


OWNERS_EMAIL, OWNERS_TOKEN = "<e-mail>", "<token>"
BODIES = {
    "/api/auth/register": {
        "name": "Mallory",
        "email": OWNERS_EMAIL,
        "password": "a long and new password",
    },
    "/api/auth/sign-in": {"email": OWNERS_EMAIL, "password": "not the password at all"},
    "/api/auth/login": {"email": OWNERS_EMAIL, "password": "not the password at all"},
    "/api/auth/refresh": {"refresh_token": OWNERS_TOKEN},
    "/api/auth/logout": {"refresh_token": OWNERS_TOKEN},
    "/api/auth/sign-in/code": {"code": "123456"},
    "/api/auth/oidc/{provider}/start": {"connect": "yes"},
    "/api/auth/password": {"current_password": "wrong", "new_password": "a long and new password"},
    "/api/auth/two-factor/begin": {"password": "not the password at all"},
    "/api/auth/two-factor/confirm": {"code": "123456"},
    "/api/auth/two-factor/recovery-codes": {"password": "not the password at all"},
    "/api/auth/two-factor/off": {"password": "not the password at all"},
    "/api/auth/forgot": {"email": OWNERS_EMAIL},
    "/api/auth/reset": {"token": "not-a-token", "new_password": "a long and new password"},
    "/api/auth/verify": {"token": "not-a-token"},
    "/api/invitations": {"email": OWNERS_EMAIL, "role": "admin"},
    "/api/account/delete": {"password": "not the password at all"},
    "/api/imports": {
        "projects": [
            {
                "id": "<project_id>",
                "user_id": "<user_id>",
                "chats": [
                    {
                        "id": "<chat_id>",
                        "shown_message_id": "<message_id>",
                        "messages": [
                            {"id": "<message_id>", "role": "user", "content": "taken over"}
                        ],
                    }
                ],
            }
        ]
    },
}
"""What a stranger would send to get at the owner's account, with the owner's e-mail, cookie and ids."""

HARMLESS = {"/api/auth/logout"}
"""What answers with 200 to anybody, and does nothing."""

FOR_ONESELF = {"/api/imports"}
"""What answers with 200 to a stranger, whom alone it concerns."""


DROP_COOKIES = {"/api/auth/sign-out", "/api/auth/oidc/{provider}/callback"}
REFUSED = (401, 403, 404, 409, 503)


@pytest.mark.parametrize("is_stranger", [False, True], ids=["anonymous", "stranger"])
def test_no_route_gives_or_changes_anything_of_the_owners(
    server: Served,
    registered: tuple[list[Handler], list[str]],
    estate: Estate,
    stranger: Person,
    is_stranger: bool,
) -> None:
    before = rows(server, estate.owner.id)
    known = {OWNERS_EMAIL: estate.owner.email, OWNERS_TOKEN: estate.owner.token}
    known |= {f"<{name}>": value for name, value in estate.ids.items()}
    known["<user_id>"] = str(estate.owner.id)
    # Signing out comes last, or a stranger would be nobody from there on.
    for route in sorted(registered[1], key=lambda route: route.endswith("/sign-out")):
        method, path = route.split()
        body = json.dumps(BODIES.get(path, {}))
        for name, value in known.items():
            body = body.replace(name, value)
        answer = server.request(
            path.format(provider="oidc", **estate.ids),
            method=method,
            body=json.loads(body) or None,
            cookie=stranger.token if is_stranger else "",
        )
        if path in FOR_ONESELF and is_stranger:
            assert answer.status == 200, answer.text
        elif (path in BODIES and path not in HARMLESS) or "_id}" in path:
            assert answer.status in REFUSED, route
        assert "set-cookie" not in answer.headers or path in DROP_COOKIES
        estate.assert_unseen_in(answer.text)
    assert rows(server, estate.owner.id) == before
    signed_in = server.request(
        "/api/auth/sign-in",
        method="POST",
        body={"email": estate.owner.email, "password": PASSWORD},
    )
    assert signed_in.status == 200


@pytest.mark.parametrize("path", ["/_upload", "/_upload/x", "/auth-codespace", "/_all_routes"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_reflex_offers_no_door_of_its_own(server: Served, path: str, method: str) -> None:
    answer = server.request(path, method=method, body={} if method == "POST" else None)
    assert answer.status in (403, 404, 405)


def test_the_owner_can_still_do_all_that(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    """The forms that strangers sent are right: in the owner's hands the last of them works."""
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        tab.send(
            named(handlers, "project_settings.delete"), form={"confirmation": estate.secrets[0]}
        )
    assert projects.list_for(estate.owner.id) == []
