"""A model that says what a test tells it to, and what one asks of an answer that it writes."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable

from chatbot_app.generation import Engine, Generation
from chatbot_app.llm import OfferedModel, Piece, Prompt
from chatbot_app.schemas import MessageView, Turn
from chatbot_app.services import chats, prompts, turns
from tests.conftest import Person

PATIENCE = 10.0


class ScriptedModel:
    """A model that says what the test tells it to, when the test tells it to."""

    name = "scripted"
    is_demo = False

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.connection_closed = asyncio.Event()
        self.is_closed = False
        self._script: asyncio.Queue[Piece | Exception | None] = asyncio.Queue()

    def says(self, *pieces: Piece | Exception | None) -> None:
        """Say, or think, these pieces next; an exception is raised, and None ends the answer."""
        for piece in pieces:
            self._script.put_nowait(piece)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        self.asked.set()
        try:
            while (piece := await self._script.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            self.connection_closed.set()

    async def list_models(self) -> tuple[OfferedModel, ...]:
        return ()

    async def aclose(self) -> None:
        self.is_closed = True


class ScriptedModels:
    """A model with a script for each question, so that which of many answers goes on is chosen."""

    name = "scripted"
    is_demo = False

    def __init__(self) -> None:
        self._each: defaultdict[str, ScriptedModel] = defaultdict(ScriptedModel)

    def asked(self, question: str) -> ScriptedModel:
        """Give the model that answers this question."""
        return self._each[question]

    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        questions = [said.content for said in prompt.messages if said.role == "user"]
        return self.asked([said for said in questions if said != prompts.GO_ON][-1]).stream(prompt)

    async def list_models(self) -> tuple[OfferedModel, ...]:
        return ()

    async def aclose(self) -> None:
        for model in self._each.values():
            await model.aclose()


async def begin(engine: Engine, owner: Person) -> tuple[Turn, Generation]:
    """Ask something in a new chat."""
    turn, job = turns.begin(owner.id, owner.project_id, None, "Hello?")
    assert job
    return turn, engine.start(job)


async def ended(generation: Generation) -> None:
    async with asyncio.timeout(PATIENCE):
        await generation.saved.wait()


async def grown_to(engine: Engine, generation: Generation, text: str) -> None:
    """Wait, as a page does, until the answer has this text."""
    with engine.channels.follow(generation.chat_id) as channel:
        async with asyncio.timeout(PATIENCE):
            while generation.text != text:
                await channel.wait(channel.version, PATIENCE)


async def thought_to(engine: Engine, generation: Generation, thoughts: str) -> None:
    """Wait, as a page does, until so much was thought."""
    with engine.channels.follow(generation.chat_id) as channel:
        async with asyncio.timeout(PATIENCE):
            while generation.reasoning != thoughts:
                await channel.wait(channel.version, PATIENCE)


def stored(owner: Person, turn: Turn) -> MessageView:
    """Give the answer as a page that is loaded now shows it."""
    page = chats.open_page(owner.id, turn.chat.project_id, turn.chat.id)
    return next(m for m in page.messages if m.id == turn.answer.id)


def outcome(owner: Person, turn: Turn) -> tuple[str, str, str]:
    """Give status, text and reason as they are stored."""
    answer = stored(owner, turn)
    return answer.status, "".join(answer.blocks), answer.error


async def until(condition: Callable[[], bool]) -> None:
    """Wait until this holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 (it is about rows in a database)
            await asyncio.sleep(0.02)
