"""Temporary chats: live answers, reloads and all, and nothing of it stored anywhere."""

import re
import sqlite3

from playwright.sync_api import Page, expect

from tests.e2e.steps import (
    answer,
    begin_chat,
    button,
    chat_links,
    composer,
    copied,
    expect_chat_ready,
    expect_status,
    messages,
    new_chat,
    send,
    sign_up,
    text_of,
)
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.served import Served

SECRET = "Zanzibar in the rain"


def switch(page: Page, name: str = "Temporary chat") -> None:
    page.get_by_role("link", name=name, exact=True).click()


def begin_temporary(page: Page) -> None:
    """Make the new chat that is open a temporary one."""
    switch(page)
    page.wait_for_url(re.compile(r"/chat\?temporary=1$"))
    expect(composer(page)).to_have_attribute("data-draft", re.compile("/temporary$"))


def kept_by_the_browser(page: Page) -> str:
    kept: str = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    return kept


def everything_stored(app: Served) -> str:
    with sqlite3.connect(app.data / "chatbot.db") as database:
        return "\n".join(database.iterdump())


def test_all_of_long_thoughts_is_shown_when_asked_for(provider: FakeProvider, page: Page) -> None:
    sign_up(page, "Alice")
    begin_temporary(page)
    provider.enqueue(Answer(text="Yes.", reasoning=("Hm. " * 6_000, "And so it is.")))
    send(page, "Is it?")
    expect_status(page, "complete")
    gate = Gate(after=1)
    provider.enqueue(Answer(pieces=("Quite ", "sure."), gate=gate))
    send(page, "Sure?")
    expect(answer(page)).to_contain_text("Quite")  # the page follows this one now
    gate.open()
    expect_status(page, "complete")
    first = messages(page, "assistant").first
    first.get_by_role("button", name="Thought for").click()
    expect(first).to_contain_text("Hm. Hm.")
    expect(first).not_to_contain_text("And so it is.")
    button(first, "Show all thoughts").click()
    expect(first).to_contain_text("And so it is.")


def test_nothing_of_a_temporary_chat_is_stored(
    app: Served, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    composer(page).fill("I begin to type, and think again: ")
    begin_temporary(page)
    expect(composer(page)).to_have_value("I begin to type, and think again: ")
    expect(page.get_by_text("A temporary chat is stored nowhere")).to_be_visible()

    provider.default = Answer(text=f"About {SECRET}.", reasoning=("Hmm, where is that?",))
    composer(page).press_sequentially(SECRET)
    composer(page).press("Enter")
    expect_status(page, "complete")
    assert text_of(answer(page)).endswith(f"About {SECRET}.")
    expect(page).to_have_title(re.compile("^Temporary chat"))
    send(page, "And then?")
    expect(messages(page, "assistant")).to_have_count(2)
    expect_status(page, "complete")
    said = [message["content"] for message in provider.requests[-1].messages[-3:]]
    assert said[1:] == [f"About {SECRET}.", "And then?"]
    assert said[0].endswith(SECRET)

    # What would need it to be stored is not offered.
    page.mouse.move(0, 0)
    for name in ("Edit", "Delete message", "Chat menu"):
        expect(button(page, name)).to_have_count(0)
    button(answer(page), "Answer details").click()
    expect(page.get_by_role("dialog", name="Answer details")).to_contain_text("Tokens written")
    page.keyboard.press("Escape")

    # It is this tab's: a reload keeps it, leaving ends it.
    page.reload()
    expect(messages(page, "user")).to_have_count(2)
    expect(messages(page, "assistant")).to_have_count(2)
    expect_status(page, "complete")
    composer(page).fill(f"{SECRET}, and I was about to say")
    page.reload()
    expect(composer(page)).to_have_value(f"{SECRET}, and I was about to say")
    new_chat(page)
    expect(messages(page, "user")).to_have_count(0)
    expect(composer(page)).to_have_value("")
    expect(chat_links(page)).to_have_count(0)
    page.go_back()
    expect(page.get_by_text("A temporary chat is stored nowhere")).to_be_visible()
    expect(messages(page, "user")).to_have_count(0)
    assert SECRET not in kept_by_the_browser(page)
    assert SECRET not in everything_stored(app)
    assert SECRET not in app.log


def test_an_answer_in_a_temporary_chat_survives_a_reload_and_ends_with_the_chat(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "An ordinary one")
    new_chat(page)
    begin_temporary(page)
    gate = Gate(after=1)
    provider.enqueue(Answer(pieces=("First half,", " second half."), gate=gate))
    send(page, "Tell me")
    expect(answer(page)).to_contain_text("First half")
    page.reload()
    expect(answer(page)).to_contain_text("First half")
    expect_status(page, "generating")
    gate.open()
    expect_status(page, "complete")
    expect(answer(page).locator(".prose")).to_have_text("First half, second half.")

    # Stopped by its button, asked again in its place, and cut off by leaving.
    provider.enqueue(Answer(pieces=("Stop me,", " please."), gate=Gate(after=1)))
    send(page, "Once more")
    expect(answer(page)).to_contain_text("Stop me,")
    button(page, "Stop").click()
    expect_status(page, "stopped")
    button(answer(page), "Retry").click()
    expect_status(page, "complete")
    expect(messages(page, "assistant")).to_have_count(2)
    expect(messages(page, "user")).to_have_count(2)
    asked = len(provider.requests)
    provider.enqueue(Answer(pieces=("Nobody", " waits for this."), gate=Gate(after=1)))
    send(page, "A last one")
    expect(answer(page)).to_contain_text("Nobody")
    chat_links(page).first.click()
    expect(messages(page, "user")).to_have_text(["An ordinary one"])
    provider.requests[asked].wait_closed_by_client()


def test_what_a_temporary_chat_offers_fits_how_its_answer_ended(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_temporary(page)
    provider.enqueue(Answer(text="Half of it", finish_reason="length"), Answer(status=401))
    send(page, "Tell me")
    expect_status(page, "interrupted")
    expect(answer(page)).to_contain_text("Ask it to go on for the rest.")
    expect(button(answer(page), "Continue")).to_be_hidden()
    expect(button(answer(page), "Retry")).to_be_visible()
    assert copied(page, answer(page)) == "Half of it"

    send(page, "Go on")
    expect_status(page, "failed")
    expect(button(answer(page), "Copy")).to_have_count(0)
    button(answer(page), "Retry").click()
    expect_status(page, "complete")
    expect(button(answer(page), "Copy")).to_be_visible()
    asked = [said["content"] for said in provider.requests[-1].messages]
    assert asked[-3:] == ["Tell me", "Half of it", "Go on"]


def test_a_temporary_chat_can_be_made_an_ordinary_one_while_it_is_empty(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_temporary(page)
    composer(page).fill("This may be kept")
    switch(page, "Turn off temporary chat")
    page.wait_for_url(re.compile(r"/chat/?$"))
    expect(composer(page)).to_have_value("This may be kept")
    expect(composer(page)).to_have_attribute("data-draft", re.compile("/$"))
    composer(page).press("Enter")
    expect_status(page, "complete")
    expect(chat_links(page)).to_have_count(1)
    expect(page.get_by_role("link", name="Temporary chat", exact=True)).to_have_count(0)


def test_what_is_sent_at_once_after_the_switch_is_not_stored_either(
    app: Served, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    expect_chat_ready(page)
    composer(page).fill(f"{SECRET}, quickly")
    page.evaluate(
        """() => {
          document.querySelector("[data-temporary-switch]").click();
          document.querySelector("[data-composer]").form.requestSubmit();
        }"""
    )
    expect_status(page, "complete")
    expect(messages(page, "user")).to_have_text([f"{SECRET}, quickly"])
    expect(page).to_have_url(re.compile(r"\?temporary=1$"))
    expect(chat_links(page)).to_have_count(0)
    assert f"{SECRET}, quickly" not in everything_stored(app)


def test_an_answer_that_is_asked_for_again_is_the_model_s_that_was_chosen_since(
    provider: FakeProvider, page: Page
) -> None:
    provider.default = Answer(status=401)
    sign_up(page, "Alice")
    begin_temporary(page)
    send(page, "Is anybody there?")
    expect_status(page, "failed")
    provider.default = Answer(text="Here I am.")
    for model, again in (("another/model", "Retry"), ("a-third", "Regenerate")):
        page.get_by_role("button", name=re.compile("^Model: ")).click()
        search = page.get_by_role("combobox", name="Search models", exact=True)
        expect(search).to_be_focused()
        search.fill(model)
        search.press("Enter")
        expect(button(page, f"Model: {model}")).to_be_visible()
        asked = len(provider.requests)
        answer(page).hover()
        button(answer(page), again).click()
        assert provider.wait_for_request(asked).model == model
        expect_status(page, "complete")
