"""A served product, a provider behind it, and people with browsers in front.

Everything slow is made once for this package: one server, one Chromium; a test gets contexts of its
own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browsers import OpenPage, browser, open_page
from tests.fake_answers import MODEL
from tests.fake_provider import Answer, FakeProvider
from tests.served import Served

__all__ = ["browser", "open_page"]

RETRY_SECONDS = "0.2"
"""Nobody waits long here for a provider that fails to be asked again."""


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
    shared_provider.models = [{"id": MODEL, "object": "model"}]
    shared_provider.default = Answer(text="A **short** answer.")
    return shared_provider


@pytest.fixture(scope="package")
def app(
    shared_provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve the production build for the package."""
    directory = tmp_path_factory.mktemp("e2e")
    with Served(directory, shared_provider.base_url, MODEL_RETRY_SECONDS=RETRY_SECONDS) as served:
        yield served
        assert served.terminate() == 0


@pytest.fixture
def start_app(tmp_path: Path) -> Iterator[Callable[[FakeProvider], Served]]:
    """Serve another one that the test may stop and start again; its data stay."""
    started: list[Served] = []

    def start(provider: FakeProvider) -> Served:
        directory = tmp_path / f"app-{len(started)}"
        served = Served(directory, provider.base_url, MODEL_RETRY_SECONDS=RETRY_SECONDS)
        started.append(served)
        served.start()
        return served

    yield start
    for served in started:
        served.kill()


@pytest.fixture
def page(app: Served, provider: FakeProvider, open_page: OpenPage) -> Page:
    """Open a browser at the shared app, with nobody signed in."""
    return open_page()
