"""What one does to chats: pin, put away, take elsewhere, delete and think better of it; and titles."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    answer,
    begin_chat,
    button,
    chat_links,
    choose,
    composer,
    create_project,
    expect_chat_ready,
    expect_gone,
    messages,
    new_chat,
    send,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.served import Served

ARCHIVED = "This chat is archived."


def actions(page: Page, title: str) -> Locator:
    """The button beside a chat in the rail."""
    line = page.get_by_role("listitem").filter(has=page.get_by_role("link", name=title, exact=True))
    return button(line, "Chat actions")


def group(page: Page, label: str) -> Locator:
    """The chats under this heading."""
    heading = page.get_by_role("heading", name=label, exact=True)
    return page.locator("section").filter(has=heading).get_by_role("link")


def test_chats_are_pinned_put_away_moved_and_deleted_and_come_back(page: Page) -> None:
    sign_up(page, "Alice")
    other = create_project(page, "Travel")
    home = create_project(page, "Home")
    whales = begin_chat(page, "How are whales?")
    new_chat(page)
    moon = begin_chat(page, "What is the moon?")

    # Pinned, from the rail.
    choose(page, actions(page, "How are whales?"), "Pin")
    expect(group(page, "Pinned")).to_have_text(["How are whales?"])
    expect(group(page, "Today")).to_have_text(["What is the moon?"])
    expect(actions(page, "How are whales?")).to_be_focused()
    choose(page, actions(page, "How are whales?"), "Unpin")
    expect(group(page, "Today")).to_have_text(["What is the moon?", "How are whales?"])

    # Archived, from the chat's own menu: it can be read, and comes back with the next question.
    choose(page, button(page, "Chat menu"), "Archive")
    expect(page.get_by_text(ARCHIVED, exact=True)).to_be_visible()
    expect(chat_links(page)).to_have_text(["How are whales?"])
    send(page, "And the sun?")
    expect(page.get_by_text(ARCHIVED, exact=True)).to_be_hidden()
    expect(messages(page, "assistant")).to_have_count(2)
    expect(answer(page)).to_have_attribute("data-status", "complete")
    expect(chat_links(page)).to_have_text(["What is the moon?", "How are whales?"])
    choose(page, actions(page, "How are whales?"), "Archive")
    expect(chat_links(page)).to_have_text(["What is the moon?"])
    button(page, "Switch project").click()
    page.get_by_role("menuitem", name="Archived chats", exact=True).click()
    expect(page).to_have_title("Archived chats")
    expect(page.get_by_role("link", name="How are whales?")).to_contain_text("in Home")
    button(page, "Unarchive How are whales?").click()
    expect(page.get_by_text("Chats that you archive", exact=False)).to_be_visible()
    expect(chat_links(page)).to_have_text(["What is the moon?", "How are whales?"])

    # Moved: the page goes along, and so does who comes by the old address.
    page.goto(moon)
    choose(page, button(page, "Chat menu"), "Move to project")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button")).to_have_text(["Travel", "General assistant", "Cancel"])
    expect(button(dialog, "Travel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button(page, "Chat menu")).to_be_focused()
    choose(page, button(page, "Chat menu"), "Move to project")
    button(dialog, "Travel").click()
    page.wait_for_url(moon.replace(home, other))
    expect(composer(page)).to_have_attribute("placeholder", "Message Travel")
    expect(messages(page, "assistant")).to_have_count(2)
    expect(page.get_by_role("status").filter(has_text="Chat moved to Travel")).to_be_visible()
    page.goto(moon)
    page.wait_for_url(moon.replace(home, other))
    expect(messages(page, "assistant")).to_have_count(2)

    # Deleted: asked first, with the focus in the dialog; and brought back.
    page.goto(whales)
    expect(messages(page, "assistant")).to_have_count(1)
    dialog = page.get_by_role("alertdialog")
    choose(page, actions(page, "How are whales?"), "Delete")
    expect(button(dialog, "Cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(actions(page, "How are whales?")).to_be_focused()
    choose(page, actions(page, "How are whales?"), "Delete")
    expect(button(dialog, "Cancel")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"{home}/chat/?$"))
    expect(dialog).to_have_count(0)
    expect_gone(chat_links(page))
    toast = page.get_by_role("status").filter(has_text="Chat deleted")
    button(toast, "Undo").click()
    page.wait_for_url(whales)
    expect(chat_links(page)).to_have_text(["How are whales?"])
    expect(messages(page, "assistant")).to_have_count(1)
    expect(toast).to_be_hidden()


def test_the_model_names_a_chat_in_all_its_tabs_until_a_person_does(
    open_page: OpenPage, provider: FakeProvider, tmp_path: Path
) -> None:
    with Served(tmp_path, provider.base_url, AUTO_TITLES="1") as served:
        page = open_page(served=served)
        sign_up(page, "Alice")
        title = Gate(after=0)
        provider.enqueue(
            Answer(text="Very little."), Answer(text="“Whales in *winter*.”", gate=title)
        )
        url = begin_chat(page, "What do whales eat in winter?")
        expect(chat_links(page)).to_have_text(["What do whales eat in winter?"])
        second = page.context.new_page()
        second.goto(url)
        expect_chat_ready(second)
        title.open()
        for tab in (page, second):
            expect(tab).to_have_title("Whales in winter")
            expect(chat_links(tab)).to_have_text(["Whales in winter"])

        late = Gate(after=0)
        provider.enqueue(Answer(text="It is cold."), Answer(text="Another", gate=late))
        new_chat(page)
        begin_chat(page, "Why?")
        button(page, "Why?").click()
        page.get_by_role("textbox", name="Chat title", exact=True).fill("Mine")
        page.keyboard.press("Enter")
        expect(page).to_have_title("Mine")
        late.open()
        provider.wait_for_request(3).wait_ended()
        page.reload()
        expect(page).to_have_title("Mine")
