"""A fake provider for each test, and a client that is connected to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from chatbot_app.llm.openai_compatible import OpenAICompatible
from tests.fake_provider import FakeProvider
from tests.llm.asking import KEY


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


@pytest.fixture
async def model(provider: FakeProvider) -> AsyncIterator[OpenAICompatible]:
    client = OpenAICompatible("big-model", base_url=provider.base_url, api_key=KEY)
    yield client
    await client.aclose()
