"""What breaks: a served product, its databases, its Redis, its disk and its network."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests import small_disk as small_disks
from tests.browsers import browser, open_page
from tests.fake_provider import FakeProvider
from tests.postgres import Postgres
from tests.redis_server import RedisServer
from tests.served import Served
from tests.small_disk import SmallDisk

__all__ = ["browser", "open_page"]

LONG_SECONDS = 2 * 60 * 60
"""What one test may take with `--long`, unless a mark on it says otherwise."""

SMALL_DISK_MEGABYTES = 8


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        for item in items:
            is_here = Path(__file__).parent in item.path.parents
            if is_here and not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(LONG_SECONDS))


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as fake:
        yield fake


@pytest.fixture
def served(tmp_path: Path, provider: FakeProvider) -> Iterator[Served]:
    """Serve the product on SQLite."""
    with Served(tmp_path, provider.base_url, MODEL_RETRY_SECONDS="0.1") as one:
        yield one


@pytest.fixture(scope="module")
def lasting_provider() -> Iterator[FakeProvider]:
    """Run one provider for those tests of a module that share a server."""
    with FakeProvider() as fake:
        yield fake


@pytest.fixture(scope="module")
def lasting_served(
    lasting_provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve the product for those tests of a module that share it."""
    directory = tmp_path_factory.mktemp("lasting")
    with Served(directory, lasting_provider.base_url, MODEL_RETRY_SECONDS="0.1") as served:
        yield served


@pytest.fixture(scope="session")
def postgres_of_its_own() -> Iterator[Postgres]:
    """Run a PostgreSQL that tests may stop, if they start it again."""
    with Postgres() as server:
        yield server


@pytest.fixture
def serve_on(
    tmp_path: Path, provider: FakeProvider, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Served]]:
    """Serve the product on either database: `serve_on("postgresql", WORKERS="2")`."""
    started: list[Served] = []

    def serve(kind: str, **environment: str) -> Served:
        environment = {"MODEL_RETRY_SECONDS": "0.1"} | environment
        if kind == "postgresql":
            server: Postgres = request.getfixturevalue("postgres_of_its_own")
            environment["DATABASE_URL"] = server.create_database(
                f"chat_{tmp_path.name}_{len(started)}".lower().replace("-", "_")[-40:]
            )
        directory = tmp_path / str(len(started))
        directory.mkdir()
        served = Served(directory, provider.base_url, **environment)
        started.append(served)
        served.start()
        return served

    yield serve
    for served in started:
        served.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """Run a Redis that the test may stop."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Mount a disk of a few megabytes: `DATA_DIR=str(small_disk.path / "data")`."""
    with ExitStack() as mounts:
        mount = small_disks.mounted(tmp_path / "small-disk", megabytes=SMALL_DISK_MEGABYTES)
        try:
            disk = mounts.enter_context(mount)
        except RuntimeError as error:
            pytest.fail(f"This test mounts a small file system, which needs root: {error}")
        yield disk
