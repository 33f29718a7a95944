"""Everything works without a mouse."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import (
    CHAT_URL,
    account,
    answer,
    begin_chat,
    button,
    chat_links,
    choose_in_open_menu,
    composer,
    expect_chat_ready,
    expect_gone,
    expect_login,
    expect_status,
    messages,
    send,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate

STEPS = 60
"""How often Tab is pressed before something counts as out of reach."""


def test_a_whole_visit_by_keyboard(provider: FakeProvider, page: Page) -> None:
    keys = page.keyboard
    somebody = account("Alice")
    page.goto("/register")
    _tab_to(page, page.get_by_role("textbox", name="Name", exact=True))
    keys.type(somebody.name)
    _tab_to(page, page.get_by_role("textbox", name="Email", exact=True))
    keys.type(somebody.email)
    _tab_to(page, page.get_by_role("textbox", name="Password", exact=True))
    keys.type(somebody.password)
    keys.press("Enter")
    expect_chat_ready(page)

    expect(button(page, "Switch project")).to_contain_text("General assistant")
    _tab_to(page, button(page, "Switch project"))
    keys.press("Enter")
    choose_in_open_menu(page, "All projects")
    page.wait_for_url(re.compile(r"/projects$"))
    _tab_to(page, button(page, "New project"))
    keys.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Project name", exact=True)).to_be_focused()
    keys.type("By keyboard")
    _tab_to(page, dialog.get_by_role("textbox", name="System prompt", exact=True))
    keys.type("Be brief.")
    _tab_to(page, button(dialog, "Create project"))
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/projects/[0-9a-f-]{36}/chat/?$"))
    expect(page.get_by_placeholder("Message By keyboard")).to_be_visible()

    _tab_to(page, composer(page))
    keys.type("First line")
    keys.press("Shift+Enter")
    keys.type("second line")
    keys.press("Enter")
    page.wait_for_url(CHAT_URL)
    expect_status(page, "complete")
    assert provider.requests[0].messages[-1]["content"] == "First line\nsecond line"

    _tab_to(page, button(page, "Chat actions"))
    keys.press("Enter")
    choose_in_open_menu(page, "Rename")
    title = page.get_by_role("textbox", name="Chat title", exact=True)
    expect(title).to_be_focused()
    keys.press("Control+A")
    keys.type("A better title")
    keys.press("Enter")
    expect(chat_links(page)).to_have_text("A better title")

    _tab_to(page, button(page, "Chat actions"))
    keys.press("Enter")
    choose_in_open_menu(page, "Delete")
    confirmation = page.get_by_role("alertdialog")
    _tab_to(page, button(confirmation, "Delete"))
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/chat/?$"))
    expect(composer(page)).to_have_attribute("data-draft", re.compile("/$"))
    expect_gone(chat_links(page))
    expect_gone(messages(page, "user"))

    _tab_to(page, button(page, "Account menu"))
    keys.press("Enter")
    choose_in_open_menu(page, "Sign out")
    expect_login(page)


def test_escape_stops_the_answer(provider: FakeProvider, page: Page) -> None:
    provider.enqueue(Answer(pieces=("So ", "far.", "No further."), gate=Gate(after=2)))
    sign_up(page, "Alice")
    send(page, "Go on for ever")
    expect(answer(page)).to_contain_text("So far.")
    page.keyboard.press("Escape")
    expect_status(page, "stopped")
    provider.wait_for_request().wait_closed_by_client()


def test_an_escape_that_closes_a_menu_does_not_stop_the_answer(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=2)
    provider.enqueue(Answer(pieces=("So ", "far.", " And further."), gate=gate))
    sign_up(page, "Alice")
    send(page, "Go on for ever")
    expect(answer(page)).to_contain_text("So far.")
    button(page, "Account menu").click()
    expect(page.get_by_role("menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    gate.open()
    expect_status(page, "complete")
    expect(answer(page)).to_contain_text("And further.")


def test_control_shift_o_begins_a_chat(provider: FakeProvider, page: Page) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "The old chat")
    page.keyboard.press("Control+Shift+O")
    page.wait_for_url(re.compile(r"/chat/?$"))
    expect(messages(page, "user")).to_have_count(0)
    expect(composer(page)).to_be_focused()
    begin_chat(page, "Another chat")
    expect(chat_links(page)).to_have_count(2)


def _tab_to(page: Page, goal: Locator) -> None:
    expect(goal).to_be_visible()
    for _ in range(STEPS):
        if goal.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{goal} is not reached by Tab")
