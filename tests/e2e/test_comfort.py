"""What makes it comfortable: shortcuts that can be looked up, and a focus that is never lost."""

from playwright.sync_api import Page, expect

from tests.e2e.steps import begin_chat, button, composer, sign_up


def test_a_question_mark_shows_the_shortcuts_but_not_in_a_text(page: Page) -> None:
    sign_up(page, "Alice")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    composer(page).press_sequentially("Why?")
    expect(composer(page)).to_have_value("Why?")
    expect(sheet).to_have_count(0)

    button(page, "New chat").focus()
    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    expect(sheet).to_contain_text("Bring back your last message")
    expect(button(sheet, "Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(button(page, "New chat")).to_be_focused()

    button(page, "Account menu").click()
    page.get_by_role("menuitem", name="Keyboard shortcuts", exact=True).click()
    expect(sheet).to_be_visible()
    button(sheet, "Close").click()
    expect(sheet).to_be_hidden()


def test_the_focus_comes_back_from_where_it_went(page: Page) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    button(page, "Chat menu").press("Enter")
    page.get_by_role("menuitem", name="Share", exact=True).press("Enter")
    expect(page.get_by_role("dialog", name="Share this chat")).to_be_visible()
    page.keyboard.press("Escape")
    expect(button(page, "Chat menu")).to_be_focused()
