"""Our own routes, called as a program calls them: no server, no Reflex."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from chatbot_app.api import create_api

HOME = "http://localhost:3000"


@pytest.fixture
async def client(settings: object) -> AsyncIterator[httpx2.AsyncClient]:
    """Call the API at http://localhost:3000; cookies are kept as a browser keeps them."""
    transport = httpx2.ASGITransport(app=create_api(), client=("203.0.113.7", 4711))
    async with httpx2.AsyncClient(transport=transport, base_url=HOME) as running:
        yield running
