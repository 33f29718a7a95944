"""On the way to another chat: what is typed before the server has said what is in it belongs there."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.e2e.steps import (
    CHAT_URL,
    begin_chat,
    button,
    chat_links,
    composer,
    create_project,
    expect_alive,
    expect_chat_ready,
    expect_status,
    messages,
    new_chat,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate

NEW_CHAT = re.compile(r"/chat/?$")


class SlowServer:
    """Holds back what the server says to a page, from `hold` to `let_go`."""

    def __init__(self, page: Page) -> None:
        self._held: list[Callable[[], None]] = []
        self._is_holding = False
        page.route_web_socket(re.compile("/_event"), self._connect)

    def hold(self) -> None:
        """Have the server say nothing."""
        self._is_holding = True

    def let_go(self) -> None:
        """Say what was held back, and all that follows."""
        self._is_holding = False
        while self._held:
            self._held.pop(0)()

    def _connect(self, line: WebSocketRoute) -> None:
        server = line.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            self._held.append(lambda: line.send(message))
            if not self._is_holding:
                self.let_go()

        server.on_message(pass_on)


@pytest.fixture
def server(page: Page) -> SlowServer:
    return SlowServer(page)


def click_new_chat(page: Page) -> None:
    button(page, "New chat").click()


def press_the_keys(page: Page) -> None:
    page.keyboard.press("Control+Shift+O")


def choose_the_command(page: Page) -> None:
    page.keyboard.press("Control+K")
    page.keyboard.type("new chat")
    page.keyboard.press("Enter")


WAYS = [click_new_chat, press_the_keys, choose_the_command]


@pytest.mark.parametrize("way", WAYS)
def test_what_is_sent_at_once_in_a_new_chat_is_sent_there(
    way: Callable[[Page], None], provider: FakeProvider, page: Page, server: SlowServer
) -> None:
    sign_up(page, "Alice")
    former = begin_chat(page, "Hello")
    composer(page).fill("a draft of the former")
    server.hold()
    way(page)
    page.wait_for_url(NEW_CHAT)
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("")
    page.keyboard.type("In the new one")
    page.keyboard.press("Enter")
    expect(composer(page)).to_have_value("In the new one")
    provider.expect_requests(1)

    server.let_go()
    expect(messages(page, "user")).to_have_text(["In the new one"])
    page.wait_for_url(CHAT_URL)
    expect_status(page, "complete")
    expect(composer(page)).to_have_value("")
    assert page.url != former
    assert [request.messages[-1]["content"] for request in provider.requests] == [
        "Hello",
        "In the new one",
    ]
    page.goto(former)
    expect(composer(page)).to_have_value("a draft of the former")
    expect(messages(page, "user")).to_have_text(["Hello"])


def test_what_was_sent_on_the_way_goes_as_soon_as_the_server_has_spoken(
    provider: FakeProvider, page: Page, server: SlowServer
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    # The watch that looks every second whether something waits is stopped.
    page.evaluate("for (let timer = 1; timer < 1000; timer++) clearInterval(timer)")
    server.hold()
    click_new_chat(page)
    page.wait_for_url(NEW_CHAT)
    composer(page).fill("Now")
    composer(page).press("Enter")
    server.let_go()
    expect(messages(page, "user")).to_have_text(["Now"])
    expect_status(page, "complete")


def test_what_is_typed_on_the_way_by_a_link_and_back_stays_where_one_went(
    provider: FakeProvider, page: Page, server: SlowServer
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "The first chat")
    composer(page).fill("draft of the first, ")
    new_chat(page)
    begin_chat(page, "The second chat")
    composer(page).fill("draft of the second")
    server.hold()
    chat_links(page).filter(has_text="The first chat").click()
    expect(composer(page)).to_be_focused()
    expect(composer(page)).to_have_value("draft of the first, ")
    page.keyboard.press("End")
    page.keyboard.type("and more")
    server.let_go()
    expect(messages(page, "user")).to_have_text(["The first chat"])
    expect(composer(page)).to_have_value("draft of the first, and more")

    server.hold()
    page.go_back()
    expect(composer(page)).to_have_value("draft of the second")
    page.keyboard.press("Control+A")
    page.keyboard.type("Said in the second")
    page.keyboard.press("Enter")
    server.let_go()
    expect(messages(page, "user")).to_have_text(["The second chat", "Said in the second"])
    expect_status(page, "complete")
    expect(composer(page)).to_have_value("")
    page.go_forward()
    expect(messages(page, "user")).to_have_text(["The first chat"])
    expect(composer(page)).to_have_value("draft of the first, and more")


def test_a_project_from_the_switcher_and_a_temporary_chat_are_gone_to_at_once(
    provider: FakeProvider, page: Page, server: SlowServer
) -> None:
    sign_up(page, "Alice")
    create_project(page, "Harbour")
    begin_chat(page, "At the harbour")
    composer(page).fill("a draft of the harbour")
    server.hold()
    button(page, "Switch project").click()
    page.get_by_role("menuitem", name="General assistant", exact=True).click()
    page.wait_for_url(NEW_CHAT)
    expect(composer(page)).to_have_value("")
    composer(page).fill("Elsewhere")
    composer(page).press("Enter")
    server.let_go()
    expect(messages(page, "user")).to_have_text(["Elsewhere"])
    expect_status(page, "complete")
    expect(composer(page)).to_have_attribute("placeholder", "Message General assistant")

    composer(page).fill("a draft of elsewhere")
    server.hold()
    page.keyboard.press("Control+K")
    page.keyboard.type("temporary")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"\?temporary=1$"))
    expect(composer(page)).to_have_value("")
    composer(page).fill("Between us")
    assert "Between us" not in page.evaluate("JSON.stringify(localStorage)")
    composer(page).press("Enter")
    server.let_go()
    expect(messages(page, "user")).to_have_text(["Between us"])
    expect_status(page, "complete")
    expect(page).to_have_url(re.compile(r"\?temporary=1$"))
    provider.expect_requests(3)
    page.go_back()
    expect(composer(page)).to_have_value("a draft of elsewhere")


def test_an_answer_of_the_former_chat_holds_nothing_up(
    provider: FakeProvider, page: Page, server: SlowServer
) -> None:
    sign_up(page, "Alice")
    gate = Gate(after=1)
    provider.enqueue(Answer(gate=gate))
    composer(page).fill("Tell me a lot")
    composer(page).press("Enter")
    page.wait_for_url(CHAT_URL)
    expect_status(page, "generating")
    server.hold()
    press_the_keys(page)
    page.wait_for_url(NEW_CHAT)
    page.keyboard.type("Something else")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Queued: "))).to_be_hidden()
    server.let_go()
    expect(messages(page, "user")).to_have_text(["Something else"])
    expect_status(page, "complete")
    gate.open()
    chat_links(page).filter(has_text="Tell me a lot").click()
    expect(messages(page, "user")).to_have_text(["Tell me a lot"])
    expect(composer(page)).to_have_value("")


def test_a_message_whose_chat_was_left_before_the_server_took_it_is_no_draft_there(
    provider: FakeProvider, page: Page, server: SlowServer
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    server.hold()
    composer(page).fill("And one more thing")
    composer(page).press("Enter")
    press_the_keys(page)
    page.wait_for_url(NEW_CHAT)
    expect(composer(page)).to_have_value("")
    page.keyboard.type("half a wo")
    provider.wait_for_request(1)
    server.let_go()
    expect(messages(page, "user")).to_have_count(0)
    expect(composer(page)).to_have_value("half a wo")
    page.wait_for_function("() => !Object.values(localStorage).includes('And one more thing')")
    server.hold()
    chat_links(page).first.click()
    expect(composer(page)).to_have_value("")
    server.let_go()
    expect(messages(page, "user")).to_have_text(["Hello", "And one more thing"])
    expect_status(page, "complete")
    provider.expect_requests(2)


def test_a_chat_that_was_taken_elsewhere_keeps_its_draft_and_what_is_typed_on_the_way(
    provider: FakeProvider, page: Page, server: SlowServer
) -> None:
    sign_up(page, "Alice")
    chat = begin_chat(page, "Hello")
    composer(page).fill("a draft")
    new_chat(page)
    server.hold()
    other = page.context.new_page()
    create_project(other, "Harbour")
    other.goto(chat)
    expect(composer(other)).to_have_value("a draft")
    button(other, "Chat menu").click()
    other.get_by_role("menuitem", name="Move to project", exact=True).click()
    button(other.get_by_role("dialog"), "Harbour").click()
    expect(composer(other)).to_have_attribute("placeholder", "Message Harbour")
    expect(composer(other)).to_have_value("a draft")

    chat_links(page).click()
    expect(composer(page)).to_have_value("a draft")
    page.keyboard.press("End")
    page.keyboard.type(", and more")
    page.keyboard.press("Enter")
    server.let_go()
    expect(composer(page)).to_have_attribute("placeholder", "Message Harbour")
    expect(messages(page, "user")).to_have_text(["Hello", "a draft, and more"])
    expect_status(page, "complete")
    expect(composer(page)).to_have_value("")


def test_a_new_chat_before_the_page_knows_its_project(page: Page, server: SlowServer) -> None:
    sign_up(page, "Alice")
    create_project(page, "Harbour")
    begin_chat(page, "At the harbour")
    server.hold()
    page.reload()
    expect_alive(button(page, "New chat"))
    click_new_chat(page)
    page.keyboard.press("Control+K")
    expect(page.get_by_role("option", name="Projects")).to_be_visible()
    expect(page.get_by_role("option", name=re.compile("New chat|Temporary chat"))).to_have_count(0)
    page.keyboard.press("Escape")
    server.let_go()
    page.wait_for_url(NEW_CHAT)
    expect(composer(page)).to_have_attribute("placeholder", "Message Harbour")
    expect(messages(page, "user")).to_have_count(0)


def test_who_tabs_on_while_a_chat_is_on_its_way_keeps_the_place(
    provider: FakeProvider, page: Page, server: SlowServer
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "At the harbour")
    server.hold()
    page.reload()
    expect_alive(composer(page))
    composer(page).focus()
    page.keyboard.press("Shift+Tab")
    place = page.locator(":focus")
    place.evaluate("element => { element.dataset.place = ''; }")
    server.let_go()
    expect(messages(page, "user")).to_have_text(["At the harbour"])
    expect_chat_ready(page)
    expect(place).to_have_attribute("data-place", "")


def test_who_chooses_a_project_goes_on_in_its_new_chat(
    provider: FakeProvider, page: Page, server: SlowServer
) -> None:
    """Whether the menu fades away before the server has said what is there, or after."""
    sign_up(page, "Alice")
    create_project(page, "Harbour")
    expect(button(page, "Switch project")).to_contain_text("Harbour")  # and so does its menu
    for name in ("General assistant", "Harbour"):
        is_late = name == "Harbour"
        if is_late:
            server.hold()
        button(page, "Switch project").click()
        page.get_by_role("menuitem", name=name, exact=True).click()
        if is_late:
            expect(page.get_by_role("menu")).to_have_count(0)
            server.let_go()
        expect(composer(page)).to_have_attribute("placeholder", f"Message {name}")
        expect(page.get_by_role("menu")).to_have_count(0)
        expect(composer(page)).to_be_focused()
