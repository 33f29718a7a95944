"""What people and models write is text, whatever it says: it runs nothing, leads nowhere, fetches nothing."""

from playwright.sync_api import BrowserContext, Dialog, Frame, Page, Request, Route

from tests.browsers import OpenPage
from tests.e2e.hostile_places import PLACES, Stage, settle_in
from tests.fake_provider import FakeProvider
from tests.served import Served

NOT_TEXT = """() => {
  const addressed = /^(href|src|srcset|action|formaction|xlink:href|data|poster|background)$/;
  const bad = /^[\\s\\x00-\\x1f]*(javascript|data|vbscript|blob|file):/i;
  const found = [];
  const note = (element) => found.push(element.outerHTML.slice(0, 200));
  const isPicture = (element) => element.matches('.diagram-view > img[src^="data:image/svg+xml,"]');
  for (const element of document.body.querySelectorAll("*"))
    for (const { name, value } of isPicture(element) ? [] : element.attributes)
      if (name.startsWith("on") || name === "srcdoc"
          || (addressed.test(name) && bad.test(value))
          || (name === "style" && /url\\(|expression/i.test(value))) note(element);
  document.body.querySelectorAll(
    "iframe, frame, object, embed, base, meta, audio, video, img, marquee"
  ).forEach((element) => isPicture(element) || note(element));
  document.querySelectorAll(
    "article :is(script, style, link, form, select, template, math:not(.katex *),"
      + " svg:not(.lucide, .thoughts-toggle > *, .katex *))"
  ).forEach(note);
  if ([window, ...Array.from(frames)].some((it) => it.pwned !== undefined)) found.push("something ran");
  return found;
}"""
"""What stands in the page and is more than text; the page itself has no such things.

An SVG as the source of an image is a picture: in it nothing runs, links or loads."""


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
        if not frame.url.startswith((self._own, "about:blank")):
            self.caught.append(f"a frame went to {frame.url}")

    def _asked(self, route: Route, request: Request) -> None:
        if request.url.startswith((self._own, "data:font", "data:image/svg+xml,")):
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
    with settle_in(app, provider, page) as (tab, project):

        def expect_only_text(place: str) -> None:
            assert page.evaluate(NOT_TEXT) == [], place
            assert trap.caught == [], place

        stage = Stage(app, provider, page, tab, project, expect_only_text)
        for place, show in PLACES.items():
            show(stage)
            expect_only_text(place)
