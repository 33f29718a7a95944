"""Looking after a site, as administrators do it in the browser."""

import contextlib
import re
import sqlite3
import time

from playwright.sync_api import Locator, Page, expect

from chatbot_app.services.sessions import REMEMBERED
from tests.browsers import OpenPage
from tests.e2e.steps import (
    Account,
    account,
    alert,
    begin_chat,
    button,
    expect_chat_ready,
    expect_gone,
    expect_login,
    open_account_menu,
    register,
    sign_in,
    sign_up,
)
from tests.fake_provider import FakeProvider
from tests.served import Served


def make_admin(app: Served, somebody: Account) -> None:
    """Let somebody look after the site, and the server notice it."""
    with contextlib.closing(sqlite3.connect(app.data / "chatbot.db")) as connection:
        connection.execute(
            "UPDATE user_account SET role = 'admin' WHERE email = ?", [somebody.email]
        )
        connection.commit()
    time.sleep(REMEMBERED + 0.2)


def administer(app: Served, page: Page) -> Account:
    """Come as an administrator, and go to the users by the menu."""
    chief = sign_up(page, "Chief")
    make_admin(app, chief)
    page.reload()
    open_account_menu(page)
    page.get_by_role("menuitem", name="Administration", exact=True).click()
    expect(page.get_by_role("table", name="Users", exact=True)).to_be_visible()
    return chief


def find(page: Page, somebody: Account) -> Locator:
    """Search for somebody; gives their row."""
    field = page.get_by_role("searchbox", name="Search users", exact=True)
    field.fill(somebody.email)
    field.press("Enter")
    row = page.get_by_role("row").filter(has_text=somebody.email)
    expect(page.get_by_role("row")).to_have_count(2)
    expect(row).to_be_visible()
    return row


def act(page: Page, somebody: Account, what: str) -> None:
    button(page, f"Actions for {somebody.email}").click()
    page.get_by_role("menuitem", name=what, exact=True).click()


def test_whoever_is_no_administrator_finds_no_such_page(page: Page) -> None:
    sign_up(page, "Alice")
    button(page, "Account menu").click()
    expect(page.get_by_role("menuitem", name="Settings", exact=True)).to_be_visible()
    expect(page.get_by_role("menuitem", name="Administration", exact=True)).to_have_count(0)
    for path in ("/admin", "/admin/invitations", "/admin/audit"):
        page.goto(path)
        expect(page.get_by_role("heading", name="Page not found", exact=True)).to_be_visible()
        expect(page.get_by_role("table")).to_have_count(0)


def test_somebody_is_disabled_and_enabled_and_the_audit_tells_of_it(
    app: Served, page: Page, open_page: OpenPage
) -> None:
    theirs = open_page()
    bob = sign_up(theirs, "Bob")
    chief = administer(app, page)
    row = find(page, bob)
    expect(row.get_by_text("Active", exact=True)).to_be_visible()

    act(page, bob, "Disable")
    expect(row.get_by_text("Disabled", exact=True)).to_be_visible()
    button(theirs, "Account menu").click()
    theirs.get_by_role("menuitem", name="Settings", exact=True).click()
    expect_login(theirs)
    sign_in(theirs, bob)
    expect(alert(theirs, "disabled")).to_be_visible()

    act(page, bob, "Enable")
    expect(row.get_by_text("Active", exact=True)).to_be_visible()
    sign_in(theirs, bob)
    expect(theirs.get_by_role("heading", name="Settings", exact=True)).to_be_visible()

    page.get_by_role("link", name="Audit log", exact=True).click()
    table = page.get_by_role("table", name="Audit log", exact=True)
    expect(table).to_be_visible()
    page.get_by_role("textbox", name="Email", exact=True).fill(bob.email)
    page.get_by_role("combobox", name="Outcome", exact=True).select_option("Done")
    button(page, "Show").click()
    rows = table.locator("tbody").get_by_role("row")
    expect(rows).to_have_text(
        [
            re.compile("Sign-in"),
            re.compile(f"Account enabled.*{chief.email}.*{bob.email}"),
            re.compile(f"Account disabled.*{chief.email}.*{bob.email}"),
            re.compile("Registration"),
        ]
    )
    page.get_by_role("combobox", name="Outcome", exact=True).select_option("Refused")
    button(page, "Show").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("the account is disabled")
    page.get_by_role("textbox", name="Email", exact=True).fill("no address")
    button(page, "Show").click()
    expect(alert(page, "doesn't look like an email")).to_be_visible()
    expect(page.get_by_role("textbox", name="Email", exact=True)).to_have_value("no address")


def test_a_role_is_given_and_counts_in_the_open_page(
    app: Served, page: Page, open_page: OpenPage
) -> None:
    theirs = open_page()
    bob = sign_up(theirs, "Bob")
    administer(app, page)
    row = find(page, bob)

    act(page, bob, "Make administrator")
    expect(row.get_by_text("Administrator", exact=True)).to_be_visible()
    theirs.goto("/admin")
    expect(theirs.get_by_role("table", name="Users", exact=True)).to_be_visible()

    act(page, bob, "Make user")
    expect_gone(row.get_by_text("Administrator", exact=True))
    button(theirs, "Find").click()
    expect(theirs.get_by_role("heading", name="Page not found", exact=True)).to_be_visible()
    expect(theirs.get_by_role("table")).to_have_count(0)


def test_an_account_is_deleted_once_its_email_is_typed(
    app: Served, page: Page, open_page: OpenPage, provider: FakeProvider
) -> None:
    theirs = open_page()
    bob = sign_up(theirs, "Bob")
    begin_chat(theirs, "Hello")
    administer(app, page)
    row = find(page, bob)

    act(page, bob, "Delete")
    dialog = page.get_by_role("alertdialog")
    email = dialog.get_by_role("textbox", name="Email", exact=True)
    expect(email).to_be_focused()
    email.fill("bob")
    button(dialog, "Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("not the email")
    button(dialog, "Cancel").click()
    expect(dialog).to_have_count(0)
    expect(button(page, f"Actions for {bob.email}")).to_be_focused()
    expect(row).to_be_visible()

    act(page, bob, "Delete")
    dialog.get_by_role("textbox", name="Email", exact=True).fill(bob.email)
    button(dialog, "Delete").click()
    expect(dialog).to_have_count(0)
    expect_gone(row)
    assert app.query("SELECT count(*) FROM user_account WHERE email = :e", e=bob.email) == [(0,)]
    theirs.reload()
    expect_login(theirs)


def test_somebody_is_invited_by_a_link_that_is_shown_once(
    app: Served, page: Page, open_page: OpenPage
) -> None:
    administer(app, page)
    page.get_by_role("link", name="Invitations", exact=True).click()
    button(page, "Invite somebody").click()
    eve = account("Eve")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Email", exact=True).fill(eve.email)
    button(dialog, "Create invitation").click()
    expect(dialog.locator("code")).to_contain_text("/register#")
    link = dialog.locator("code").inner_text()
    button(dialog, "Done").click()
    row = page.get_by_role("row").filter(has_text=eve.email)
    expect(row).to_be_visible()
    assert link.partition("#")[2] not in page.content()

    theirs = open_page()
    theirs.goto(link)
    register_here(theirs, eve)
    expect_chat_ready(theirs)
    page.reload()
    expect(page.get_by_role("heading", name="Administration", exact=True)).to_be_visible()
    expect(button(page, "Invite somebody")).to_be_visible()  # it comes with the list
    expect_gone(row)


def register_here(page: Page, somebody: Account) -> None:
    """Fill in the form that the link led to."""
    page.get_by_role("textbox", name="Name", exact=True).fill(somebody.name)
    page.get_by_role("textbox", name="Email", exact=True).fill(somebody.email)
    page.get_by_role("textbox", name="Password", exact=True).fill(somebody.password)
    button(page, "Create account").click()


def test_an_invitation_is_withdrawn(app: Served, page: Page) -> None:
    administer(app, page)
    page.goto("/admin/invitations")
    button(page, "Invite somebody").click()
    fay = account("Fay")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Email", exact=True).fill(fay.email)
    button(dialog, "Create invitation").click()
    button(dialog, "Done").click()
    row = page.get_by_role("row").filter(has_text=fay.email)
    button(row, "Withdraw").click()
    expect_gone(row)


def test_users_are_looked_after_by_keyboard_alone(
    app: Served, page: Page, open_page: OpenPage
) -> None:
    theirs = open_page()
    bob = account("Bob")
    register(theirs, bob)
    expect_chat_ready(theirs)
    administer(app, page)
    row = find(page, bob)
    actions = button(page, f"Actions for {bob.email}")
    for _ in range(20):
        page.keyboard.press("Tab")
        if actions.evaluate("element => element === document.activeElement"):
            break
    expect(actions).to_be_focused()
    page.keyboard.press("Enter")
    for item in ("Make administrator", "Sign out everywhere", "Disable"):
        expect(page.locator("[role=menuitem]:focus")).to_have_text(item)
        if item != "Disable":
            page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(row.get_by_text("Disabled", exact=True)).to_be_visible()
    expect(actions).to_be_focused()
