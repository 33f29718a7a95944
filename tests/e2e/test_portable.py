"""Chats as files, in the browser: taken along from the menu, and brought in from the settings."""

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.steps import (
    alert,
    begin_chat,
    button,
    chat_links,
    expect_loaded,
    expect_status,
    messages,
    sign_up,
    text_of,
)
from tests.fake_provider import FakeProvider


def test_a_chat_is_exported_and_comes_back_from_its_file(
    page: Page, provider: FakeProvider, tmp_path: Path
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Where is the treasure?")
    markdown = _exported(page, "Export as Markdown")
    assert re.search(r"\.md$", str(markdown))
    assert "A **short** answer." in markdown.read_text()
    kept = tmp_path / "kept.json"
    found = json.loads(_exported(page, "Export as JSON").read_text())
    found["chat"]["title"] = "The treasure, again"
    found["chat"]["messages"][0]["content"] += " I forgot."
    kept.write_text(json.dumps(found))

    page.goto("/settings")
    expect_loaded(page)
    button(page, "Import").click()
    expect(alert(page, "Please choose a file first.")).to_be_visible()
    broken = tmp_path / "broken.json"
    broken.write_text(kept.read_text()[:-20])
    _import(page, broken)
    expect(alert(page, "can't be read")).to_be_visible()
    _import(page, kept)
    expect(page.get_by_role("status").filter(has_text="Imported 1 chat")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("link", name="Open the imported chats", exact=True).click()
    chat_links(page).filter(has_text="The treasure, again").click()
    expect_status(page, "complete")
    assert text_of(messages(page, "assistant").last) == "A short answer."
    expect(messages(page, "user").last).to_contain_text("I forgot.")


def _exported(page: Page, item: str) -> Path:
    link = chat_links(page).first
    link.hover()
    _actions(link).click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name=item, exact=True).press("Enter")
    assert "treasure" in download.value.suggested_filename
    name = download.value.suggested_filename
    kept = Path(str(download.value.path())).with_name(name)
    download.value.save_as(kept)
    return kept


def _actions(link: Locator) -> Locator:
    return button(link.locator("xpath=.."), "Chat actions")


def _import(page: Page, file: Path) -> None:
    page.get_by_label("Chat file", exact=True).set_input_files(file)
    button(page, "Import").click()
