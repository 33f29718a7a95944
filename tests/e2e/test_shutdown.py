"""The server stops or dies in mid-answer, and comes back."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    answer,
    begin_chat,
    button,
    expect_status,
    message_id,
    messages,
    new_chat,
    send,
    sign_up,
    text_of,
)
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.served import Served

OFFLINE = "html[data-offline]"
PIECES = ("Half of it ", "is here, ", "and half ", "is not.")


def test_sigterm_saves_the_text_so_far_and_nobody_has_to_sign_in_again(
    start_app: Callable[[FakeProvider], Served], provider: FakeProvider, open_page: OpenPage
) -> None:
    provider.enqueue(Answer(pieces=PIECES, gate=Gate(after=2)))
    served = start_app(provider)
    page = open_page(served=served)
    sign_up(page, "Alice")
    send(page, "Tell me all of it")
    expect(answer(page)).to_contain_text("Half of it is here,")
    interrupted = message_id(answer(page))

    assert served.terminate() == 0, served.log
    assert "Traceback" not in served.log
    assert served.message(interrupted) == ("interrupted", "Half of it is here, ")

    served.start()
    page.reload()
    expect_status(page, "interrupted")
    expect(messages(page, "user")).to_have_text("Tell me all of it")
    assert text_of(answer(page)) == "Half of it is here,"
    provider.default = Answer(text="All of it.")
    button(answer(page), "Retry").click()
    expect_status(page, "complete")
    assert text_of(answer(page)) == "All of it."


def test_what_a_killed_process_was_writing_is_interrupted_at_the_next_start(
    start_app: Callable[[FakeProvider], Served], provider: FakeProvider, open_page: OpenPage
) -> None:
    provider.enqueue(Answer(pieces=PIECES, gate=Gate(after=2)))
    served = start_app(provider)
    page = open_page(served=served)
    sign_up(page, "Alice")
    send(page, "Tell me all of it")
    expect(answer(page)).to_contain_text("Half of it is here,")
    orphan = message_id(answer(page))

    served.kill()
    assert served.message(orphan)[0] == "generating"
    served.start()
    assert served.message(orphan)[0] == "interrupted"
    page.reload()
    expect_status(page, "interrupted")
    expect(messages(page, "user")).to_have_text("Tell me all of it")
    provider.default = Answer(text="All of it.")
    button(answer(page), "Retry").click()
    expect_status(page, "complete")
    assert text_of(answer(page)) == "All of it."


def test_what_is_typed_in_settings_and_in_an_edit_outlives_the_server(
    start_app: Callable[[FakeProvider], Served], provider: FakeProvider, open_page: OpenPage
) -> None:
    served = start_app(provider)
    page = open_page(served=served)
    sign_up(page, "Alice")
    chat = begin_chat(page, "How are whales?")
    button(messages(page, "user"), "Edit").click()
    edit = page.get_by_role("textbox", name="Edit message", exact=True)
    edit.fill("How are the whales today?")
    _restart(served, page)
    expect(edit).to_have_value("How are the whales today?")
    button(page, "Save and send").click()
    expect(messages(page, "user").locator(".bubble")).to_contain_text("How are the whales today?")
    expect_status(page, "complete")

    page.goto(chat.partition("/chat")[0])
    prompt = page.get_by_role("textbox", name="System prompt", exact=True)
    expect(prompt).not_to_have_value("")
    prompt.fill("Speak of the sea.")
    _restart(served, page)
    expect(prompt).to_have_value("Speak of the sea.")
    expect(page.get_by_text("17 of ")).to_be_visible()
    button(page, "Save changes").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    _restart(served, page)
    expect(prompt).to_have_value("Speak of the sea.")
    prompt.fill("Never mind.")
    new_chat(page)
    page.go_back()
    expect(prompt).to_have_value("Speak of the sea.")


def _restart(served: Served, page: Page) -> None:
    """Have the server forget every tab, whose states were in its memory, and the page find it again."""
    page.evaluate(
        "() => { document.querySelector('form[data-keeps], .edit-form').dataset.old = ''; }"
    )
    served.kill()
    expect(page.locator(OFFLINE)).to_have_count(1)
    served.start()
    expect(page.locator(OFFLINE)).to_have_count(0)
    expect(page.locator("[data-old]")).to_have_count(0)  # the form that is made anew after it
