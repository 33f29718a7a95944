"""The gate: nothing runs for whom it may not, and nothing runs with what it can't mean."""

import logging
import re
from typing import Any

import pytest
import reflex as rx

from chatbot_app.errors import NotFound
from chatbot_app.schemas import Viewer
from chatbot_app.services import accounts, sessions
from chatbot_app.state.forms import TitleForm
from chatbot_app.state.gate import MALFORMED, UNEXPECTED, handler, is_known
from chatbot_app.state.session import Session
from tests.conftest import Person, person
from tests.state.tab import Tab, Tabs
from tests.statements import noted


class Door(rx.State):
    """A state whose handlers note who came in, and with what."""

    seen: list[str] = []

    @handler
    async def knock(self, viewer: Viewer, times: int, form: TitleForm) -> None:
        self.seen = [*self.seen, f"{viewer.name} {times} {form['title']}"]

    @handler
    async def call(self, viewer: Viewer, name: str, is_loud: bool) -> None:
        self.seen = [*self.seen, f"{viewer.name} {name} {is_loud}"]

    @handler(anonymous=True)
    async def peep(self, viewer: Viewer | None) -> None:
        self.seen = [*self.seen, viewer.name if viewer else "nobody"]

    @handler
    async def find_nothing(self, viewer: Viewer) -> None:
        raise NotFound("There is no such door.")

    @handler
    async def stumble(self, viewer: Viewer) -> None:
        raise RuntimeError("secret-in-exception")

    @handler(background=True)
    async def stumble_far_away(self, viewer: Viewer) -> None:
        raise NotFound("There is no such door over there.")

    @rx.event
    async def ungated(self) -> None:
        self.seen = ["by the window"]


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


@pytest.fixture
def tab(tabs: Tabs, alice: Person) -> Tab:
    """Open Alice's tab."""
    return tabs.open(alice.token)


async def seen(tab: Tab) -> list[str]:
    return list((await tab.state(Door)).get_value("seen"))


async def notice(tab: Tab) -> str:
    return (await tab.state(Session)).notice


def test_a_handler_that_would_block_the_loop_is_refused_when_it_is_written() -> None:
    with pytest.raises(TypeError, match="coroutine"):

        @handler
        def sync(self: Any, viewer: Viewer) -> None:
            pass


async def test_the_handler_is_given_whose_cookie_came_with_the_socket(tab: Tab) -> None:
    await tab.send(Door.knock, times=2, form={"title": "open"})
    assert await seen(tab) == ["Alice 2 open"]
    assert await notice(tab) == ""


@pytest.mark.parametrize("cookie", ["", "no-token", "a.b.c"])
async def test_whoever_is_signed_out_is_led_to_the_sign_in_page(tabs: Tabs, cookie: str) -> None:
    tab = tabs.open(cookie)
    await tab.send(Door.knock, times=2, form={"title": "open"})
    assert await seen(tab) == []
    assert [path.partition("?")[0] for path in tab.redirects] == ["/login"]


async def test_the_signed_out_reach_what_is_meant_for_them(tabs: Tabs, tab: Tab) -> None:
    stranger = tabs.open()
    await stranger.send(Door.peep)
    await tab.send(Door.peep)
    assert (await seen(stranger), await seen(tab)) == (["nobody"], ["Alice"])


async def test_a_session_that_ended_ends_at_the_next_event(tab: Tab, alice: Person) -> None:
    await tab.send(Door.peep)
    sessions.sign_out(alice.viewer)
    await tab.send(Door.call, name="x", is_loud=True)
    assert "Alice x True" not in await seen(tab)
    assert tab.redirects


async def test_a_disabled_account_ends_at_the_next_event(tab: Tab, alice: Person) -> None:
    await tab.send(Door.peep)
    accounts.disable(alice.id)
    await tab.send(Door.call, name="x", is_loud=True)
    assert "Alice x True" not in await seen(tab)


async def test_a_burst_of_events_asks_the_database_for_the_session_once(
    tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "REMEMBERED", 3600.0)
    sessions.forget()
    with noted() as statements:
        runs = [await tab.start(Door.peep, {}) for _ in range(50)]
        for run in runs:
            await run.wait_all()
    assert await seen(tab) == ["Alice"] * 50
    asked = [statement for statement in statements if "user_session" in statement.text]
    assert len(asked) == 1


GOOD: dict[str, Any] = {"times": 2, "form": {"title": "open"}}


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"times": 2},
        {**GOOD, "times": "two"},
        {**GOOD, "times": 2.0},
        {**GOOD, "times": True},
        {**GOOD, "times": None},
        {**GOOD, "times": [2]},
        {**GOOD, "form": None},
        {**GOOD, "form": "title"},
        {**GOOD, "form": {}},
        {**GOOD, "form": {"title": None}},
        {**GOOD, "form": {"title": ["open"]}},
        {**GOOD, "form": {"title": "open", "user_id": "1"}},
        {**GOOD, "viewer": {"name": "Mallory"}},
        {**GOOD, "self": 1},
        {**GOOD, "extra": 1},
    ],
    ids=str,
)
async def test_what_a_handler_does_not_take_is_refused_and_changes_nothing(
    tab: Tab, payload: dict[str, Any]
) -> None:
    await tab.send_payload(Door.knock, payload)
    assert await seen(tab) == []
    assert await notice(tab) == MALFORMED


async def test_a_string_is_not_taken_for_a_boolean(tab: Tab) -> None:
    await tab.send(Door.call, name="x", is_loud="true")
    await tab.send(Door.call, name=7, is_loud=True)
    assert await seen(tab) == []


async def test_a_refusal_becomes_a_notice(tab: Tab) -> None:
    await tab.send(Door.find_nothing)
    assert await notice(tab) == "There is no such door."
    await tab.send(Door.stumble_far_away)
    assert await notice(tab) == "There is no such door over there."


async def test_a_bug_becomes_an_apology_and_a_line_in_the_log(
    tab: Tab, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        await tab.send(Door.stumble)
    assert re.fullmatch(re.escape(UNEXPECTED) + r" \(Reference: [0-9a-f]{16}\)", await notice(tab))
    assert "secret-in-exception" not in str(tab.vars)
    assert "Door.stumble failed" in caplog.text
    assert tab.redirects == []


def test_only_handlers_that_pass_the_gate_are_known() -> None:
    from reflex_base.utils.format import format_event_handler

    assert is_known(format_event_handler(Door.knock))
    assert not is_known(format_event_handler(Door.ungated))
    assert not is_known(format_event_handler(Door.event_handlers["setvar"]))
    assert not is_known("no.such.event")
    assert not is_known("_redirect")
