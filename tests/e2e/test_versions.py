"""Editing a question, other answers, moving between versions, and deleting; by mouse and by keys."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    alert,
    answer,
    begin_chat,
    button,
    chat_links,
    composer,
    expect_gone,
    expect_status,
    messages,
    new_chat,
    send,
    sign_out,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate


def field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Edit message", exact=True)


def edit(page: Page, question: Locator) -> Locator:
    """Open the field in the place of this question."""
    question.hover()
    button(question, "Edit").click()
    expect(field(page)).to_be_focused()
    return field(page)


def delete(page: Page, message: Locator) -> Locator:
    """Ask to delete this message; gives the dialog."""
    message.hover()
    button(message, "Delete message").click()
    return page.get_by_role("alertdialog")


def expect_texts(page: Page, *texts: str | re.Pattern[str]) -> None:
    log = page.get_by_role("log", name="Conversation")
    expect(log.locator(".bubble, .prose")).to_have_text(list(texts))


def test_a_question_is_edited_and_both_versions_stay(provider: FakeProvider, page: Page) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "What is one?")
    provider.default = Answer(text="Later words.")
    send(page, "And then?")
    expect_texts(page, "What is one?", "A short answer.", "And then?", "Later words.")
    first = messages(page, "user").first

    # Left as it was, by Esc; refused while blank or too long, and what was typed stays.
    edit(page, first).fill("Never mind")
    page.keyboard.press("Escape")
    expect(button(first, "Edit")).to_be_focused()
    expect_texts(page, "What is one?", "A short answer.", "And then?", "Later words.")
    typed = edit(page, first)
    expect(typed).to_have_value("What is one?")
    for wrong, reason in ((" \n", "empty"), ("x" * 200_001, "200,001 characters")):
        typed.fill(wrong)
        button(page, "Save and send").click()
        expect(alert(page, reason)).to_be_visible()
        expect(typed).to_have_value(wrong)

    # Enter sends, Shift+Enter breaks the line; an impatient second Enter changes nothing.
    provider.default = Answer(text="Another answer.")
    typed.fill("What is")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two?")
    asked = len(provider.requests)
    page.keyboard.press("Enter")
    expect_texts(page, "What is\ntwo?", "Another answer.")
    expect(first).to_contain_text("2/2")
    expect(composer(page)).to_be_focused()
    expect_status(page, "complete")
    provider.expect_requests(asked + 1)
    assert provider.requests[-1].messages[-1]["content"] == "What is\ntwo?"

    # Back and forth by keys, with all that was said after it.
    button(first, "Previous version").focus()
    page.keyboard.press("Enter")
    expect_texts(page, "What is one?", "A short answer.", "And then?", "Later words.")
    expect(first).to_contain_text("1/2")
    expect(button(first, "Next version")).to_be_focused()
    page.reload()
    expect_texts(page, "What is one?", "A short answer.", "And then?", "Later words.")
    button(first, "Next version").focus()
    page.keyboard.press("Enter")
    expect_texts(page, "What is\ntwo?", "Another answer.")
    expect(button(first, "Previous version")).to_be_focused()


def test_an_answer_in_the_middle_is_written_anew_and_another_tab_keeps_up(
    provider: FakeProvider, page: Page, open_page: OpenPage
) -> None:
    sign_up(page, "Alice")
    url = begin_chat(page, "One")
    for number in range(4):
        send(page, f"More {number}")
        expect(messages(page, "assistant")).to_have_count(number + 2)
        expect_status(page, "complete")
    other = page.context.new_page()
    other.goto(url)
    expect(messages(other, "assistant")).to_have_count(5)

    provider.default = Answer(text="Otherwise.")
    middle = messages(page, "assistant").nth(1)
    middle.hover()
    button(middle, "Regenerate").click()
    for tab in (page, other):
        expect_texts(tab, "One", "A short answer.", "More 0", "Otherwise.")
        expect(answer(tab)).to_contain_text("2/2")
        expect_status(tab, "complete")
    expect(composer(page)).to_be_focused()
    send(page, "Go on")
    for tab in (page, other):
        expect(messages(tab, "assistant")).to_have_count(3)
        expect_status(tab, "complete")
    button(messages(page, "assistant").nth(1), "Previous version").click()
    for tab in (page, other):
        expect(messages(tab, "user")).to_have_text(
            ["One", *[re.compile(f"More {number}") for number in range(4)]], use_inner_text=True
        )


def test_a_message_is_deleted_with_what_followed_it(provider: FakeProvider, page: Page) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "One")
    provider.default = Answer(text="Second.")
    send(page, "Two")
    expect_texts(page, "One", "A short answer.", "Two", "Second.")

    dialog = delete(page, answer(page))
    expect(button(dialog, "Cancel")).to_be_focused()
    for name in ("Delete", "Cancel"):
        page.keyboard.press("Tab")
        expect(button(dialog, name)).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect_texts(page, "One", "A short answer.", "Two", "Second.")
    expect(button(answer(page), "Delete message")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    button(dialog, "Delete").focus()
    page.keyboard.press("Enter")
    expect_texts(page, "One", "A short answer.", "Two")
    expect(composer(page)).to_be_focused()

    # A question that lost its answer can have another.
    gate = Gate(after=1)
    provider.enqueue(Answer(pieces=("Some ", "more"), gate=gate))
    question = messages(page, "user").last
    button(question, "Retry").click()
    expect_texts(page, "One", "A short answer.", "Two", "Some")

    # Nothing is edited while it is written, and what was typed stays; deleting stops it.
    edit(page, messages(page, "user").first).fill("Meanwhile")
    button(page, "Save and send").click()
    expect(alert(page, "still being written")).to_be_visible()
    expect(field(page)).to_have_value("Meanwhile")
    button(page, "Cancel").click()
    button(delete(page, question), "Delete").click()
    expect_texts(page, "One", "A short answer.")
    provider.requests[-1].wait_closed_by_client()
    expect(button(page, "Send")).to_be_visible()

    button(delete(page, messages(page, "user").first), "Delete").click()
    page.wait_for_url(re.compile(r"/chat/?$"))
    expect_gone(chat_links(page))
    expect_gone(messages(page, "user"))
    expect(composer(page)).to_be_focused()


def test_an_edit_that_was_left_is_open_when_one_comes_back_and_the_composer_has_the_focus(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    chat = begin_chat(page, "What is one?")
    edit(page, messages(page, "user").first).fill("What is two?")
    new_chat(page)
    expect(composer(page)).to_be_focused()
    chat_links(page).first.click()
    page.wait_for_url(chat)
    expect(field(page)).to_have_value("What is two?")
    expect(composer(page)).to_be_focused()


def test_a_half_written_edit_outlives_a_reload_and_goes_with_the_sign_in(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "What is one?")
    edit(page, messages(page, "user").first).fill("What is two?")
    page.wait_for_function("() => Object.values(localStorage).includes('What is two?')")
    page.reload()
    expect(field(page)).to_have_value("What is two?")
    expect(composer(page)).to_be_focused()
    sign_out(page)
    assert "What is two?" not in page.evaluate("JSON.stringify({...localStorage})")


def test_escape_in_an_edit_leaves_the_answer_that_is_being_written_alone(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "What is one?")
    gate = Gate(after=1)
    provider.enqueue(Answer(pieces=("Some ", "more."), gate=gate))
    send(page, "And two?")
    expect(answer(page)).to_contain_text("Some")
    edit(page, messages(page, "user").first)
    page.keyboard.press("Escape")
    expect(field(page)).to_have_count(0)
    gate.open()
    expect_status(page, "complete")
    expect(answer(page)).to_contain_text("Some more.")
