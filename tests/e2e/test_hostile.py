"""What people and models write is text, whatever it says: it runs nothing, leads nowhere, fetches nothing."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Dialog, Frame, Page, Request, Route, expect

from tests.browsers import OpenPage
from tests.e2e import hostile
from tests.e2e.steps import (
    PASSWORD,
    account,
    answer,
    chat_links,
    expect_chat_ready,
    expect_status,
    messages,
    send,
)
from tests.e2e.test_prose import prose
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.served import Served
from tests.wire import Tab

NAME = hostile.LINES[1]

NOT_TEXT = """() => {
  const addressed = /^(href|src|srcset|action|formaction|xlink:href|data|poster|background)$/;
  const bad = /^[\\s\\x00-\\x1f]*(javascript|data|vbscript|blob|file):/i;
  const found = [];
  const note = (element) => found.push(element.outerHTML.slice(0, 200));
  for (const element of document.body.querySelectorAll("*"))
    for (const { name, value } of element.attributes)
      if (name.startsWith("on") || name === "srcdoc"
          || (addressed.test(name) && bad.test(value))
          || (name === "style" && /url\\(|expression/i.test(value))) note(element);
  document.body.querySelectorAll(
    "iframe, frame, object, embed, base, meta, audio, video, img, marquee"
  ).forEach(note);
  document.querySelectorAll(
    "article :is(script, style, link, form, select, template, math:not(.katex *), svg:not(.lucide, .katex *))"
  ).forEach(note);
  if (window.pwned !== undefined) found.push("something ran");
  return found;
}"""
"""What stands in the page and is more than text; the page itself has no such things."""


class Trap:
    """Notices whatever a text brings about in any tab of this browser."""

    def __init__(self, context: BrowserContext, page: Page, own: str) -> None:
        self.caught: list[str] = []
        self._own = own
        page.on("dialog", self._dialog)
        page.on("framenavigated", self._navigated)
        context.on("page", lambda other: self.caught.append(f"a new tab: {other.url}"))
        context.route("**/*", self._asked)

    def _dialog(self, dialog: Dialog) -> None:
        self.caught.append(f"a dialog: {dialog.message}")
        dialog.dismiss()

    def _navigated(self, frame: Frame) -> None:
        if not frame.url.startswith((self._own, "about:blank")) or frame.parent_frame:
            self.caught.append(f"a frame went to {frame.url}")

    def _asked(self, route: Route, request: Request) -> None:
        if request.url.startswith((self._own, "data:font", "blob:")):
            route.fallback()
        else:
            self.caught.append(f"asked for {request.url}")
            route.abort()


def test_nothing_that_anybody_writes_runs_navigates_or_is_fetched(
    app: Served, provider: FakeProvider, open_page: OpenPage
) -> None:
    """Without the content security policy, which would hide that a text was taken for more."""
    page = open_page(bypass_csp=True)
    trap = Trap(page.context, page, app.url)

    def expect_only_text() -> None:
        assert page.evaluate(NOT_TEXT) == []
        assert trap.caught == []

    tab, project = _settle_in(app, page)
    with tab:
        page.goto(f"/projects/{project}/chat")
        expect_chat_ready(page)
        expect(page.get_by_role("button", name="Account menu")).to_contain_text(NAME)
        _talk(provider, page, expect_only_text)
        _rename_the_chat(tab, page, expect_only_text)
    page.reload()
    expect_status(page, "complete")
    expect(prose(page)).to_contain_text(hostile.END)
    _click_what_looks_like_a_link(page, expect_only_text)
    page.goto(f"/projects/{project}")
    field = page.get_by_role("textbox", name="System prompt", exact=True)
    expect(field).to_have_value(hostile.TEXT)
    expect_only_text()
    page.goto("/projects")
    expect(page.get_by_role("main").get_by_text(NAME).first).to_be_visible()
    expect_only_text()
    page.goto("/settings")
    expect(page.get_by_role("textbox", name="Name", exact=True)).to_have_value(NAME)
    expect_only_text()


def _settle_in(app: Served, page: Page) -> tuple[Tab, str]:
    """Register under a hostile name, and give the first project hostile words everywhere."""
    form = {"name": NAME, "email": account("Mallory").email, "password": PASSWORD}
    answered = page.request.post("/api/auth/register", data=form)
    assert answered.ok, answered.text()
    project: str = answered.json()["next"].split("/")[2]
    [cookie] = [c["value"] for c in page.context.cookies() if c["name"] == "session"]
    tab = Tab(app, cookie).at(f"/projects/{project}", project_id=project)
    tab.send("project_settings.load")
    words = {"name": NAME, "description": hostile.TEXT, "system_prompt": hostile.TEXT}
    tab.send("project_settings.save", form={**words, "model": "", "temperature": ""})
    assert tab.state()["project_settings.saved"] == 1
    return tab, project


def _talk(provider: FakeProvider, page: Page, expect_only_text: Callable[[], None]) -> None:
    """Say all of it, and be answered with all of it: looked at in mid-answer and at its end."""
    size = 7
    pieces = [hostile.TEXT[i : i + size] for i in range(0, len(hostile.TEXT), size)]
    gate = Gate(after=len(pieces) * 2 // 3)
    provider.enqueue(Answer(pieces=tuple(pieces), tokens_per_second=1000, gate=gate))
    send(page, hostile.TEXT)
    gate.wait_reached()
    expect(prose(page)).to_contain_text("l10")
    expect_only_text()
    gate.open()
    expect_status(page, "complete")
    expect(prose(page)).to_contain_text(hostile.END)
    expect(messages(page, "user")).to_contain_text(hostile.END)
    expect(prose(page).locator(".katex").first).to_be_attached()
    for line in hostile.RAW_HTML[:3]:
        expect(prose(page)).to_contain_text(line)
    expect_only_text()


def _rename_the_chat(tab: Tab, page: Page, expect_only_text: Callable[[], None]) -> None:
    """Give it each hostile title in turn from another tab, while the page shows it."""
    project, chat = page.url.split("/projects/")[1].split("/chat/")
    tab.at(f"/projects/{project}/chat/{chat}", project_id=project, chat_id=chat)
    tab.send("conversation.open")
    for line in hostile.LINES:
        tab.send("conversation.rename", form={"title": line})
        expect(chat_links(page).first).to_have_text(" ".join(line.split()))
        expect(page).to_have_title(" ".join(line.split()))
    expect_only_text()


def _click_what_looks_like_a_link(page: Page, expect_only_text: Callable[[], None]) -> None:
    links = answer(page).locator(".prose a")
    hrefs = links.evaluate_all("all => all.map((a) => a.href)")
    assert len(hrefs) > 10
    led = [href for href in hrefs if href]  # as the browser reads it
    assert [href for href in led if not href.startswith(("http://", "https://"))] == []
    links.locator("xpath=self::*[not(@href)]").evaluate_all("all => all.forEach((a) => a.click())")
    expect_only_text()
