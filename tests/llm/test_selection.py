"""Which model answers: an Ollama is found whenever it is started, and nothing changes in mid-answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from chatbot_app.config import get_settings
from chatbot_app.llm import ChatModel, Prompt, PromptMessage, choose, substitute
from chatbot_app.llm.substitute import Substitute
from tests.fake_provider import Answer, FakeProvider
from tests.loopback import HOST, free_port

PROMPT = Prompt((PromptMessage("user", "Hi"),))
MODELS = [{"id": "nomic-embed-text:latest"}, {"id": "llama3.2:latest"}, {"id": "qwen3:8b"}]


def settings(url: str):
    return get_settings().model_copy(
        update={"openai_base_url": "", "openai_model": "", "ollama_url": url}
    )


@pytest.fixture
async def chosen(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[ChatModel]]:
    monkeypatch.setattr(substitute, "LOOK_SECONDS", 0.02)
    models: list[ChatModel] = []
    yield models
    for model in models:
        await model.aclose()


async def said(model: ChatModel) -> str:
    return "".join([piece async for piece in model.stream(PROMPT)])


async def test_an_ollama_that_runs_is_asked_with_a_model_that_answers_and_offers_all_that_do(
    provider: FakeProvider, chosen: list[ChatModel]
) -> None:
    provider.models = MODELS
    chosen.append(model := await choose(settings(provider.base_url)))
    assert (model.name, model.is_demo) == ("llama3.2:latest", False)
    assert [m.name for m in await model.list_models()] == ["llama3.2:latest", "qwen3:8b"]


async def test_an_ollama_with_nothing_but_vectors_is_none(
    provider: FakeProvider, chosen: list[ChatModel]
) -> None:
    provider.models = MODELS[:1]
    chosen.append(model := await choose(settings(provider.base_url)))
    assert model.is_demo


async def test_an_ollama_that_is_started_later_takes_over_after_the_answer_that_is_being_written(
    chosen: list[ChatModel],
) -> None:
    port = free_port()
    chosen.append(model := await choose(settings(f"http://{HOST}:{port}/v1")))
    assert model.is_demo
    begun = model.stream(PROMPT)
    demo = [await anext(begun)]
    with FakeProvider(port=port, default=Answer(text="From the Ollama.")) as ollama:
        ollama.models = MODELS
        async with asyncio.timeout(10):
            while model.is_demo:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0.01)
        assert model.name == "llama3.2:latest"
        demo += [await anext(begun) for _ in range(20)]
        assert "Hello! You wrote" in "".join(demo)
        await begun.aclose()
        assert await said(model) == "From the Ollama."
        assert ollama.requests[0].model == "llama3.2:latest"


async def test_without_an_address_nothing_is_looked_for(chosen: list[ChatModel]) -> None:
    chosen.append(model := await choose(settings("")))
    assert model.is_demo
    assert not isinstance(model, Substitute)


async def test_a_search_that_meets_a_bug_goes_on(
    chosen: list[ChatModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(substitute, "LOOK_SECONDS", 0.001)
    found = iter([RuntimeError("a bug"), None])

    async def find() -> ChatModel | None:
        result = next(found, None)
        if isinstance(result, Exception):
            raise result
        return result

    demo = await choose(settings(""))
    chosen.append(model := Substitute(demo, find))
    await asyncio.sleep(0.05)
    assert next(found, "none left") == "none left"
    assert model.is_demo
