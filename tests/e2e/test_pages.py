"""What each page is like: its colours, its size, its dialogs, and what it refuses to run."""

import re

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    alert,
    answer,
    begin_chat,
    button,
    chat_links,
    composer,
    create_project,
    expect_chat_ready,
    expect_copied,
    expect_gone,
    expect_login,
    expect_not_found,
    expect_status,
    messages,
    new_chat,
    send,
    sign_in,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.served import Served

PHONE = {"width": 390, "height": 844}

EVIL = """Look:

<script>window.owned = 1</script>

<iframe src="https://evil.example/frame"></iframe>

<img src="https://evil.example/raw.png" onerror="window.owned = 1">

[click me](javascript:window.owned=1) and [a page](https://example.com/page)

![a picture](https://evil.example/pixel.png)

<svg onload="window.owned=1"><a href="data:text/html,x">x</a></svg>

<meta http-equiv="refresh" content="0;url=https://evil.example/"><base href="https://evil.example/">

End of it.
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
def test_every_page_takes_the_colours_of_the_system_fits_and_says_nothing_in_the_console(
    app: Served,
    provider: FakeProvider,
    open_page: OpenPage,
    scheme: str,
    viewport: dict[str, int],
) -> None:
    page = open_page(color_scheme=scheme, viewport=viewport)
    complaints = _complaints(page)
    foreign = _foreign_requests(page, app)
    for address in ("/", "/login", "/login/code", "/register"):
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        _expect_look(page, scheme)
    sign_up(page, "Alice")
    _expect_look(page, scheme)
    project_id = page.url.split("/projects/")[1].split("/")[0]
    provider.enqueue(Answer(tokens=400))
    begin_chat(page, "Tell me everything")
    _expect_look(page, scheme)
    page.reload()
    expect_status(page, "complete")
    for address, heading in (
        ("/projects", "Projects"),
        (f"/projects/{project_id}", "Project settings"),
        ("/settings", "Settings"),
    ):
        page.goto(address)
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        expect(page.locator("main .skeleton")).to_have_count(0)
        _expect_look(page, scheme)
    assert complaints == []
    assert foreign == []


def test_an_address_that_leads_nowhere_says_so(page: Page) -> None:
    for address in ("/nowhere", "/no/where/at/all"):
        page.goto(address)
        expect_not_found(page)
    page.get_by_role("link", name="Go to your chats").click()
    expect(
        page.get_by_role("heading", name="A calm place to talk to your models", exact=True)
    ).to_be_visible()
    sign_up(page, "Alice")
    page.goto("/projects/not-an-id/chat/neither")
    expect_not_found(page)


def test_on_a_phone_the_navigation_is_a_drawer(provider: FakeProvider, open_page: OpenPage) -> None:
    page = open_page(viewport=PHONE)
    sign_up(page, "Alice")
    begin_chat(page, "Hello from a phone")
    expect(button(page, "Account menu")).not_to_be_in_viewport()
    button(page, "Open navigation").click()
    expect(button(page, "Account menu")).to_be_in_viewport()
    button(page, "Account menu").click()
    expect(page.get_by_role("menuitem", name="Sign out", exact=True)).to_be_in_viewport()
    page.keyboard.press("Escape")
    new_chat(page)
    page.wait_for_url(re.compile(r"/chat/?$"))
    expect(messages(page, "user")).to_have_count(0)
    expect(button(page, "New chat")).not_to_be_in_viewport()
    expect(composer(page)).to_be_in_viewport()


def test_a_chat_is_renamed_and_deleted_by_its_menu(provider: FakeProvider, page: Page) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "The first words")
    expect(chat_links(page)).to_have_text("The first words")
    expect(page).to_have_title("The first words")
    _chat_action(page, "Rename")
    title = page.get_by_role("textbox", name="Chat title", exact=True)
    expect(title).to_be_focused()
    page.keyboard.type("A title of my own")  # the old title is selected
    title.press("Enter")
    expect(chat_links(page)).to_have_text("A title of my own")
    expect(page).to_have_title("A title of my own")

    _chat_action(page, "Delete")
    confirmation = page.get_by_role("alertdialog")
    button(confirmation, "Cancel").click()
    expect(confirmation).to_have_count(0)
    expect(chat_links(page)).to_have_count(1)
    expect(answer(page)).to_be_visible()

    old = page.url
    _chat_action(page, "Delete")
    button(page.get_by_role("alertdialog"), "Delete").click()
    expect_gone(chat_links(page))
    expect_gone(messages(page, "user"))
    expect_chat_ready(page)
    page.goto(old)
    expect_not_found(page)


def test_a_project_goes_once_its_name_was_typed(
    app: Served, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    project_id = create_project(page, "Short-lived")
    chat_url = begin_chat(page, "Words that shall go")
    page.goto(f"/projects/{project_id}")
    button(page, "Delete project").click()
    dialog = page.get_by_role("alertdialog")
    name = dialog.get_by_role("textbox", name="Project name", exact=True)
    name.fill("Something else")
    button(dialog, "Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("not the project's name")
    name.fill("Short-lived")
    button(dialog, "Delete").click()
    page.wait_for_url(re.compile(r"/projects$"))
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    page.goto(chat_url)
    expect_not_found(page)
    assert not app.query("SELECT 1 FROM message WHERE content = 'Words that shall go'")


def test_a_new_password_counts_and_other_devices_are_signed_out(
    provider: FakeProvider, page: Page, open_page: OpenPage
) -> None:
    somebody = sign_up(page, "Alice")
    other = open_page()
    sign_in(other, somebody)
    expect_chat_ready(other)

    page.goto("/settings")
    current = page.get_by_role("textbox", name="Current password", exact=True)
    new = page.get_by_role("textbox", name="New password", exact=True)
    current.fill("not the one that counts")
    new.fill("a fish writes a letter")
    button(page, "Change password").click()
    expect(alert(page, re.compile("password", re.IGNORECASE))).to_be_visible()
    current.fill(somebody.password)
    new.fill("a fish writes a letter")
    button(page, "Change password").click()
    expect(page.get_by_role("status").filter(has_text="password is changed")).to_be_visible()

    send(other, "Am I still here?")
    expect_login(other)
    assert not provider.requests
    sign_in(other, somebody)
    expect(other.get_by_role("alert")).to_contain_text("don't match")
    sign_in(other, somebody, "a fish writes a letter")
    expect_chat_ready(other)
    expect_status(other, "complete")  # what was not sent is sent
    page.goto("/projects")
    expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()


def test_nothing_in_an_answer_a_title_or_a_name_runs_or_is_fetched(
    app: Served, provider: FakeProvider, page: Page
) -> None:
    foreign = _foreign_requests(page, app)
    provider.enqueue(Answer(text=EVIL))
    sign_up(page, "Alice")
    tag = "<img src=x onerror=window.owned=1>"
    create_project(page, tag, tag)
    begin_chat(page, tag)
    expect(answer(page)).to_contain_text("End of it.")
    for _ in range(2):  # as it came, and as it is stored
        expect(messages(page, "user")).to_have_text(tag)
        expect(chat_links(page)).to_have_text(tag)
        inside = answer(page).locator(".prose")
        expect(inside.locator("script, iframe, img, svg, form, meta, base, style")).to_have_count(0)
        expect(inside.locator("[href^='javascript' i], [href^='data:' i]")).to_have_count(0)
        tabs = len(page.context.pages)
        inside.get_by_text("click me").click(modifiers=["Control"])
        assert len(page.frames) == 1
        assert page.evaluate("window.owned") is None
        assert all(tab.evaluate("window.owned") is None for tab in page.context.pages[tabs:])
        page.reload()
        expect(answer(page)).to_contain_text("End of it.")
    page.goto("/projects")
    expect(page.get_by_text(tag).first).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert foreign == []


def test_links_in_answers_open_in_a_new_tab_and_tell_nothing(
    provider: FakeProvider, page: Page
) -> None:
    provider.enqueue(Answer(text=EVIL))
    sign_up(page, "Alice")
    begin_chat(page, "Links, please")
    links = answer(page).get_by_role("link")
    expect(links.filter(has_text="a page")).to_have_attribute("href", "https://example.com/page")
    assert links.count() >= 2
    for link in links.all():
        expect(link).to_have_attribute("target", "_blank")
        rel = link.get_attribute("rel") or ""
        assert set(rel.split()) == {"noopener", "noreferrer", "nofollow"}


def test_copy_code_copies_the_code_alone(provider: FakeProvider, page: Page) -> None:
    provider.enqueue(Answer(text="Run:\n\n```python\nprint('<1>')\n\nprint(2)\n```\n\nDone."))
    sign_up(page, "Alice")
    begin_chat(page, "Code, please")
    button(answer(page), "Copy code").click()
    expect_copied(page, "print('<1>')\n\nprint(2)")


def test_a_project_is_made_once_however_often_one_presses_and_kept_from_a_slip(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    page.goto("/projects")
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(1)
    button(page, "New project").click()
    name = page.get_by_role("dialog").get_by_role("textbox", name="Project name", exact=True)
    name.fill("Only one")
    page.mouse.click(5, 5)  # beside the dialog
    expect(name).to_have_value("Only one")
    name.evaluate("field => { field.form.requestSubmit(); field.form.requestSubmit(); }")
    expect(composer(page)).to_have_attribute("placeholder", "Message Only one")
    page.goto("/projects")
    expect(page.get_by_role("main").get_by_role("listitem")).to_have_count(2)


def test_a_refusal_goes_away_by_itself_and_waits_while_it_is_pointed_at(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    gate = Gate(after=1)
    provider.enqueue(Answer(gate=gate))
    send(page, "And now?")
    expect_status(page, "generating")
    messages(page, "assistant").first.hover()
    button(messages(page, "assistant").first, "Regenerate").click()
    notice = page.locator(".notice")
    expect(notice.get_by_role("alert")).to_contain_text("still being written")
    notice.hover()
    state = "element => element.getAnimations()[0].playState"
    assert notice.evaluate(state) == "paused"
    page.mouse.move(0, 0)
    assert notice.evaluate(state) == "running"
    notice.evaluate("element => element.getAnimations()[0].finish()")  # half a minute later
    expect(notice).to_have_count(0)
    gate.open()
    expect_status(page, "complete")


def test_a_chat_that_was_deleted_elsewhere_has_no_title_and_no_menu_any_more(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    url = begin_chat(page, "The first words")
    other = page.context.new_page()
    other.goto(url)
    expect(button(other, "Chat menu")).to_be_visible()
    expect_status(other, "complete")
    _chat_action(page, "Delete")
    button(page.get_by_role("alertdialog"), "Delete").click()
    expect_not_found(other)
    expect(button(other, "Chat menu")).to_have_count(0)
    expect(button(other, "The first words")).to_have_count(0)
    expect(other).to_have_title("General assistant")


def _chat_action(page: Page, name: str) -> None:
    chat_links(page).first.hover()
    button(page, "Chat actions").first.click()
    page.get_by_role("menuitem", name=name, exact=True).click()


def _expect_look(page: Page, scheme: str) -> None:
    """The page is as light or dark as asked for, readable, and no wider than the window."""
    # The theme's root follows the document's class once the page is hydrated.
    page.wait_for_function(
        """scheme => document.documentElement.classList.contains(scheme)
          && document.querySelector(".radix-themes").classList.contains(scheme)""",
        arg=scheme,
    )
    colours = page.evaluate(
        """() => {
          const canvas = document.createElement("canvas")
            .getContext("2d", {willReadFrequently: true});
          const light = (colour) => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
            return alpha < 255 ? null : (red + green + blue) / 765;
          };
          let at = document.querySelector("h1, textarea"), behind = null;
          const text = light(getComputedStyle(at).color);
          for (; at && behind === null; at = at.parentElement)
            behind = light(getComputedStyle(at).backgroundColor);
          return {text, behind, overflow: document.documentElement.scrollWidth - innerWidth};
        }"""
    )
    assert (colours["behind"] < 0.2) == (scheme == "dark"), colours
    assert abs(colours["text"] - colours["behind"]) > 0.5, colours
    assert colours["overflow"] <= 0, page.url


def _complaints(page: Page) -> list[str]:
    found: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            found.append(f"{page.url}: {message.text}")

    page.on("console", note)
    page.on("pageerror", lambda error: found.append(f"{page.url}: {error}"))
    return found


def _foreign_requests(page: Page, app: Served) -> list[str]:
    """Collect what is asked of any other origin, by any tab of this browser."""
    found: list[str] = []
    own = (app.url, "data:", "blob:", "about:")

    def note(request: Request) -> None:
        if not request.url.startswith(own):
            found.append(request.url)

    page.context.on("request", note)
    return found
