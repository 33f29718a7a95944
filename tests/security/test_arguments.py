"""Every handler with everything but what it takes: refused, nothing changed, alive, and not in the log."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import make_admin
from tests.security.conftest import Estate
from tests.security.handlers import Handler
from tests.security.rows import rows
from tests.security.test_matrix import named, prime
from tests.served import Served
from tests.wire import Refused, Tab

CANARY = f"typed-{uuid.uuid4().hex}"
"""Stands in everything that is sent here, and may be in no line of the log."""

HUGE = CANARY + "x" * 900_000
WRONG: list[Any] = [None, 7, 7.5, [CANARY], {CANARY: CANARY}, [[]], {}, -1, 10**400]
UNSTORABLE = [f"{CANARY}\x00", f"{CANARY}\ud800", f"\udfff{CANARY}"]


def wrong_payloads(handler: Handler, ids: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Give arguments that can't be meant; a boolean is the only type here that a number can't be."""
    good = handler.good(**ids)
    yield {**good, "extra": CANARY}
    yield {**good, "viewer": {"name": CANARY}}
    yield {**good, "self": CANARY}
    for name, kind in handler.arguments.items():
        yield {k: v for k, v in good.items() if k != name}
        for value in WRONG:
            yield {**good, name: value}
        if kind == "bool":
            yield {**good, name: CANARY}
        elif kind.startswith("form:"):
            yield {**good, name: CANARY}
            yield {**good, name: {**good[name], "extra": CANARY}}
            for field in good[name]:
                yield {**good, name: {k: v for k, v in good[name].items() if k != field}}
                for value in (None, 7, [CANARY], {CANARY: 1}, *UNSTORABLE):
                    yield {**good, name: {**good[name], field: value}}
                yield {**good, name: {**good[name], field: HUGE}}
        else:
            yield from ({**good, name: value} for value in (HUGE, *UNSTORABLE))


def test_no_handler_takes_what_it_can_not_mean(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    make_admin(estate.owner)  # who may call them all
    before = rows(server)
    ours = [h for h in handlers if h.is_known and ".chatbot_app___" in h.name]
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        for handler in ours:
            for payload in wrong_payloads(handler, estate.ids):
                tab.emit(handler.name, **payload)
            tab.settle()
            assert rows(server) == before, handler.name
        server.assert_alive()
        state = tab.state()
        assert state["session.name"] == estate.owner.viewer.name, "the tab still works"
        assert "Traceback" not in json.dumps(state)
    assert CANARY not in server.log
    assert estate.owner.token not in server.log


def test_the_page_is_told_in_a_sentence(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    with Tab(server, estate.owner.token) as tab:
        prime(tab, handlers, estate)
        tab.send(named(handlers, "conversation.send_message"), form={"message": 7, "key": "1"})
        assert tab.state()["session.notice"].endswith(".")
        tab.send(named(handlers, "conversation.send_message"), form={"message": HUGE, "key": "2"})
        hint = tab.state()["conversation.hint"]
        assert "200,000" in hint
        assert CANARY not in hint


def frames(estate: Estate, known: str) -> list[str]:
    """Give frames that no page sends."""
    event = {"name": known, "payload": {}, "router_data": {}}
    data: list[Any] = [
        CANARY,
        json.dumps({**event, "payload": {"question": CANARY}}),
        [CANARY],
        7,
        None,
        True,
        {},
        {"payload": {"x": CANARY}},
        {**event, "name": None, "payload": {"x": CANARY}},
        {**event, "name": 7, "payload": {"x": CANARY}},
        {**event, "name": [CANARY], "payload": {}},
        {**event, "name": {CANARY: 1}},
        {**event, "name": f"no.such.{CANARY}", "payload": {"password": CANARY}},
        {**event, "name": "_redirect", "payload": {"path": CANARY}},
        {**event, "name": "_download", "payload": {"url": CANARY}},
        {**event, "payload": CANARY},
        {**event, "payload": [CANARY]},
        {**event, "payload": None},
        {**event, "payload": {"": CANARY}},
        {**event, "router_data": CANARY},
        {**event, "router_data": [CANARY]},
        {**event, "router_data": None},
        {**event, "router_data": {"pathname": [CANARY], "query": CANARY}},
        {**event, "router_data": {"pathname": f"/{CANARY}\x00\ud800", "query": {CANARY: [1]}}},
        {**event, "router_data": {"headers": {"cookie": f"session={estate.owner.token}"}}},
        {**event, "token": CANARY, "extra": CANARY},
    ]
    written = ["42/_event," + json.dumps(["event", item]) for item in data]
    return [
        *written,
        "42/_event," + json.dumps(["event"]),
        "42/_event," + json.dumps(["event", event, CANARY]),
        "42/_event," + json.dumps([CANARY, event]),
        "42/_event," + json.dumps(["on_event", event]),
        "42/_event," + json.dumps(["link_token_to_sid", CANARY, CANARY]),
        "42/_event," + json.dumps(["client_error", {"message": CANARY}]),
        "42/_event," + json.dumps(["client_error", CANARY]),
        "42/_event," + json.dumps(["connect", {}]),
        "42/_event," + json.dumps([]),
        "42/_event," + json.dumps({CANARY: 1}),
        f'42/_event,["event", {CANARY}',
        "42/_event," + "[" * 50_000,
        f"42/{CANARY},[]",
        f"43/_event,7[{CANARY!r}]",
        f"45/_event,1-{CANARY}",
        f"4{CANARY}",
        f"9{CANARY}",
        CANARY,
        "4",
        "5",
        "6",
    ]


def test_frames_that_no_page_sends_harm_nothing_and_are_not_logged(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    before = rows(server)
    known = named(handlers, "notices.dismiss")
    bystander = Tab(server, estate.owner.token)
    for frame in frames(estate, known):
        try:
            with Tab(server, estate.owner.token) as tab:
                tab.send_frame(frame)
                tab.drain(0.02)
        except (Refused, OSError):
            pass  # it may hang up on whoever sends such things
    with bystander:
        assert bystander.state()["session.name"] == estate.owner.viewer.name
    server.assert_alive()
    assert rows(server) == before
    found = [line[:300] for line in server.log.splitlines() if CANARY in line]
    assert found == []
    assert estate.owner.token not in server.log


def test_a_cookie_in_an_event_is_not_believed(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    """Only the cookie that came with the handshake counts, which a page can't write."""
    with Tab(server) as tab:
        event = tab.event(named(handlers, "projects.load"), {})
        event["router_data"]["headers"] = {"cookie": f"session={estate.owner.token}"}
        tab.emit_raw(event)
        tab.settle()
        estate.assert_unseen_in("".join(tab.frames))


@pytest.mark.parametrize("size", [1_100_000, 5_000_000])
def test_a_frame_over_a_megabyte_closes_that_socket_alone(
    server: Served, handlers: list[Handler], estate: Estate, size: int
) -> None:
    canary = f"huge-{uuid.uuid4().hex}"
    with Tab(server, estate.owner.token) as bystander, Tab(server, estate.owner.token) as tab:
        with pytest.raises((OSError, AssertionError)):
            tab.emit(named(handlers, "conversation.ask"), question=canary + "x" * size)
            tab.settle()
        assert bystander.state()["session.name"] == estate.owner.viewer.name
    assert canary not in server.log


def test_words_that_can_not_be_stored_are_looked_for_in_vain_and_the_page_stays(
    server: Served, handlers: list[Handler], estate: Estate
) -> None:
    with Tab(server, estate.owner.token) as tab:
        tab.at("/projects")
        for words in UNSTORABLE:
            tab.emit(named(handlers, "palette.look_for"), form={"search": words})
            tab.drain(0.3)  # in the background, which `settle` does not wait for
            tab.settle()
