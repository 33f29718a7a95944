"""What a person does in the browser, by the names of the interface's contract."""

import re
import uuid
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

PASSWORD = "a horse reads the paper"
CHAT_URL = re.compile(r"/projects/[0-9a-f-]{36}/chat/[0-9a-f-]{36}$")


@dataclass(frozen=True)
class Account:
    """What somebody types to sign in."""

    name: str
    email: str
    password: str = PASSWORD


def account(name: str) -> Account:
    """Somebody whom the server has not met yet."""
    return Account(name, f"{name.lower()}-{uuid.uuid4().hex[:10]}@example.org")


def sign_up(page: Page, name: str) -> Account:
    """Come with a fresh account and stand in its first chat, without filling in the form."""
    somebody = account(name)
    form = {"name": name, "email": somebody.email, "password": somebody.password}
    response = page.request.post("/api/auth/register", data=form)
    assert response.ok, response.text()
    page.goto(response.json()["next"])
    expect_chat_ready(page)
    return somebody


def register(page: Page, somebody: Account) -> None:
    """Fill in the form for a new account."""
    page.goto("/register")
    page.get_by_role("textbox", name="Name", exact=True).fill(somebody.name)
    page.get_by_role("textbox", name="Email", exact=True).fill(somebody.email)
    page.get_by_role("textbox", name="Password", exact=True).fill(somebody.password)
    button(page, "Create account").click()


def sign_in(page: Page, somebody: Account, password: str | None = None) -> None:
    """Fill in the form on the sign-in page."""
    if "/login" not in page.url:
        page.goto("/login")
    page.get_by_role("textbox", name="Email", exact=True).fill(somebody.email)
    page.get_by_role("textbox", name="Password", exact=True).fill(password or somebody.password)
    button(page, "Sign in").click()


def open_account_menu(page: Page) -> None:
    """Click on one's own name, once it is there: before, the page has been sent and does nothing."""
    expect(button(page, "Account menu")).to_contain_text(re.compile(r"\S"))
    button(page, "Account menu").click()


def sign_out(page: Page) -> None:
    """Sign out by the account menu."""
    open_account_menu(page)
    page.get_by_role("menuitem", name="Sign out", exact=True).click()
    expect_login(page)


def create_project(page: Page, name: str, system_prompt: str = "") -> str:
    """Make a project and stand in its first chat; gives its id."""
    page.goto("/projects")
    expect_loaded(page)
    button(page, "New project").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Project name", exact=True).fill(name)
    dialog.get_by_role("textbox", name="System prompt", exact=True).fill(system_prompt)
    button(dialog, "Create project").click()
    page.wait_for_url(re.compile(r"/projects/[0-9a-f-]{36}/chat/?$"))
    expect(composer(page)).to_have_attribute("placeholder", f"Message {name}")
    return page.url.split("/projects/")[1].split("/")[0]


def button(place: Page | Locator, name: str) -> Locator:
    """The button with exactly this name."""
    return place.get_by_role("button", name=name, exact=True)


def choose(page: Page, menu: Locator, item: str) -> None:
    """Choose from a menu as those do who have no mouse."""
    menu.focus()
    page.keyboard.press("Enter")
    choose_in_open_menu(page, item)


def choose_in_open_menu(page: Page, name: str) -> None:
    """Go down the open menu to this item and take it."""
    items = page.get_by_role("menuitem")
    expect(page.get_by_role("menuitem", name=name, exact=True)).to_be_visible()
    for item in items.all():
        expect(item).to_be_focused()  # else an arrow too many leads past what is wanted
        if item.inner_text() == name:
            page.keyboard.press("Enter")
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{name} is not reached by the arrow keys")


def composer(page: Page) -> Locator:
    """Where a message is written."""
    return page.get_by_role("textbox", name="Message", exact=True)


def send(page: Page, text: str) -> None:
    """Write a message and send it with Enter."""
    composer(page).fill(text)
    composer(page).press("Enter")


def begin_chat(page: Page, text: str) -> str:
    """Send the first message of a new chat and wait for its answer to end; gives the chat's URL."""
    send(page, text)
    page.wait_for_url(CHAT_URL)
    expect_status(page, "complete")
    return page.url


def new_chat(page: Page) -> None:
    """Go to a new chat by its button, and wait until the composer is that one's."""
    button(page, "New chat").click()
    page.wait_for_url(re.compile(r"/chat/?$"))
    expect(composer(page)).to_have_attribute("data-draft", re.compile("/$"))


def messages(page: Page, role: str) -> Locator:
    """The messages of this role."""
    return page.get_by_role("log", name="Conversation").locator(f"article[data-role={role}]")


def answer(page: Page) -> Locator:
    """The newest answer."""
    return messages(page, "assistant").last


def message_id(message: Locator) -> str:
    """The id that the database knows this message by."""
    found = message.get_attribute("data-message-id")
    assert found
    return found


def text_of(message: Locator) -> str:
    """An answer's text as it is read, with each run of white space as one blank."""
    return " ".join(message.locator(".prose").inner_text().split())


def copied(page: Page, message: Locator) -> str:
    """What its Copy button puts on the clipboard."""
    page.evaluate("navigator.clipboard.writeText('nothing was copied')")
    message.hover()
    button(message, "Copy").click()
    page.wait_for_function(
        "async () => await navigator.clipboard.readText() != 'nothing was copied'"
    )
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def expect_copied(page: Page, text: str) -> None:
    """The clipboard comes to hold this. What a button says of it is gone after a second and a half."""
    page.wait_for_function("async text => await navigator.clipboard.readText() === text", arg=text)


def chat_links(page: Page) -> Locator:
    """The chats in the rail."""
    return page.get_by_role("navigation", name="Chats").get_by_role("link")


def alert(page: Page, text: str | re.Pattern[str]) -> Locator:
    """An announced sentence with these words."""
    return page.get_by_role("alert").filter(has_text=text)


def expect_gone(found: Locator) -> None:
    """It was there and is not any more; that a menu or a dialog, open or closing, hides it from
    everybody's roles is no sign of that.
    """
    expect(found.page.locator("[data-aria-hidden]")).to_have_count(0)
    expect(found).to_have_count(0)


def expect_loaded(page: Page) -> None:
    """What the page shows is there, and no place is kept for what is still on its way."""
    expect(page.locator(".skeleton").filter(visible=True)).to_have_count(0)


def expect_alive(found: Locator) -> None:
    """It is React's, and no longer only what was sent: it does something when it is clicked on."""
    found.page.wait_for_function(
        "element => Object.keys(element).some(key => key.startsWith('__reactProps'))",
        arg=found.element_handle(),
    )


def expect_chat_ready(page: Page) -> None:
    """The chat has loaded: the composer names its project."""
    expect(composer(page)).to_have_attribute("placeholder", re.compile("^Message "))


def expect_status(page: Page, status: str) -> None:
    """The newest answer has this status."""
    expect(answer(page)).to_have_attribute("data-status", status)


def expect_login(page: Page) -> None:
    """One stands at the sign-in page."""
    page.wait_for_url(re.compile("/login"))
    expect(button(page, "Sign in")).to_be_visible()


def expect_not_found(page: Page) -> None:
    """The page says that there is nothing."""
    expect(page.get_by_role("heading", name="Page not found", exact=True)).to_be_visible()
