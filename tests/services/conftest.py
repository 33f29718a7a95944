"""What the services' tests share: a mail server."""

from collections.abc import Callable, Iterator

import pytest

from tests.smtp_server import SmtpServer


@pytest.fixture
def smtp(settings: Callable[..., None]) -> Iterator[SmtpServer]:
    """Run a mail server, and have the platform send mail by it."""
    with SmtpServer() as server:
        settings(**server.settings())
        yield server
