"""Pictures of every page, in light and dark, as wide as a desk, a tablet and a phone.

    python -m bench.pictures [--into docs/pictures] [--only PAGE]...

Serves the product on a free port with a new SQLite database and the demo model, and opens each page
once in Chromium. The names say page, theme and width: `chat-dark-390.webp`. A new page is a line in
`PAGES`.
"""

import argparse
import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from playwright.sync_api import Browser, Page, sync_playwright

from bench.pictured import CONVERSATION, PASSWORD
from chatbot_app.config import PROJECT_ROOT
from tests.browsers import FLAGS, executable
from tests.served import Served, inherited

INTO = PROJECT_ROOT / "docs" / "pictures"

SIZES = {1440: 900, 768: 1024, 390: 844}
THEMES = ("light", "dark")
LARGEST = 60 * 1024
"""Bytes of one picture; what is more is taken again with less quality."""

PAGES = {
    "landing": "/",
    "register": "/register",
    "login": "/login",
    "login-code": "/login/code",
    "forgot": "/forgot",
    "reset": "/reset#{no_token}",
    "verify": "/verify#{no_token}",
    "share": "/share/{share}",
    "not-found": "/no-such-page",
    "chat": "/projects/{project}/chat/{chat}",
    "chat-empty": "/projects/{project}/chat",
    "chat-temporary": "/projects/{project}/chat?temporary=1",
    "palette": "/projects/{project}/chat",
    "shortcuts": "/projects/{project}/chat",
    "archived": "/archived",
    "projects": "/projects",
    "project": "/projects/{project}",
    "settings": "/settings",
    "admin": "/admin",
    "admin-invitations": "/admin/invitations",
    "admin-audit": "/admin/audit",
}
"""Where each page is. Those before `chat` are for the signed-out."""

FOR_THE_SIGNED_OUT = [*PAGES][: [*PAGES].index("chat")]


def _with_a_link_no_longer_good(page: Page) -> None:
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("main").locator("button[type=submit]").click()
    page.locator("[data-form-error]:not([hidden])").wait_for()


def _with_something_found(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("tide")
    page.locator("#palette-options[data-found-for=tide]").wait_for()


DONE_BEFORE: dict[str, Callable[[Page], None]] = {
    "reset": _with_a_link_no_longer_good,
    "verify": _with_a_link_no_longer_good,
    "palette": _with_something_found,
    "shortcuts": lambda page: page.evaluate("window.chatbot.showShortcuts()"),
}
"""What somebody does in a page before it is as it is to be shown."""

SETTLED = """async () => {
  const drawn = (it) => it.complete && it.naturalWidth > 0;
  const isStill = () => ![...document.querySelectorAll(".skeleton")].some((it) => it.checkVisibility())
    && [...document.images].filter((it) => it.getBoundingClientRect().top < innerHeight).every(drawn)
    && document.getAnimations().every((it) => it.playState !== "running");
  await document.fonts.ready;
  for (let still = 0; still < 12;) {
    await new Promise((then) => setTimeout(then, 30));
    still = isStill() ? still + 1 : 0;
  }
}"""


def main() -> None:
    """Take them, and say how long it took and how much they weigh."""
    parser = argparse.ArgumentParser(prog="scripts/pictures", description=__doc__)
    parser.add_argument("--into", type=Path, default=INTO)
    parser.add_argument("--only", action="append", choices=[*PAGES], help="may be repeated")
    options = parser.parse_args()
    began = time.monotonic()
    options.into.mkdir(parents=True, exist_ok=True)
    taken = list[Path]()
    with (
        tempfile.TemporaryDirectory() as directory,
        _served(Path(directory)) as (served, who),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS.split())
        for name in options.only or PAGES:
            page = _open(browser, served, who, name)
            taken += _take(page, options.into, name)
            page.context.close()
        browser.close()
    weight = sum(path.stat().st_size for path in taken)
    print(
        f"{len(taken)} pictures, {weight / 1e6:.1f} MB, in {time.monotonic() - began:.0f} s:"
        f" {options.into}"
    )


@contextmanager
def _served(directory: Path) -> Generator[tuple[Served, dict[str, str]]]:
    served = Served(directory)
    served.data.mkdir(parents=True)
    written = subprocess.run(
        [sys.executable, "-m", "bench.pictured"],
        cwd=PROJECT_ROOT,
        env=inherited() | served.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    with served:
        yield served, json.loads(written.stdout.splitlines()[-1])


def _open(browser: Browser, served: Served, who: dict[str, str], name: str) -> Page:
    context = browser.new_context(base_url=served.url, reduced_motion="reduce")
    if name not in FOR_THE_SIGNED_OUT:
        context.add_cookies([{"name": "session", "value": who["session"], "url": served.url}])
    page = context.new_page()
    page.goto(PAGES[name].format_map(who))
    page.wait_for_load_state("networkidle")
    if name in DONE_BEFORE:
        DONE_BEFORE[name](page)
    return page


def _take(page: Page, into: Path, name: str) -> Iterator[Path]:
    devtools = page.context.new_cdp_session(page)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        for width, height in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(SETTLED)
            if name == "chat":
                _show_the_first_answer(page)
                page.evaluate(SETTLED)
            path = into / f"{name}-{theme}-{width}.webp"
            for quality in (80, 60, 40, 25):
                asked = {"format": "webp", "quality": quality}
                shot = cast("dict[str, str]", devtools.send("Page.captureScreenshot", asked))
                path.write_bytes(base64.b64decode(shot["data"]))
                if path.stat().st_size <= LARGEST:
                    break
            yield path


def _show_the_first_answer(page: Page) -> None:
    question = page.get_by_role("log").get_by_text(CONVERSATION[0][0])
    question.evaluate("it => it.closest('article').scrollIntoView({ block: 'start' })")


if __name__ == "__main__":
    main()
