"""What a model thinks before it answers, and what an answer took, as a person sees it."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.steps import (
    answer,
    begin_chat,
    button,
    expect_chat_ready,
    expect_status,
    send,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate

THOUGHTS = ("The tide follows", " the **moon**.\n\n", "Twice a day, then.")
THOUGHT_FOR = re.compile(r"^Thought for \d+ seconds?$")


def test_thoughts_are_live_folded_away_and_kept_and_the_details_tell_what_it_took(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    gate = Gate(after=2)
    counted = {"prompt_tokens": 1234, "completion_tokens": 56}
    provider.enqueue(
        Answer(text="Twice a day.", reasoning=THOUGHTS, thought_gate=gate, usage=counted)
    )
    send(page, "How often is there a tide?")
    thinking = button(answer(page), "Thinking…")
    expect(thinking).to_have_attribute("aria-expanded", "false")
    page.reload()  # in mid-thought
    thinking.click()
    expect(answer(page)).to_contain_text("The tide follows the moon.")
    assert answer(page).locator("strong").inner_text() == "moon"
    expect_status(page, "generating")

    gate.open()
    expect_status(page, "complete")
    thought = answer(page).get_by_role("button", name=THOUGHT_FOR)
    expect(thought).to_have_attribute("aria-expanded", "true")
    expect(answer(page)).to_contain_text("Twice a day, then.")
    label = thought.inner_text()
    thought.click()
    expect(answer(page)).not_to_contain_text("moon")

    page.reload()
    expect_chat_ready(page)
    expect(thought).to_have_text(label)
    thought.press("Enter")
    expect(answer(page)).to_contain_text("The tide follows the moon.")

    details = button(answer(page), "Answer details")
    details.press("Enter")
    dialog = page.get_by_role("dialog", name="Answer details", exact=True)
    for fact in ("1,234", "56", "tokens/s"):
        expect(dialog).to_contain_text(fact)
    expect(dialog).not_to_contain_text("about")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(details).to_be_focused()


def test_long_thoughts_come_whole_when_asked_for_and_an_estimate_says_so(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    provider.enqueue(Answer(text="Yes.", reasoning=("Hm. " * 6_000, "And so it is.")))
    chat = begin_chat(page, "Is it?")
    page = page.context.new_page()  # which has not followed the answer, and so has not all of it
    page.goto(chat)
    expect_chat_ready(page)
    answer(page).get_by_role("button", name=THOUGHT_FOR).click()
    expect(answer(page)).to_contain_text("Hm. Hm.")
    expect(answer(page)).not_to_contain_text("And so it is.")
    button(answer(page), "Show all thoughts").click()
    expect(answer(page)).to_contain_text("And so it is.")
    button(answer(page), "Answer details").click()
    expect(page.get_by_role("dialog", name="Answer details", exact=True)).to_contain_text("about")
