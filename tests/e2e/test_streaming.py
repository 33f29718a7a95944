"""Answers while they are being written, and the ways in which they end."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    CHAT_URL,
    alert,
    answer,
    begin_chat,
    button,
    composer,
    copied,
    expect_chat_ready,
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

PIECES = ("The tide ", "comes in, ", "and the tide ", "goes out.")
TEXT = "".join(PIECES)


WATCH_FOR_DOUBLES = """() => {
  window.doubles = [];
  const look = () => {
    const ids = [...document.querySelectorAll("article")].map((a) => a.dataset.messageId);
    if (new Set(ids).size !== ids.length || ids.length < 2) window.doubles.push(ids);
  };
  new MutationObserver(look).observe(document, {subtree: true, childList: true, attributes: true});
}"""


def said(page: Page) -> Locator:
    """What those hear who don't see the page, of the answer that just ended."""
    return page.locator("[data-scroller] > [role=status]")


def test_stop_keeps_the_text_so_far_and_leaves_the_provider_and_the_next_message_works(
    app: Served, provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=2)
    provider.enqueue(Answer(pieces=PIECES, gate=gate), Answer(text="Second answer."))
    sign_up(page, "Alice")
    send(page, "Tell me of the tide")
    expect(answer(page)).to_contain_text("The tide comes in,")

    button(page, "Stop").click()
    provider.wait_for_request().wait_closed_by_client()

    expect_status(page, "stopped")
    expect(said(page)).to_have_text("You stopped this answer.")
    expect(composer(page)).to_be_focused()
    assert text_of(answer(page)) == "The tide comes in,"
    assert app.message(message_id(answer(page))) == ("stopped", "The tide comes in, ")
    send(page, "Go on")
    expect(messages(page, "assistant")).to_have_count(2)
    expect_status(page, "complete")
    assert text_of(answer(page)) == "Second answer."


def test_stop_works_before_the_first_token(provider: FakeProvider, page: Page) -> None:
    provider.enqueue(Answer(pieces=PIECES, response_delay=60))
    sign_up(page, "Alice")
    send(page, "Are you there?")
    request = provider.wait_for_request()

    button(page, "Stop").click()
    request.wait_closed_by_client()

    expect_status(page, "stopped")
    send(page, "And now?")
    expect(messages(page, "assistant")).to_have_count(2)
    expect_status(page, "complete")


def test_a_double_click_on_send_sends_once(provider: FakeProvider, page: Page) -> None:
    gate = Gate(after=2)
    provider.enqueue(Answer(pieces=PIECES, gate=gate))
    sign_up(page, "Alice")
    composer(page).fill("Only once, please")
    button(page, "Send").dblclick()
    expect(answer(page)).to_contain_text("comes in")
    gate.open()
    expect_status(page, "complete")
    expect(messages(page, "user")).to_have_count(1)
    expect(composer(page)).to_have_value("")
    expect(page.get_by_role("alert").filter(has_text=re.compile(r"\w"))).to_have_count(0)
    provider.expect_requests(1)


def test_the_second_click_of_a_slow_double_click_does_not_stop_the_answer(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=2)
    provider.enqueue(Answer(text="Hello."), Answer(pieces=PIECES, gate=gate))
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    composer(page).fill("Only once, please")
    box = button(page, "Send").bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    expect(button(page, "Stop")).to_be_visible()
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    gate.wait_reached()
    gate.open()
    expect(messages(page, "assistant")).to_have_count(2)
    expect_status(page, "complete")


def test_another_tab_follows_live_and_so_does_one_that_sat_idle(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=2)
    provider.enqueue(Answer(text="Hello."), Answer(pieces=PIECES, gate=gate))
    sign_up(page, "Alice")
    chat_url = begin_chat(page, "Hello")
    idle = page.context.new_page()
    idle.goto(chat_url)
    expect_status(idle, "complete")

    send(page, "Tell me of the tide")
    expect(answer(page)).to_contain_text("The tide comes in,")
    late = page.context.new_page()
    late.goto(chat_url)
    for tab in (idle, late):
        expect(messages(tab, "user").last).to_have_text("Tell me of the tide")
        expect(answer(tab)).to_contain_text("The tide comes in,")
        expect_status(tab, "generating")
    gate.open()
    for tab in (page, idle, late):
        expect_status(tab, "complete")
        expect(messages(tab, "assistant")).to_have_count(2)
        assert text_of(answer(tab)) == TEXT


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        pytest.param(Answer(status=401), "failed", "refused the API key", id="401"),
        pytest.param(Answer(status=404), "failed", "does not know", id="404"),
        pytest.param(
            Answer(status=429, headers={"Retry-After": "7"}), "failed", "too many", id="429"
        ),
        pytest.param(Answer(status=500), "failed", "problem of its own", id="500"),
        pytest.param(
            Answer(pieces=PIECES, stop_after=2, ending="cut"), "interrupted", "broke off", id="cut"
        ),
    ],
)
def test_a_fault_of_the_provider_is_told_in_a_sentence_and_retry_works(
    provider: FakeProvider, page: Page, fault: Answer, status: str, reason: str
) -> None:
    provider.default = fault
    sign_up(page, "Alice")
    send(page, "Tell me of the tide")
    expect_status(page, status)
    expect(answer(page)).to_contain_text(reason)
    if status == "interrupted":
        expect(answer(page)).to_contain_text("The tide comes in,")
    expect(button(answer(page), "Copy")).to_have_count(1 if status == "interrupted" else 0)
    failed = message_id(answer(page))

    provider.default = Answer(pieces=PIECES)
    button(answer(page), "Retry").click()
    expect_status(page, "complete")
    assert text_of(answer(page)) == TEXT
    assert message_id(answer(page)) != failed
    expect(messages(page, "assistant")).to_have_count(1)
    assert provider.requests[-1].messages[-1]["content"] == "Tell me of the tide"
    page.reload()
    expect_status(page, "complete")
    expect(messages(page, "assistant")).to_have_count(1)


def test_an_answer_that_reached_its_length_says_so_and_goes_on_with_continue(
    provider: FakeProvider, page: Page
) -> None:
    provider.enqueue(Answer(pieces=PIECES, stop_after=2, finish_reason="length"))
    provider.default = Answer(pieces=PIECES[2:])
    sign_up(page, "Alice")
    send(page, "Tell me of the tide")
    expect_status(page, "interrupted")
    expect(answer(page)).to_contain_text("The model reached its allowed length here.")
    assert copied(page, answer(page)) == "".join(PIECES[:2])
    cut = message_id(answer(page))

    button(answer(page), "Continue").click()
    expect_status(page, "complete")
    assert text_of(answer(page)) == TEXT
    assert message_id(answer(page)) == cut
    expect(answer(page)).not_to_contain_text("allowed length")


def test_a_provider_that_is_not_there_is_told_and_retry_works_when_it_is(
    start_app: Callable[[FakeProvider], Served], open_page: OpenPage
) -> None:
    with FakeProvider() as away:
        served = start_app(away)
    page = open_page(served=served)
    sign_up(page, "Alice")
    send(page, "Anybody home?")
    expect_status(page, "failed")
    expect(answer(page)).to_contain_text("can't be reached")
    with FakeProvider(port=away.port, default=Answer(text="I am back.")):
        button(answer(page), "Retry").click()
        expect_status(page, "complete")
        assert text_of(answer(page)) == "I am back."


def test_a_message_is_on_the_page_once_also_in_the_moment_an_answer_ends(
    provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=2)
    provider.enqueue(Answer(pieces=PIECES, gate=gate))
    sign_up(page, "Alice")
    send(page, "Tell me of the tide")
    expect(answer(page)).to_contain_text("comes in")
    page.evaluate(WATCH_FOR_DOUBLES)
    gate.open()
    expect_status(page, "complete")
    expect(button(answer(page), "Copy")).to_be_attached()
    assert page.evaluate("window.doubles") == []


def test_a_message_that_is_too_long_is_refused_with_the_numbers_and_stays(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    composer(page).fill("x" * 200_001)
    composer(page).press("Enter")
    expect(alert(page, "200,001")).to_contain_text("200,000")
    assert len(composer(page).input_value()) == 200_001
    expect(messages(page, "user")).to_have_count(0)
    assert not provider.requests


def test_each_chat_keeps_its_draft_over_a_reload(provider: FakeProvider, page: Page) -> None:
    sign_up(page, "Alice")
    first = begin_chat(page, "The first chat")
    composer(page).fill("a draft in the first chat")
    new_chat(page)
    expect(messages(page, "user")).to_have_count(0)
    expect(composer(page)).to_have_value("")
    composer(page).fill("a draft in the new chat")
    page.reload()
    expect_chat_ready(page)
    expect(composer(page)).to_have_value("a draft in the new chat")
    page.goto(first)
    expect_status(page, "complete")
    expect(composer(page)).to_have_value("a draft in the first chat")
    page.reload()
    expect_status(page, "complete")
    expect(composer(page)).to_have_value("a draft in the first chat")


def test_a_new_chat_gets_its_address_without_a_reload(provider: FakeProvider, page: Page) -> None:
    sign_up(page, "Alice")
    assert not CHAT_URL.search(page.url)
    page.evaluate("window.marker = 'still here'")
    begin_chat(page, "A question")
    assert CHAT_URL.search(page.url)
    assert page.evaluate("window.marker") == "still here"
    expect(messages(page, "user")).to_have_text("A question")
