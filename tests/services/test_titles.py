"""Titles by themselves: asked for once, beside the answer, and never in place of a person's."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable

import pytest

from chatbot_app.errors import ModelError
from chatbot_app.generation import Engine
from chatbot_app.llm import Prompt, failures
from chatbot_app.schemas import Turn
from chatbot_app.services import chat_places, chats, projects, titles, turns
from chatbot_app.services.titles import Titles, clean
from tests.conftest import Person, erase

PATIENCE = 10.0
QUESTION, ANSWER = "What do whales eat in winter?", "Very little."


class NamingModel:
    """A model that gives the same answer to every question, and titles when the test says so."""

    name = "naming"
    is_demo = False

    def __init__(self, title: str | Exception = "Whales in winter") -> None:
        self.title = title
        self.reaches_its_length = False
        self.asked: list[Prompt] = []
        self.may_name = asyncio.Event()
        self.may_name.set()
        self.is_naming = asyncio.Event()
        self.at_once = self.most_at_once = 0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str]:
        if not prompt.messages[-1].content.startswith("Write a title"):
            yield ANSWER
            self._end()
            return
        self.asked.append(prompt)
        self.is_naming.set()
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await self.may_name.wait()
            if isinstance(self.title, Exception):
                raise self.title
            for character in self.title:
                yield character
            self._end()
        finally:
            self.at_once -= 1

    def _end(self) -> None:
        if self.reaches_its_length:
            raise failures.failure("length")

    async def aclose(self) -> None:
        pass


@pytest.fixture
def model() -> NamingModel:
    return NamingModel()


@pytest.fixture
async def engine(database: str, model: NamingModel) -> AsyncIterator[Engine]:
    opened = Engine(model, shutdown_seconds=0.05)
    yield opened
    await opened.shutdown()


async def ask(engine: Engine, owner: Person, chat_id: str | None = None) -> Turn:
    """Ask, and wait for the answer's end."""
    turn, job = turns.begin(owner.id, owner.project_id, chat_id, QUESTION)
    assert job
    async with asyncio.timeout(PATIENCE):
        await engine.start(job).saved.wait()
    return turn


def title_of(owner: Person, turn: Turn) -> str:
    return chats.get(owner.id, turn.chat.id).title


async def test_a_chat_is_named_after_its_first_answer_and_its_pages_hear_of_it(
    engine: Engine, model: NamingModel, alice: Person
) -> None:
    named = Titles(engine)
    project = projects.get(alice.id, alice.project_id)
    settings = {"name": "P", "description": "", "system_prompt": "", "starters": ""}
    projects.update(alice.id, project.id, model="its-own-model", temperature=None, **settings)
    model.may_name.clear()
    turn = await ask(engine, alice)
    assert title_of(alice, turn) == QUESTION
    await asyncio.wait_for(model.is_naming.wait(), PATIENCE)

    with engine.channels.follow(next(iter(named._waiting))) as channel:
        heard = channel.messages
        model.may_name.set()
        await named.settle()
        assert channel.messages > heard

    assert title_of(alice, turn) == "Whales in winter"
    (prompt,) = model.asked
    assert prompt.model == "its-own-model"
    assert QUESTION in prompt.messages[0].content
    assert ANSWER in prompt.messages[0].content

    await ask(engine, alice, turn.chat.id)
    await named.settle()
    assert len(model.asked) == 1


async def test_no_model_takes_the_place_of_a_title_that_a_person_gave(
    engine: Engine, model: NamingModel, alice: Person
) -> None:
    named = Titles(engine)
    model.may_name.clear()
    turn = await ask(engine, alice)
    await asyncio.wait_for(model.is_naming.wait(), PATIENCE)

    chats.rename(alice.id, turn.chat.id, "Mine")
    model.may_name.set()
    await named.settle()

    assert title_of(alice, turn) == "Mine"


async def test_a_model_that_is_allowed_little_names_a_chat_all_the_same(
    engine: Engine, model: NamingModel, alice: Person
) -> None:
    named, model.reaches_its_length = Titles(engine), True
    turn = await ask(engine, alice)
    await named.settle()
    assert title_of(alice, turn) == "Whales in winter"


@pytest.mark.parametrize(
    "said", [ModelError("No.", kind="server_error"), RuntimeError("a bug"), "", " \n\"'\n", "…" * 0]
)
async def test_where_none_is_found_the_first_words_stay(
    engine: Engine, model: NamingModel, alice: Person, said: str | Exception
) -> None:
    named, model.title = Titles(engine), said

    turn = await ask(engine, alice)
    await named.settle()

    assert model.asked
    assert title_of(alice, turn) == QUESTION


async def test_nobody_waits_long_for_a_title(
    engine: Engine, model: NamingModel, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(titles, "SECONDS", 0.05)
    named = Titles(engine)
    model.may_name.clear()

    turn = await ask(engine, alice)
    await asyncio.wait_for(named.settle(), PATIENCE)

    assert model.asked
    assert title_of(alice, turn) == QUESTION


async def test_a_few_titles_are_asked_for_at_a_time(
    engine: Engine, model: NamingModel, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(titles, "AT_ONCE", 2)
    monkeypatch.setattr(titles, "WAITING_MAX", 4)
    named = Titles(engine)
    model.may_name.clear()
    said = [await ask(engine, alice) for _ in range(5)]

    model.may_name.set()
    await named.settle()

    assert model.most_at_once == 2
    assert [title_of(alice, turn) for turn in said] == ["Whales in winter"] * 4 + [QUESTION]


async def test_the_end_of_the_server_does_not_wait_for_titles(
    engine: Engine, model: NamingModel, alice: Person
) -> None:
    named = Titles(engine)
    model.may_name.clear()
    turn = await ask(engine, alice)
    await asyncio.wait_for(model.is_naming.wait(), PATIENCE)

    await asyncio.wait_for(named.close(), PATIENCE)
    model.may_name.set()
    await ask(engine, alice)

    assert model.at_once == 0
    assert len(model.asked) == 1
    assert title_of(alice, turn) == QUESTION


async def test_of_two_workers_the_one_that_answered_asks(
    engine: Engine, model: NamingModel, alice: Person
) -> None:
    other = Engine(NamingModel("Another"), shutdown_seconds=0.05)
    here, there = Titles(engine), Titles(other)

    turn = await ask(engine, alice)
    await here.settle()
    await there.settle()
    again = await ask(other, alice, turn.chat.id)
    await there.settle()
    await other.shutdown()

    assert again.chat.id == turn.chat.id
    assert title_of(alice, turn) == "Whales in winter"
    assert len(model.asked) == 1


async def test_what_is_gone_or_comes_from_the_demo_model_gets_no_title(
    engine: Engine, model: NamingModel, alice: Person
) -> None:
    named = Titles(engine)
    model.may_name.clear()
    kept, gone, away = [await ask(engine, alice) for _ in range(3)]
    await asyncio.wait_for(model.is_naming.wait(), PATIENCE)
    erase(alice, gone.chat.id)
    chats.delete(alice.id, kept.chat.id)
    chat_places.archive(alice.id, away.chat.id)
    model.may_name.set()
    await named.settle()
    chats.restore(alice.id, kept.chat.id)
    assert title_of(alice, kept) == QUESTION
    assert title_of(alice, away) == "Whales in winter"

    model.is_demo = True
    turn = await ask(engine, alice)
    await named.settle()
    assert title_of(alice, turn) == QUESTION


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Whales in winter", "Whales in winter"),
        ("  “Whales in winter.”  \n\nI hope this helps!", "Whales in winter"),
        ('"Whales"', "Whales"),
        ("“The **great** `whales` in *winter*.”", "The great whales in winter"),
        ("**Title:** Whales\tin   winter", "Whales in winter"),
        ("Title: «Whales»", "Whales"),
        ("## Whales and C#", "Whales and C#"),
        ("<think>Let me think.\nWhales…</think>\n\nWhales eat", "Whales eat"),
        ("<think>never to end", ""),
        ("Sorting a Vec<T>", "Sorting a Vec<T>"),
        ("What do whales eat?", "What do whales eat?"),
        ("C# and C++", "C# and C++"),
        ("Wale im Winter\x00\u202e\ud800", "Wale im Winter\ufffd\ufffd"),
        ("\u200b\n\n", ""),
        ("", ""),
        ("鯨の冬", "鯨の冬"),
    ],
)
def test_a_title_is_one_clean_line(said: str, title: str) -> None:
    assert clean(said) == title


def test_a_title_is_never_longer_than_a_title_may_be(settings: Callable[..., None]) -> None:
    assert len(clean("Whales and more " * 100)) <= titles.LONGEST
    settings(NAME_MAX_CHARS=20)
    assert len(clean("Whales and more " * 100)) <= 20
