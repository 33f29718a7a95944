"""What assistive technology meets on each page: axe finds nothing serious, in either theme."""

import re

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    begin_chat,
    button,
    chat_links,
    expect_chat_ready,
    expect_loaded,
    expect_not_found,
    sign_up,
)
from tests.e2e.test_administration import make_admin
from tests.fake_provider import Answer, FakeProvider
from tests.served import Served

SERIOUS = ("serious", "critical")

RULES = {"aria-hidden-focus": {"enabled": False}}
"""What lies behind an open menu is hidden from assistive technology and could have the focus still;
Radix holds the focus in the menu for as long (`test_keyboard.py` goes there by keys).
"""

RICH = """## A heading

A [link](https://example.com), `code`, **bold** and a formula $x^2$.

- [x] done
- [ ] to do

| a | b |
|---|---|
| 1 | 2 |

```python
print("hello")
```
"""

SIGNED_OUT = ("/", "/login", "/register", "/forgot", "/nowhere")
SIGNED_IN = ("/projects", "/settings", "/admin", "/admin/invitations", "/admin/audit")


def serious(page: Page) -> list[str]:
    """Say what axe finds on the page as it is, one line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)  # as the developer tools do it: the page itself may not
    found = page.evaluate(
        "(rules) => axe.run(document, {resultTypes: ['violations'], rules})", RULES
    )
    return [
        f"{violation['id']} at {node['target']}: {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


def test_axe_finds_nothing_serious_on_any_page(
    app: Served, provider: FakeProvider, open_page: OpenPage
) -> None:
    provider.default = Answer(text=RICH)
    schemes = ["light", "dark"]
    page = open_page(reduced_motion="reduce", color_scheme=schemes[0])
    found: dict[str, list[str]] = {}

    def look(name: str) -> None:
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            expect_loaded(page)
            expect(page.locator(".radix-themes").first).to_have_class(re.compile(rf"\b{scheme}\b"))
            found[f"{name}, {scheme}"] = serious(page)
        schemes.reverse()  # a page that still loads hears of no change: it is looked at as it came

    for path in SIGNED_OUT:
        page.goto(path)
        look(path)
    somebody = sign_up(page, "Alice")
    make_admin(app, somebody)
    look("a new chat")
    begin_chat(page, "Show me everything")
    look("a chat")
    for opener in ("Account menu", "Chat actions", "Switch project"):
        button(page, opener).first.press("Enter")
        expect(page.get_by_role("menu")).to_be_visible()
        look(opener)
        page.keyboard.press("Escape")
    button(page, "Chat menu").press("Enter")
    page.get_by_role("menuitem", name="Share", exact=True).press("Enter")
    button(page.get_by_role("dialog"), "Create link").click()
    link = page.get_by_role("dialog").get_by_role("link").get_attribute("href")
    look("the dialog about sharing")
    page.keyboard.press("Escape")
    button(page, "New chat").press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    look("the shortcuts")
    page.keyboard.press("Escape")
    chat = page.url
    for path in (*SIGNED_IN, chat.partition("/chat")[0]):
        page.goto(path)
        look(path)
    assert link
    page.goto(link)
    look("a shared chat")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(chat)
    expect_chat_ready(page)
    look("a chat on a phone")
    button(page, "Open navigation").press("Enter")
    look("the drawer")

    told = [f"{name}: {line}" for name, lines in found.items() for line in lines]
    assert not told, "\n".join(told)


CONTRAST = """element => axe.run(element, {runOnly: ["color-contrast"]}).then((found) => ({
  seen: found.passes.length + found.violations.length,
  faint: found.violations.flatMap(({ nodes }) => nodes.map((node) => node.failureSummary)),
}))"""


def expect_readable_under_the_pointer(link: Locator) -> None:
    """Its text keeps its contrast while it is hovered."""
    if not link.page.evaluate("'axe' in window"):
        link.page.evaluate(AXE_SCRIPT)
    link.hover()
    found = link.evaluate(CONTRAST)
    assert found["seen"] > 0
    assert found["faint"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_link_stays_readable_under_the_pointer(
    app: Served, provider: FakeProvider, open_page: OpenPage, scheme: str
) -> None:
    page = open_page(reduced_motion="reduce", color_scheme=scheme)
    page.goto("/")
    for name in ("Create your account", "Sign in"):
        expect_readable_under_the_pointer(page.get_by_role("link", name=name, exact=True))
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    expect_readable_under_the_pointer(chat_links(page).first)
    page.goto("/projects")
    expect_readable_under_the_pointer(page.get_by_role("main").locator(".card-link").first)
    page.goto("/nowhere")
    expect_not_found(page)
    for name in ("Go to your chats", "All projects"):
        expect_readable_under_the_pointer(page.get_by_role("link", name=name, exact=True))
