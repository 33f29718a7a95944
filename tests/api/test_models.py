"""The list of models, over HTTP."""

import httpx2
import pytest

from chatbot_app.generation import worker
from chatbot_app.llm import OfferedModel
from tests.api.test_auth import signed_in
from tests.conftest import Person, person
from tests.generation.scripted import ScriptedModel


class Offering(ScriptedModel):
    async def list_models(self) -> tuple[OfferedModel, ...]:
        return (OfferedModel("vendor/big", "Big", 8192), OfferedModel("small"))


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


async def test_the_signed_in_are_given_the_providers_models_in_its_order(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    await worker.open_engine(Offering(), shutdown_seconds=0)
    assert (await client.get("/api/models")).status_code == 401
    signed_in(client, alice)
    answer = await client.get("/api/models")
    await worker.close_engine()
    assert answer.json() == {
        "models": [
            {"name": "vendor/big", "title": "Big", "context": 8192},
            {"name": "small", "title": "", "context": 0},
        ]
    }
    assert (await client.get("/api/models")).status_code == 503
