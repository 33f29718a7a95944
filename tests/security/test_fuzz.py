"""Every handler and every route, called with whatever can be made up, by everybody there is.

None of it may bring down the process, reach the log, or touch what belongs to somebody else.
Each call is the same in every run, so what fails once fails again; `--long` makes ten times as many.
"""

import contextlib
import http.client
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis.strategies import SearchStrategy

from chatbot_app.api.sizes import MAX_BODY_BYTES
from chatbot_app.state.gate import UNEXPECTED
from tests.conftest import PASSWORD_HASH, Person
from tests.loopback import HOST
from tests.security import calls
from tests.security.conftest import Estate, new_estate, newcomer
from tests.security.handlers import Handler, Route
from tests.security.rows import rows
from tests.served import PATIENCE, Served
from tests.wire import Tab

CALLS, LONG_CALLS = 1_000, 10_000

WHO = ["anonymous", "stranger", "owner"]

QUIET = ["Traceback", '  File "', calls.CANARY, PASSWORD_HASH]
"""What the log may not hold after all of it; of a failure that was redacted it still names the files."""

LONG_SECONDS = 900


@dataclass
class Caller:
    """Somebody who calls, with an account of their own or without, and all that they were sent."""

    known: calls.Known
    received: list[str]


def caller(who: str, server: Served, victim: Estate) -> Caller:
    """Bring in a caller who knows the victim's ids and e-mail, and tokens that are no good."""
    ids = [victim.ids, {"message_id": victim.older_id}]
    emails, cookie = [victim.owner.email, "nobody@example.org"], ""
    tokens = tokens_naming(victim.owner)
    if who == "owner":
        home = new_estate()
        ids, emails, cookie = [home.ids, *ids], [home.owner.email, *emails], home.owner.token
        tokens += [cookie, *tokens_naming(home.owner)]
    elif who == "stranger":
        somebody = newcomer("Charlie")
        cookie = somebody.token
        emails.append(somebody.email)
        tokens += [cookie, *tokens_naming(somebody)]
    return Caller(calls.Known(ids, emails, cookie, tokens, server.url), [])


def tokens_naming(somebody: Person) -> list[str]:
    return calls.tokens_of_every_kind(somebody.id, somebody.viewer.session_id)


def times(example: Callable[[Any], None], count: int, drawn: SearchStrategy[Any]) -> int:
    """Call this so often with what is drawn, the same in every run; gives how often it was."""
    made = 0

    def counted(one: Any) -> None:
        nonlocal made
        made += 1
        example(one)

    limited = hypothesis_settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    seed(7)(limited(given(drawn)(counted)))()
    return made


def call_handler(server: Served, handler: Handler, by: Caller, count: int) -> int:
    """Send one event so many times, and wait until all that came of it is there."""

    def call(event: calls.Event) -> None:
        tab.at(event.path, **event.query)
        tab.emit_raw(tab.event(handler.name, event.payload))

    with Tab(server, by.known.cookie) as tab:
        made = times(call, count, calls.events(handler, by.known))
        tab.at("/")
        tab.settle()
        by.received += tab.frames
    return made


def call_route(server: Served, route: Route, by: Caller, count: int) -> int:
    """Make so many requests to one route."""

    def call(request: calls.Request) -> None:
        connection = http.client.HTTPConnection(HOST, server.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.putrequest(request.method, request.path)
            for name, value in request.headers.items():
                connection.putheader(name, value.encode("latin-1"))
            if request.body is not None:
                connection.putheader("content-length", str(len(request.body)))
            try:
                connection.endheaders()
                connection.send(request.body or b"")
                answer = connection.getresponse()
            except OSError:
                assert len(request.body or b"") > MAX_BODY_BYTES, "only what is too long is cut off"
                return
            text = answer.read().decode("utf-8", "replace")
        assert answer.status < 500, f"{request.method} {request.path}: {answer.status} {text}"
        by.received.append(f"{answer.headers}{text}")

    return times(call, count, calls.requests(route, by.known))


@pytest.mark.timeout(LONG_SECONDS)
@pytest.mark.parametrize("who", WHO)
def test_whatever_is_called_with_whatever_nothing_of_somebody_elses_is_read_or_changed(
    server: Served,
    registered: tuple[list[Handler], list[Route]],
    estate: Estate,
    long: bool,
    who: str,
) -> None:
    handlers, routes = registered
    wanted = math.ceil((LONG_CALLS if long else CALLS) / len(WHO))
    count = math.ceil(wanted / (len(handlers) + len(routes)))
    before, logged, made = rows(server, estate.owner.id), len(server.log), 0
    with Tab(server, estate.owner.token) as bystander:
        for target in [*handlers, *routes]:
            by = caller(who, server, estate)
            call = call_route if isinstance(target, Route) else call_handler
            made += call(server, target, by, count)  # type: ignore[arg-type]
            received = "".join(by.received)
            estate.assert_unseen_in(received)
            assert UNEXPECTED not in received, target
            assert "Traceback" not in received, target
            assert rows(server, estate.owner.id) == before, target
        assert bystander.state()["session.name"] == estate.owner.viewer.name
        assert bystander.state()["session.notice"] == ""
    server.assert_alive()
    assert made >= wanted
    log = server.log[logged:].splitlines()
    assert [line[:300] for line in log if any(words in line for words in QUIET)] == []
    assert [line for line in log if line.startswith(calls.FORGED)] == []
