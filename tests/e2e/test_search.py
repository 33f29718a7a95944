"""Ctrl+K: what one said is found, and its place in a long chat is where one goes."""

import re
import uuid

from playwright.sync_api import Page, expect

from chatbot_app import db
from tests import crowd
from tests.e2e.steps import (
    answer,
    begin_chat,
    button,
    composer,
    expect_status,
    messages,
    send,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.served import Served

LENGTH = 1500
PLACE = 301


NOTE_WHAT_IS_MARKED = """() => {
  window.marked = [];
  new MutationObserver((changes) => changes.forEach(({target}) => {
    if (target.hasAttribute("data-found")) marked.push(target.dataset.messageId);
  })).observe(document, {subtree: true, attributeFilter: ["data-found"]});
}"""


def store_long_chat(app: Served, page: Page) -> tuple[str, list[str]]:
    """Put a long chat into the person's project; gives its address and its messages, oldest first."""
    project_id = page.url.split("/projects/")[1].split("/")[0]
    chat, written = crowd.chat_rows(uuid.UUID(project_id), LENGTH)
    chat["title"] = "The long voyage"
    for number, message in enumerate(written):
        message["content"] = f"Number {number} of what was said, " + "and so on, " * 20
    written[PLACE]["content"] = (
        "Beware of the **Kraken**, which sleeps there. " + "Be quiet. " * 300
    )
    db.configure(f"sqlite:///{app.data / 'chatbot.db'}")
    try:
        crowd.store({"chat": [chat], "message": written})
    finally:
        db.configure(None)
    return f"/projects/{project_id}/chat/{chat['id']}", [str(one["id"]) for one in written]


def test_a_message_of_long_ago_is_found_and_gone_to_by_keyboard(
    app: Served, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    _address, ids = store_long_chat(app, page)
    keys = page.keyboard
    begin_chat(page, "Something about kraken soup")

    keys.press("Control+k")
    dialog = page.get_by_role("dialog", name="Search", exact=True)
    field = dialog.get_by_role("combobox", name="Search", exact=True)
    expect(field).to_be_focused()
    expect(dialog.get_by_role("option", name="New chat", exact=True)).to_have_attribute(
        "aria-selected", "true"
    )
    expect(dialog.get_by_role("group", name="Recent chats")).to_contain_text("The long voyage")
    keys.type("beware krak")
    found = dialog.get_by_role("group", name="Messages").get_by_role("option")
    expect(found).to_have_count(1)
    expect(found.locator("mark")).to_have_text(["Beware", "Krak"])
    assert page.evaluate("document.activeElement.getAttribute('aria-activedescendant')") == (
        found.get_attribute("id")
    )
    field.fill("kraken")
    expect(found).to_have_count(2)
    keys.press("ArrowUp")
    expect(found.nth(1)).to_have_attribute("aria-selected", "true")
    page.evaluate(NOTE_WHAT_IS_MARKED)
    keys.press("Enter")

    place = page.locator(f"article[data-message-id='{ids[PLACE]}']")
    expect(place).to_be_in_viewport()
    expect(place).to_be_focused()
    page.wait_for_function("id => window.marked.includes(id)", arg=ids[PLACE])
    expect(dialog).to_have_count(0)
    assert page.locator("article").count() < 100
    assert page.locator("main").evaluate("stage => stage.scrollTop") == 0, "only the chat scrolls"

    # Up and down from there, and on to the end.
    page.locator("[data-scroller]").evaluate("box => box.scrollTo(0, 0)")
    expect(page.locator(f"article[data-message-id='{ids[PLACE - 30]}']")).to_be_attached()
    last = page.locator(f"article[data-message-id='{ids[PLACE + 25]}']")
    expect(last).not_to_be_attached()
    page.locator("[data-scroller]").evaluate("box => box.scrollTo(0, box.scrollHeight)")
    expect(last).to_be_attached()
    expect(page.locator(f"article[data-message-id='{ids[-1]}']")).not_to_be_attached()
    send(page, "And what now?")
    expect(messages(page, "user").last).to_have_text("And what now?")
    expect_status(page, "complete")
    expect(messages(page, "user").last).to_be_in_viewport()
    expect(page.locator(f"article[data-message-id='{ids[-1]}']")).to_be_attached()
    expect(button(page, "Load later messages")).to_have_count(0)


def test_the_palette_knows_commands_says_that_nothing_was_found_and_leaves_answers_alone(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=2)
    provider.enqueue(Answer(pieces=("So ", "far.", " And further."), gate=gate))
    sign_up(page, "Alice")
    send(page, "Go on")
    expect(answer(page)).to_contain_text("So far.")

    button(page, "Search").click()
    dialog = page.get_by_role("dialog", name="Search", exact=True)
    options = dialog.get_by_role("option")
    field = dialog.get_by_role("combobox", name="Search", exact=True)
    field.fill("xylophone")
    expect(dialog.get_by_role("status")).to_contain_text("Nothing was found")
    expect(options).to_have_count(0)
    field.fill("sett")
    expect(options).to_have_text(["Settings"])
    field.fill('"*')
    expect(options).to_have_count(0)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    gate.open()
    expect(answer(page)).to_have_attribute("data-status", "complete")

    page.keyboard.press("Control+k")
    page.keyboard.type("settings")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/settings$"))
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("new ch")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/chat/?$"))
    expect(composer(page)).to_be_visible()
