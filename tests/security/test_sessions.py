"""Who a websocket speaks for: the cookie of its handshake alone, and only as long as the sign-in lasts."""

import json
import time
import uuid
from collections.abc import Callable

import pytest

from chatbot_app.services import accounts, sessions
from chatbot_app.state.follower import SHOWN_SECONDS
from tests.conftest import PASSWORD, PASSWORD_HASH, Person
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.second_factor import protected
from tests.security.conftest import Estate
from tests.security.handlers import Handler
from tests.security.test_matrix import named, prime
from tests.served import Served
from tests.wire import Refused, Tab, redirects_of, vars_of

REMEMBERED = sessions.REMEMBERED + 0.2  # a change made by another process is noticed within this


def test_the_token_of_a_tab_without_the_cookie_yields_nothing(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        assert estate.secrets[3] in json.dumps(tab.state())
    with Tab(server, token=tab.token) as thief:
        thief.settle()
        estate.assert_unseen_in("".join(thief.frames))
        assert thief.state()["session.name"] == ""


def test_the_token_of_a_tab_that_is_open_yields_nothing_either(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        tab.settle()
        with Tab(server, token=tab.token) as thief:
            thief.settle()
            estate.assert_unseen_in("".join(thief.frames))
        assert tab.state()["session.name"] == estate.owner.viewer.name


@pytest.mark.parametrize("first", ["hydrate", "hydrate_and_load", "set_is_hydrated"])
def test_somebody_else_in_the_same_tab_sees_nothing_of_the_first(
    server: Served, handlers: list[Handler], estate: Estate, stranger: Person, first: str
) -> None:
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        assert estate.secrets[3] in json.dumps(tab.state())
    boot = {
        "name": named(handlers, f"state.{first}"),
        "payload": {"value": True} if first == "set_is_hydrated" else {},
        "router_data": {"pathname": "/projects", "asPath": "/projects"},
    }
    with Tab(server, stranger.token, token=tab.token, boot=boot) as other:
        state = vars_of(other.settle())
        assert state["session.name"] == stranger.viewer.name
        estate.assert_unseen_in("".join(other.frames))


def test_a_hydration_holds_no_hash_no_key_and_nobody_elses_data(
    server: Served, handlers: list[Handler], estate: Estate, stranger: Person
) -> None:
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        tab.settle()
        frames = "".join(tab.frames)
    for secret in (PASSWORD_HASH, "$2b$", "password_hash", estate.owner.token, stranger.email):
        assert secret not in frames
    assert str(estate.owner.viewer.session_id) not in frames
    assert "_owner" not in frames


def end_by_signing_out(server: Served, owner: Person) -> None:
    path = "/api/auth/sign-out"
    assert server.request(path, method="POST", cookie=owner.token).status == 200


def end_by_a_new_password(server: Served, owner: Person) -> None:
    """From another browser of the same person."""
    answer = server.request(
        "/api/auth/sign-in", method="POST", body={"email": owner.email, "password": PASSWORD}
    )
    changed = server.request(
        "/api/auth/password",
        method="POST",
        cookie=answer.session,
        body={"current_password": PASSWORD, "new_password": "an otter reads the news"},
    )
    assert changed.status == 200


def end_by_disabling(server: Served, owner: Person) -> None:
    accounts.disable(owner.id)
    time.sleep(REMEMBERED)


def end_by_deletion(server: Served, owner: Person) -> None:
    accounts.delete(owner.id)
    time.sleep(REMEMBERED)


def end_by_another_process(server: Served, owner: Person) -> None:
    sessions.sign_out(owner.viewer)
    time.sleep(REMEMBERED)


ENDS = [
    end_by_signing_out,
    end_by_a_new_password,
    end_by_disabling,
    end_by_deletion,
    end_by_another_process,
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__.removeprefix("end_by_"))
def test_when_a_session_ends_the_open_socket_ends_with_it(
    server: Served,
    handlers: list[Handler],
    estate: Estate,
    end: Callable[[Served, Person], None],
) -> None:
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        tab.settle()
        end(server, estate.owner)
        tab.frames.clear()
        updates = tab.send(named(handlers, "projects.load"))
        assert [path.partition("?")[0] for path in redirects_of(updates)] == ["/login"]
        for short in ("conversation.open", "rail.load", "project_settings.load", "profile.load"):
            tab.emit(named(handlers, short))
        tab.settle()
        estate.assert_unseen_in("".join(tab.frames))
    with Tab(server, estate.owner.token, token=tab.token) as again:
        again.settle()
        estate.assert_unseen_in("".join(again.frames))
    form = {"current_password": PASSWORD, "new_password": "an otter reads the news"}
    again_changed = server.request(
        "/api/auth/password", method="POST", body=form, cookie=estate.owner.token
    )
    assert again_changed.status == 401


@pytest.mark.parametrize("end", ENDS[:2] + ENDS[-1:], ids=lambda end: end.__name__[7:])
def test_an_answer_that_is_being_written_is_not_shown_on_once_the_session_ended(
    server: Served,
    provider: FakeProvider,
    handlers: list[Handler],
    estate: Estate,
    end: Callable[[Served, Person], None],
) -> None:
    """A page that follows it is one long event, which passed the gate when it began."""
    gate = Gate(after=1)
    provider.enqueue(Answer(pieces=("Before.", " And after."), gate=gate))
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        form = {"message": "Go on", "key": uuid.uuid4().hex}
        tab.emit(named(handlers, "conversation.send_message"), form=form)
        tab.emit(named(handlers, "live_answer.follow"))
        tab.until(lambda update: "Before." in json.dumps(update))
        end(server, estate.owner)
        time.sleep(SHOWN_SECONDS + REMEMBERED)
        gate.open()
        tab.drain(1)
        assert "And after." not in "".join(tab.frames)


def test_after_a_new_password_this_browser_stays_signed_in(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    form = {"current_password": PASSWORD, "new_password": "an otter reads the news"}
    with Tab(server, estate.owner.token) as tab:
        changed = server.request(
            "/api/auth/password", method="POST", body=form, cookie=estate.owner.token
        )
        assert changed.status == 200
        assert redirects_of(tab.send(named(handlers, "projects.load"))) == []


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost.evil.example", "http://localhost:1"],
)
def test_a_websocket_from_another_sites_page_is_refused(
    server: Served, estate: Estate, origin: str
) -> None:
    with pytest.raises(Refused):
        Tab(server, estate.owner.token, origin=origin)


def test_our_own_pages_are_let_in_by_either_name(server: Served, estate: Estate) -> None:
    for host in ("localhost", "127.0.0.1"):
        with Tab(server, estate.owner.token, origin=f"http://{host}:{server.port}") as tab:
            assert tab.state()["session.name"] == estate.owner.viewer.name


def test_polling_which_would_skip_that_check_is_off(server: Served) -> None:
    answer = server.request(
        "/_event/?EIO=4&transport=polling&token=x", headers={"origin": "https://evil.example"}
    )
    assert answer.status >= 400


@pytest.mark.parametrize(
    "path", ["/", "/ping", "/healthz", "/readyz", "/api/auth/sign-in", "/_event/"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_no_cors_header_is_ever_given_to_another_site(
    server: Served, path: str, method: str
) -> None:
    headers = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    answer = server.request(
        path, method=method, headers=headers, body={} if method == "POST" else None
    )
    given = {k.lower(): v for k, v in answer.headers.items()}
    assert given.get("access-control-allow-origin") in (None, "")
    if path.startswith("/api/") and method == "POST":
        assert answer.status == 403


def test_a_password_a_cookie_and_a_key_are_in_no_line_of_the_log(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    canary = "canary password of the log"
    for path, body in (
        ("sign-in", {"email": estate.owner.email, "password": canary}),
        ("sign-in", {"email": canary, "password": [canary]}),
        ("register", {"name": "x", "email": "log@example.org", "password": canary, "x": canary}),
        ("password", {"current_password": canary, "new_password": canary}),
    ):
        server.request(f"/api/auth/{path}?x=1", method="POST", body=body, cookie=estate.owner.token)
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        tab.emit("no.such.handler", password=canary)
        tab.emit(named(handlers, "profile.rename"), form={"name": "x", "password": canary})
        tab.emit(named(handlers, "conversation.setvar"), var_name="title", value=canary)
        tab.settle()
    for secret in (canary, *estate.secrets, PASSWORD_HASH, PASSWORD):
        found = [line[:200] for line in server.log.splitlines() if secret in line]
        assert found == [], secret


def test_a_session_in_the_address_is_no_credential(server: Served, estate: Estate) -> None:
    with Tab(server, token=estate.owner.token) as tab:
        assert tab.state()["session.name"] == ""


async def test_between_password_and_code_the_socket_and_the_routes_stay_shut(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    phone, _ = await protected(estate.owner)
    form = {"email": estate.owner.email, "password": PASSWORD}
    answer = server.request("/api/auth/sign-in", method="POST", body=form)
    assert answer.status == 200
    pending = answer.headers["set-cookie"].partition("second-factor=")[2].partition(";")[0]
    assert pending
    for cookie in (f"session={pending}", f"second-factor={pending}"):
        headers = {"cookie": cookie}
        assert server.request("/api/account/export", headers=headers).status == 401
        assert server.request("/api/auth/me", headers=headers).status == 401
    with Tab(server, pending) as tab:
        prime(tab, handlers, estate)
        tab.settle()
        assert tab.state()["session.name"] == ""
        estate.assert_unseen_in("".join(tab.frames))
    code = {"code": phone.code()}
    headers = {"cookie": f"second-factor={pending}"}
    answer = server.request("/api/auth/sign-in/code", method="POST", body=code, headers=headers)
    assert answer.status == 200
    again = server.request("/api/auth/sign-in/code", method="POST", body=code, headers=headers)
    assert again.status == 401, "neither the pending sign-in nor its code is good twice"
    assert phone.secret not in server.log
    assert pending not in server.log
