"""The main job from end to end, in one walk."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.steps import (
    CHAT_URL,
    account,
    answer,
    button,
    chat_links,
    composer,
    copied,
    create_project,
    expect_chat_ready,
    expect_login,
    expect_status,
    message_id,
    messages,
    register,
    send,
    sign_in,
    sign_out,
    text_of,
)
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.sample_text import tokens_of
from tests.served import Served

STORY = "".join(
    f"Part {number}: the ferry leaves at *seven*, naïve visitors meet **gulls** — 鷗が三羽 🌊.\n\n"
    for number in range(1, 13)
)
READ = " ".join(STORY.replace("*", "").split())


def test_from_registration_to_a_chat_that_survives_reloads_and_is_shut_after_signing_out(
    app: Served, provider: FakeProvider, page: Page
) -> None:
    somebody = account("Alice")
    register(page, somebody)
    expect_chat_ready(page)
    sign_out(page)
    sign_in(page, somebody)
    expect_chat_ready(page)

    project_id = create_project(page, "Harbour guide", "You know ships.")
    page.goto(f"/projects/{project_id}")
    prompt = page.get_by_role("textbox", name="System prompt", exact=True)
    expect(prompt).to_have_value("You know ships.")
    prompt.fill("You know harbours,\nand speak like a pirate.")
    button(page, "Save changes").click()
    saved = page.get_by_role("status").filter(has_text="Saved")
    expect(saved).to_be_visible()
    prompt.press_sequentially("!")
    expect(saved).to_have_count(0)  # for what stands there is not

    page.goto(f"/projects/{project_id}/chat")
    expect_chat_ready(page)
    pieces = tuple(tokens_of(STORY))
    gate = Gate(after=len(pieces) // 2)
    provider.enqueue(Answer(pieces=pieces, gate=gate))
    send(page, "When does the ferry leave?")
    page.wait_for_url(CHAT_URL)
    request = provider.wait_for_request()
    assert request.messages == [
        {"role": "system", "content": "You know harbours,\nand speak like a pirate."},
        {"role": "user", "content": "When does the ferry leave?"},
    ]
    assert request.model == "fake-model"
    gate.wait_reached()
    expect(answer(page)).to_contain_text("Part 5: the ferry")

    page.reload()
    expect_status(page, "generating")
    expect(answer(page)).to_contain_text("Part 5: the ferry")
    assert READ.startswith(text_of(answer(page)))
    gate.open()
    expect_status(page, "complete")
    assert text_of(answer(page)) == READ
    assert copied(page, answer(page)) == STORY
    assert app.message(message_id(answer(page))) == ("complete", STORY)

    page.reload()
    expect_status(page, "complete")
    expect(messages(page, "user")).to_have_text("When does the ferry leave?")
    expect(messages(page, "assistant")).to_have_count(1)
    assert text_of(answer(page)) == READ
    assert copied(page, answer(page)) == STORY
    expect(chat_links(page)).to_have_count(1)
    expect(composer(page)).to_have_value("")
    provider.expect_requests(1)

    chat_url = page.url
    sign_out(page)
    page.go_back()
    expect_login(page)
    for address in ("/projects", f"/projects/{project_id}", "/settings", chat_url):
        page.goto(address)
        expect_login(page)
        assert "ferry" not in page.content()
        assert "Harbour guide" not in page.content()
    sign_in(page, somebody)  # and the last address is where one comes back to
    page.wait_for_url(re.compile(re.escape(chat_url)))
    expect_status(page, "complete")
