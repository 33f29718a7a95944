"""Which models there are: a list that is read with care, remembered, and never in the way."""

import asyncio

import pytest

from chatbot_app.errors import ModelError
from chatbot_app.llm import DemoModel, OfferedModel
from chatbot_app.llm.catalogue import MOST, Catalogue, can_chat, read
from chatbot_app.llm.openai_compatible import OpenAICompatible
from tests.fake_provider import FakeProvider

OPENROUTER = {
    "id": "vendor/big",
    "name": "Vendor: Big",
    "context_length": 131072,
    "architecture": {"output_modalities": ["text"]},
}


def test_a_list_is_read_in_its_order_with_names_and_lengths() -> None:
    assert read({"data": [OPENROUTER, {"id": "small", "object": "model"}]}) == (
        OfferedModel("vendor/big", "Vendor: Big", 131072),
        OfferedModel("small"),
    )


@pytest.mark.parametrize(
    "body", [None, [], "", 5, {}, {"data": None}, {"data": {"id": "a"}}, {"data": [None, 5, "a"]}]
)
def test_what_is_no_list_is_an_empty_one(body: object) -> None:
    assert read(body) == ()


@pytest.mark.parametrize(
    "entry",
    [
        {"id": ""},
        {"id": None},
        {"id": "a\nb"},
        {"id": "x" * 201},
        {"id": "painter", "architecture": {"output_modalities": ["image"]}},
    ],
)
def test_an_entry_that_cant_be_used_is_left_out(entry: dict[str, object]) -> None:
    assert read({"data": [entry, {"id": "good"}]}) == (OfferedModel("good"),)


def test_odd_additions_are_left_out_and_a_name_comes_once() -> None:
    odd = {"id": "a", "name": ["A"], "context_length": "long", "architecture": 5}
    assert read({"data": [odd, {"id": "a"}]}) == (OfferedModel("a"),)
    assert len(read({"data": [{"id": f"m{n}"} for n in range(MOST + 5)]})) == MOST


@pytest.mark.parametrize(
    ("name", "chats"),
    [
        ("gpt-4.1-mini", True),
        ("llama3.2:latest", True),
        ("gte-qwen", False),
        ("nomic-embed-text:latest", False),
        ("text-embedding-3-small", False),
        ("all-minilm", False),
        ("BAAI/bge-m3", False),
        ("whisper-1", False),
    ],
)
def test_models_that_can_only_make_vectors_or_sound_are_told_by_their_names(
    name: str, chats: bool
) -> None:
    assert can_chat(name) is chats


async def test_the_list_is_fetched_once_and_for_all_that_wait() -> None:
    asked: list[int] = []

    async def fetch() -> object:
        asked.append(1)
        await asyncio.sleep(0)
        return {"data": [OPENROUTER]}

    catalogue = Catalogue(fetch)
    lists = await asyncio.gather(*(catalogue.get() for _ in range(5)))
    assert len(set(lists)) == len(asked) == 1
    assert await catalogue.get() == lists[0]
    assert len(asked) == 1


async def test_an_old_list_is_given_while_a_new_one_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatbot_app.llm.catalogue.FRESH_SECONDS", 0)
    names = iter("ab")
    may_answer = asyncio.Event()
    may_answer.set()

    async def fetch() -> object:
        await may_answer.wait()
        return {"data": [{"id": next(names)}]}

    catalogue = Catalogue(fetch)
    assert await catalogue.get() == (OfferedModel("a"),)
    may_answer.clear()
    assert await catalogue.get() == (OfferedModel("a"),)
    may_answer.set()
    async with asyncio.timeout(5):
        while await catalogue.get() != (OfferedModel("b"),):  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)
    await catalogue.aclose()


@pytest.mark.parametrize("fault", [ModelError("no", kind="unreachable"), RuntimeError("a bug")])
async def test_a_failure_leaves_the_list_as_it_was_and_the_provider_in_peace(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot_app.llm.catalogue.FRESH_SECONDS", 0)
    answers: list[object] = [fault, {"data": [{"id": "a"}]}, fault]
    asked = 0

    async def fetch() -> object:
        nonlocal asked
        answer, asked = answers[asked], asked + 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    catalogue = Catalogue(fetch)
    assert await catalogue.get() == ()
    assert await catalogue.get() == ()
    assert asked == 1
    monkeypatch.setattr("chatbot_app.llm.catalogue.PAUSE_SECONDS", 0)
    catalogue = Catalogue(fetch)
    assert await catalogue.get() == (OfferedModel("a"),)
    await catalogue.get()
    await asyncio.sleep(0)
    assert asked == 3
    assert await catalogue.get() == (OfferedModel("a"),)
    await catalogue.aclose()


async def test_a_provider_is_asked_with_the_key_and_may_have_no_list(
    provider: FakeProvider,
) -> None:
    provider.models = [{"id": "one"}, OPENROUTER]
    model = OpenAICompatible("one", base_url=provider.base_url, api_key="a-key")
    assert [m.name for m in await model.list_models()] == ["one", "vendor/big"]
    await model.aclose()

    provider.models = None
    model = OpenAICompatible("one", base_url=provider.base_url, api_key="a-key")
    assert await model.list_models() == ()
    await model.aclose()
    assert provider.models_asked == 2


async def test_the_demo_model_offers_itself() -> None:
    assert await DemoModel().list_models() == (OfferedModel("Demo model"),)
