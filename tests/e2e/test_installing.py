"""The pages as an app of one's own: what Chromium asks before it offers to install them."""

import json

import pytest
from playwright.sync_api import Page

from tests.served import Served


def test_a_browser_may_install_it(app: Served, page: Page) -> None:
    page.goto("/login")
    devtools = page.context.new_cdp_session(page)
    found = devtools.send("Page.getAppManifest")
    assert found["errors"] == []
    assert found["url"] == f"{app.url}/manifest.webmanifest"
    manifest = json.loads(found["data"])
    assert (manifest["display"], manifest["start_url"]) == ("standalone", "/")
    refused = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A context of a test is a private window, which installs nothing.
    assert [error["errorId"] for error in refused if error["errorId"] != "in-incognito"] == []
    for icon in manifest["icons"]:
        answered = page.request.get(icon["src"])
        assert answered.headers["content-type"] == icon["type"]
        size = page.evaluate(
            "(src) => { const it = new Image(); it.src = src;"
            " return it.decode().then(() => it.naturalWidth); }",
            icon["src"],
        )
        assert icon["sizes"] in ("any", f"{size}x{size}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_frame_has_the_colour_of_the_page(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # pyright: ignore[reportArgumentType]
    page.goto("/login")
    seen = """(theme) => {
      const named = document.querySelector(`meta[name=theme-color][media*=${theme}]`).content;
      const probe = document.createElement("div");
      document.querySelector(".radix-themes").append(probe);
      const rgb = (colour) => { probe.style.color = colour; return getComputedStyle(probe).color; };
      return [rgb(named), rgb("var(--gray-1)")];
    }"""
    named, shown = page.evaluate(seen, theme)
    assert named == shown
    assert page.locator("link[rel=apple-touch-icon]").count() == 1
