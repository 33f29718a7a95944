"""Tabs of a running application, without its server and its browser."""

import importlib
from collections.abc import AsyncIterator

import pytest

from chatbot_app.generation import worker
from tests.conftest import Person, person
from tests.generation.scripted import ScriptedModel
from tests.state.tab import Tabs, running


@pytest.fixture
async def tabs(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Tabs]:
    """Run the application's states. Its pages are there too, for they give states their route's arguments."""
    from chatbot_app.config import PROJECT_ROOT

    monkeypatch.chdir(PROJECT_ROOT)
    module = importlib.import_module("chatbot_app.chatbot_app")
    async with running(module.app) as opened:
        yield opened


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


@pytest.fixture
async def model(sqlite: str) -> AsyncIterator[ScriptedModel]:
    """Have answers written, by a model that says what it is told to."""
    scripted = ScriptedModel()
    await worker.open_engine(scripted, shutdown_seconds=0)
    yield scripted
    await worker.close_engine()
