"""The product in another language, from the first byte to the last sentence."""

import html
import re

from babel.messages.pofile import read_po
from playwright.sync_api import ConsoleMessage, Page, expect

from chatbot_app.words import LOCALES
from tests.browsers import OpenPage
from tests.e2e.steps import CHAT_URL, PASSWORD, account, button, expect_loaded
from tests.e2e.test_administration import make_admin
from tests.fake_provider import FakeProvider
from tests.served import Served

SIGNED_OUT = ["/", "/login", "/register", "/forgot", "/reset", "/verify", "/login/code", "/nowhere"]
SIGNED_IN = ["/projects", "/archived", "/settings", "/admin", "/admin/invitations", "/admin/audit"]

SHOWN = """() => {
  const texts = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const { data, parentElement } = walk.currentNode;
    if (!parentElement.closest("script, style")) texts.push(data);
  }
  for (const element of document.body.querySelectorAll("*"))
    for (const name of ["aria-label", "placeholder", "title", "alt", "data-tip", "data-head"])
      if (element.hasAttribute(name)) texts.push(element.getAttribute(name));
  return texts.map((text) => text.trim()).filter(Boolean);
}"""


def english() -> set[str]:
    """Give the sentences that are another in German."""
    with (LOCALES / "de/LC_MESSAGES/messages.po").open("rb") as file:
        return {str(m.id) for m in read_po(file) if m.id and m.string and m.id != m.string}


def expect_german(page: Page, path: str, known: set[str]) -> None:
    """Open a page: what is sent is in German, and so is what it becomes."""
    response = page.goto(path)
    assert response
    sent = {html.unescape(text).strip() for text in re.findall(">([^<]+)<", response.text())}
    assert sent & known == set(), path
    expect(page.locator("h1, article").first).to_be_visible()
    expect_loaded(page)
    assert page.evaluate("document.documentElement.lang") == "de", path
    assert set(page.evaluate(SHOWN)) & known == set(), path


def test_who_reads_german_sees_nothing_else_and_no_page_is_drawn_twice(
    app: Served, provider: FakeProvider, open_page: OpenPage
) -> None:
    page = open_page(locale="de-AT", color_scheme="dark")
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and "Failed to load" not in message.text:
            said.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    known = english()
    for path in SIGNED_OUT:
        expect_german(page, path, known)

    dana = account("Dana")
    page.goto("/register")
    page.get_by_role("textbox", name="Name", exact=True).fill(dana.name)
    page.get_by_role("textbox", name="E-Mail", exact=True).fill(dana.email)
    page.get_by_role("textbox", name="Passwort", exact=True).fill("zu kurz")
    button(page, "Konto anlegen").click()
    expect(page.get_by_role("alert")).to_have_text(
        "Das Passwort hat 7 Zeichen; es braucht mindestens 15."
        " Ein paar Wörter hintereinander merkst du dir leicht."
    )
    page.get_by_role("textbox", name="Passwort", exact=True).fill(PASSWORD)
    button(page, "Konto anlegen").click()
    page.wait_for_url(re.compile("/chat"))
    expect(page.get_by_text("Allgemeiner Assistent").first).to_be_visible()

    page.get_by_role("textbox", name="Nachricht", exact=True).fill("Hallo?")
    button(page, "Senden").click()
    page.wait_for_url(CHAT_URL)
    expect(page.locator("article[data-status=complete][data-role=assistant]")).to_be_visible()
    make_admin(app, dana)
    chat = page.url.removeprefix(app.url)
    for path in [chat, chat.partition("/chat")[0], *SIGNED_IN]:
        expect_german(page, path, known)
    page.goto("/settings")
    page.get_by_role("textbox", name="Name", exact=True).fill("")
    button(page, "Änderungen speichern").click()  # an event, and what the server says to it
    expect(page.get_by_role("alert")).to_have_text("Der Name darf nicht leer sein.")
    assert said == []


def test_the_language_is_chosen_at_the_entrance_and_kept(
    page: Page, provider: FakeProvider
) -> None:
    page.goto("/login")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("combobox", name="Language", exact=True).select_option("Deutsch")
    expect(page.get_by_role("heading", name="Willkommen zurück", exact=True)).to_be_visible()
    page.get_by_role("link", name="Leg ein Konto an", exact=True).click()
    expect(page.get_by_role("heading", name="Konto anlegen", exact=True)).to_be_visible()
    choice = page.get_by_role("combobox", name="Sprache", exact=True)
    expect(choice).to_have_value("de")
    choice.select_option("Systemsprache")
    expect(page.get_by_role("heading", name="Create your account", exact=True)).to_be_visible()
    assert "language" not in {cookie["name"] for cookie in page.context.cookies()}


def test_what_is_typed_and_the_link_that_led_there_go_along_to_another_language(
    page: Page, provider: FakeProvider
) -> None:
    page.goto("/register#the-token")
    page.get_by_role("textbox", name="Name", exact=True).fill("Alice")
    page.get_by_role("textbox", name="Email", exact=True).fill("alice@example.org")
    page.get_by_role("textbox", name="Password", exact=True).fill(PASSWORD)
    page.get_by_role("combobox", name="Language", exact=True).select_option("Deutsch")
    expect(page.get_by_role("heading", name="Konto anlegen", exact=True)).to_be_visible()
    expect_loaded(page)
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value("Alice")
    expect(page.get_by_role("textbox", name="E-Mail", exact=True)).to_have_value(
        "alice@example.org"
    )
    expect(page.get_by_role("textbox", name="Passwort", exact=True)).to_have_value("")
    assert page.evaluate("window.chatbotLinkToken") == "the-token"
    assert page.url.endswith("/register")
    assert "typed" not in page.evaluate("history.state")
