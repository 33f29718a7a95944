"""An engine on a real database, and a model that says what it is told to."""

from collections.abc import AsyncIterator

import pytest

from chatbot_app.generation import Engine, journal, worker
from chatbot_app.generation import engine as engine_module
from chatbot_app.generation.journal import Journal
from tests.generation.scripted import ScriptedModel


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
async def engine(database: str, model: ScriptedModel) -> AsyncIterator[Engine]:
    """Open the worker's engine, and close it at the end without patience."""
    engine_module.log.disabled = False
    opened = await worker.open_engine(model, shutdown_seconds=0.05, heartbeat_seconds=0.1)
    yield opened
    await worker.close_engine()


@pytest.fixture
def by_hand(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """Have a journal that ticks when the test says so, and the engine's own one never."""
    monkeypatch.setattr(journal, "TICK_SECONDS", 3600.0)
    return Journal(engine, heartbeat_seconds=3600.0)
