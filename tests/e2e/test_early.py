"""What somebody does who is faster than the page: it stays when React takes the page over."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.steps import (
    alert,
    begin_chat,
    composer,
    expect_chat_ready,
    expect_status,
    send,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate

ENTRY = re.compile(r"/assets/entry\.client-")


class SlowScripts:
    """Holds back the script that makes the sent page React's, from now on until `let_go`."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._held: list[Route] = []

    def hold(self) -> None:
        """Have the next page stay as it was sent."""
        self._page.route(ENTRY, self._keep)

    def _keep(self, route: Route) -> None:
        self._held.append(route)

    def let_go(self) -> None:
        """Let React take the page over, and wait until it has."""
        self._page.evaluate("document.querySelector('form').dataset.early = ''")
        for route in self._held:
            route.continue_()
        self._held.clear()
        self._page.unroute(ENTRY)
        self._page.wait_for_function(
            """() => Object.keys(document.querySelector("form"))
                .some(key => key.startsWith("__reactProps"))"""
        )


@pytest.fixture
def scripts(page: Page) -> Iterator[SlowScripts]:
    """Hold scripts back, and find nothing wrong with the page in the end."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    yield SlowScripts(page)
    # What was refused is the browser's own to complain of.
    assert [line for line in wrong if "401" not in line] == []


def expect_same_form(page: Page) -> None:
    expect(page.locator("form").first).to_have_attribute("data-early", "")


def test_what_the_server_says_to_a_form_stays(page: Page, scripts: SlowScripts) -> None:
    scripts.hold()
    page.goto("/login", wait_until="domcontentloaded")
    email = page.get_by_role("textbox", name="Email", exact=True)
    email.fill("nobody@example.org")
    page.get_by_role("textbox", name="Password", exact=True).fill("not the one that counts")
    email.press("Enter")
    expect(alert(page, "don't match")).to_be_visible()
    scripts.let_go()
    expect_same_form(page)
    expect(alert(page, "don't match")).to_be_visible()
    expect(email).to_have_value("nobody@example.org")


def test_a_page_that_comes_with_something_queued_is_not_drawn_twice(
    page: Page, scripts: SlowScripts, provider: FakeProvider
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    gate = Gate(after=1)
    provider.enqueue(Answer(gate=gate))
    send(page, "First")
    expect_status(page, "generating")
    send(page, "Second")
    queued = page.get_by_text("Queued: Second", exact=True)
    expect(queued).to_be_visible()
    scripts.hold()
    page.reload(wait_until="domcontentloaded")
    expect(queued).to_be_visible()
    composer(page).fill("and thi")
    scripts.let_go()
    expect_same_form(page)
    expect_chat_ready(page)
    expect(queued).to_be_visible()
    expect(composer(page)).to_have_value("and thi")
    gate.open()
    expect(queued).to_be_hidden()
    expect_status(page, "complete")


def test_a_form_whose_script_is_not_there_yet_goes_nowhere_and_keeps_what_is_typed(
    page: Page,
) -> None:
    page.route(re.compile(r"/app\.js"), lambda route: route.abort())
    page.goto("/login", wait_until="domcontentloaded")
    email = page.get_by_role("textbox", name="Email", exact=True)
    email.fill("alice@example.org")
    email.press("Enter")
    page.wait_for_timeout(300)
    expect(page).to_have_url(re.compile(r"/login$"))
    expect(email).to_have_value("alice@example.org")
