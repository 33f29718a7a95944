"""A served product, a provider behind it, and people with browsers in front.

Everything slow is made once for this package: one server, one Chromium; a test gets contexts of its
own. The scope is the package and not the session, for Playwright's loop must be gone before the
asynchronous tests of other packages run in this thread.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.e2e.served import Served
from tests.fake_provider import Answer, FakeProvider

TIMEOUT = 10_000  # milliseconds
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)

expect.set_options(timeout=TIMEOUT)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="package")
def shared_provider() -> Iterator[FakeProvider]:
    """Run one provider for the package."""
    with FakeProvider() as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: FakeProvider) -> FakeProvider:
    """Give the provider as if it were new."""
    shared_provider.requests.clear()
    shared_provider._queue.clear()
    shared_provider.default = Answer(text="A **short** answer.")
    return shared_provider


@pytest.fixture(scope="package")
def app(
    shared_provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve the production build for the package."""
    served = Served(tmp_path_factory.mktemp("e2e") / "data", shared_provider.base_url)
    served.start()
    yield served
    assert served.terminate() == 0


@pytest.fixture
def start_app(tmp_path: Path) -> Iterator[Callable[[FakeProvider], Served]]:
    """Serve another one that the test may stop and start again; its data stay."""
    started: list[Served] = []

    def start(provider: FakeProvider) -> Served:
        served = Served(tmp_path / f"data-{len(started)}", provider.base_url)
        started.append(served)
        served.start()
        return served

    yield start
    for served in started:
        served.kill()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Run one Chromium for the package."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Open a browser of somebody's own: `open_page(viewport=…, served=another_app)`."""
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


@pytest.fixture
def page(app: Served, provider: FakeProvider, open_page: OpenPage) -> Page:
    """Open a browser at the shared app, with nobody signed in."""
    return open_page()
