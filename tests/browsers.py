"""Browsers for the tests: a package that opens some imports these fixtures into its conftest.

The scope is the package and not the session, for Playwright's loop must be gone before the
asynchronous tests of other packages run in this thread.
"""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.served import Served

__all__ = ["OpenPage", "browser", "open_page"]

TIMEOUT = 20_000  # milliseconds: several browsers share two cores
EXECUTABLES = ("chromium-headless-shell", "chromium", "chromium-browser")
"""Chromium without its windows, which nobody sees here and which take a third of the processor's
time; or else all of it.
"""
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
    # Chromium draws its address bar's menus as pages of their own, also where there is no bar: half
    # of a test's processor time. The rest is Playwright's own list, which this one stands in for.
    " --disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup"
    ",AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades"
    ",HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding"
    ",ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints"
    ",NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch"
)

expect.set_options(timeout=TIMEOUT)

OpenPage = Callable[..., Page]


def executable() -> str:
    """Find Chromium."""
    path = next(filter(None, map(shutil.which, EXECUTABLES)), None)
    assert path, "Chromium is missing: apt-get install chromium"
    return path


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Run one Chromium for the package."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=FLAGS.split())
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Open a browser of somebody's own: `open_page(viewport=…, served=another_app)`.

    Without `served` it is at the package's `app`.
    """
    contexts: list[BrowserContext] = []

    def open_one(*, served: Served | None = None, **options: object) -> Page:
        served = served or request.getfixturevalue("app")
        options = {
            "base_url": served.url,
            "viewport": {"width": 1280, "height": 800},
            "permissions": ["clipboard-read", "clipboard-write"],
        } | options
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(TIMEOUT)
        contexts.append(context)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()
