"""A shared chat: made in the chat's bar, read by somebody without an account, withdrawn."""

from playwright.sync_api import Page, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    answer,
    begin_chat,
    button,
    expect_not_found,
    messages,
    send,
    sign_up,
    text_of,
)
from tests.fake_provider import Answer, FakeProvider

NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
"""As a page on plain http finds it."""

NOTE_WHAT_IS_COPIED = """() => document.addEventListener("copy", () => {
  const field = document.activeElement;
  window.copied = field.value.slice(field.selectionStart, field.selectionEnd);
})"""


def test_a_link_is_made_once_and_copied_on_a_phone_on_plain_http(
    provider: FakeProvider, open_page: OpenPage
) -> None:
    page = open_page(viewport={"width": 390, "height": 844})
    page.add_init_script(NO_CLIPBOARD)
    sign_up(page, "Alice")
    begin_chat(page, "Donaudampfschifffahrtsgesellschaftskapitän" * 4)
    button(page, "Chat menu").click()
    page.get_by_role("menuitem", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this chat")
    button(dialog, "Create link").dblclick()
    copy = button(dialog, "Copy link")
    expect(copy).to_have_count(1)
    box = dialog.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.evaluate(NOTE_WHAT_IS_COPIED)
    copy.click()
    link = copy.get_attribute("data-copy-text")
    page.wait_for_function("link => window.copied === link", arg=link)
    expect(dialog.locator(":focus")).to_have_count(1)
    page.wait_for_timeout(500)
    expect(dialog.get_by_role("listitem")).to_have_count(1)


def test_whoever_has_the_link_reads_the_chat_until_it_is_withdrawn(
    page: Page, provider: FakeProvider, open_page: OpenPage
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "What is *short*?")
    button(page, "Chat menu").click()
    page.get_by_role("menuitem", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this chat")
    button(dialog, "Create link").click()
    page.evaluate("navigator.clipboard.writeText('')")
    button(dialog, "Copy link").click()
    page.wait_for_function("async () => await navigator.clipboard.readText() !== ''")
    link: str = page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("Escape")
    provider.default = Answer(text="Something later.")
    send(page, "And then?")
    expect(answer(page)).to_contain_text("Something later.")

    reader = open_page()
    reader.goto(link)
    expect(reader.get_by_role("heading", name="What is *short*?", exact=True)).to_be_visible()
    expect(messages(reader, "user")).to_have_text("What is *short*?")
    assert text_of(answer(reader)) == "A short answer."
    expect(answer(reader).locator("strong")).to_have_text("short")
    assert "later" not in reader.content()
    assert "Alice" not in reader.content()
    expect(reader).to_have_title("What is *short*?")

    page.goto("/settings")
    button(page, "Withdraw the link to What is *short*?").click()
    expect(page.get_by_text("You share no chat.")).to_be_visible()
    reader.reload()
    expect_not_found(reader)
