"""Two people on one server see nothing of each other."""

import re

from playwright.sync_api import Page, WebSocket, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    account,
    answer,
    begin_chat,
    button,
    composer,
    create_project,
    expect_chat_ready,
    expect_login,
    expect_not_found,
    expect_status,
    register,
    sign_in,
    sign_out,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider
from tests.served import Served

PROJECT = "Walrus research"
PROMPT = "Speak of walruses only."
QUESTION = "Where is the treasure?"
ANSWER = "Under the lighthouse."
SECRETS = (PROJECT, PROMPT, QUESTION, ANSWER)


def test_a_stranger_finds_nothing_at_the_owners_addresses(
    provider: FakeProvider, page: Page, open_page: OpenPage
) -> None:
    project_id, chat_url = _confide(page, provider)
    stranger = open_page()
    sign_up(stranger, "Charlie")
    seen = _frames(stranger)
    own_project = stranger.url.split("/projects/")[1].split("/")[0]
    chat_id = chat_url.rsplit("/", 1)[1]
    for address in (
        f"/projects/{project_id}",
        f"/projects/{project_id}/chat",
        chat_url,
        f"/projects/{own_project}/chat/{chat_id}",
    ):
        stranger.goto(f"/projects/{own_project}/chat")  # or the page could still be the one before
        expect_chat_ready(stranger)
        stranger.goto(address)
        expect_not_found(stranger)
        _expect_nothing_of_it(stranger.content())
    stranger.goto("/projects")
    expect(stranger.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    _expect_nothing_of_it(stranger.content())
    assert seen
    _expect_nothing_of_it("".join(seen))


def test_the_next_person_in_the_same_tab_sees_nothing_of_the_one_before(
    provider: FakeProvider, page: Page
) -> None:
    seen = _frames(page)
    _project_id, chat_url = _confide(page, provider)
    assert any(QUESTION in frame for frame in seen), "the frames can't be read"
    sign_out(page)
    seen.clear()

    register(page, account("Charlie"))
    expect_chat_ready(page)
    _expect_nothing_of_it(page.content())
    begin_chat(page, "Hello")
    page.goto("/projects")
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    page.goto(chat_url)
    expect_not_found(page)
    _expect_nothing_of_it(page.content())
    assert seen
    _expect_nothing_of_it("".join(seen))


def test_signing_out_in_one_tab_leads_the_other_away_and_leaves_no_draft(
    app: Served, provider: FakeProvider, page: Page
) -> None:
    somebody = sign_up(page, "Alice")
    chat_url = begin_chat(page, "Hello")
    composer(page).fill("Words that were not sent")
    page.wait_for_function(
        "text => Object.values(localStorage).includes(text)", arg="Words that were not sent"
    )
    other = page.context.new_page()
    other.goto(chat_url)
    expect(composer(other)).to_have_value("Words that were not sent")
    sign_out(page)

    expect_login(other)
    assert "Words that were not sent" not in other.evaluate("JSON.stringify({...localStorage})")
    provider.expect_requests(1)
    sign_in(other, somebody)
    other.wait_for_url(re.compile(re.escape(chat_url)))
    expect_status(other, "complete")
    expect(composer(other)).to_have_value("")


def _confide(page: Page, provider: FakeProvider) -> tuple[str, str]:
    provider.enqueue(Answer(text=ANSWER))
    sign_up(page, "Alice")
    project_id = create_project(page, PROJECT, PROMPT)
    chat_url = begin_chat(page, QUESTION)
    expect(answer(page)).to_contain_text(ANSWER)
    expect(button(page, "Account menu")).to_be_visible()
    return project_id, chat_url


def _frames(page: Page) -> list[str]:
    """Collect what this page's websockets receive from now on."""
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(str(frame)))

    page.on("websocket", listen)
    return frames


def _expect_nothing_of_it(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []
