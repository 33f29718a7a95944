"""The engine: reads the model's stream for every live answer of this worker and stores how each one
ended.

No page, tab or state owns a live answer, so closing them changes nothing. Each answer has two
tasks: a reader, which may be cancelled at any moment and with it the provider's connection, and the
supervisor around it, which never is, for it brings the outcome to the database.
"""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import aclosing

from chatbot_app.errors import AppError, ModelError
from chatbot_app.generation.channels import Channels
from chatbot_app.generation.live import Generation, Job
from chatbot_app.generation.outcomes import Outcomes
from chatbot_app.generation.records import Outcome
from chatbot_app.llm import ChatModel, Prompt, Thought
from chatbot_app.schemas import Status
from chatbot_app.words import mark

log = logging.getLogger(__name__)

RESTARTED = mark("The server was restarted while this answer was being written.")
REMEMBERED_RUNS = 1024
"""Runs that ended here and are still known to have been ours: more than end within a second."""

UNEXPECTED = mark(
    "Something went wrong on our side while this answer was being written. Please try again."
)


class Engine:
    """All live answers of this worker. Every method is to be called on its event loop."""

    def __init__(self, model: ChatModel, *, shutdown_seconds: float = 5.0) -> None:
        self.model = model
        self.channels = Channels()
        self.is_closing = False
        self.has_work = asyncio.Event()
        """Set while answers are live here."""
        self.on_end: list[Callable[[Generation], None]] = []
        """Called with each answer that ended here, once that is stored; with temporary ones too. Must be
        quick.
        """
        self._shutdown_seconds = shutdown_seconds
        self._live: dict[uuid.UUID, Generation] = {}
        self._in_chat: dict[uuid.UUID, Generation] = {}
        self._readers: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._supervisors: set[asyncio.Task[None]] = set()
        self._outcomes = Outcomes()
        self._ended_runs: deque[uuid.UUID] = deque(maxlen=REMEMBERED_RUNS)

    @property
    def live(self) -> list[Generation]:
        """The answers that are being written here, and those whose end is not stored yet."""
        return list(self._live.values())

    def start(self, job: Job) -> Generation:
        """Begin the answer whose row and run are stored, or one that is to have none. While closing, it
        ends at once.
        """
        generation = Generation(
            job.message_id,
            job.chat_id,
            job.run_id,
            job.text,
            reasoning=job.reasoning,
            took=job.took,
            is_temporary=job.is_temporary,
        )
        self._live[job.message_id] = self._in_chat[job.chat_id] = generation
        self.has_work.set()
        reader = asyncio.create_task(
            self._read(generation, job.prompt), name=f"answer {job.message_id}"
        )
        self._readers[job.message_id] = reader
        supervisor = asyncio.create_task(self._supervise(generation, reader))
        self._supervisors.add(supervisor)
        supervisor.add_done_callback(self._supervisors.discard)
        self.channels.messages_changed(job.chat_id)
        if self.is_closing:
            self.end(generation, "interrupted", RESTARTED)
        return generation

    def find(self, message_id: uuid.UUID) -> Generation | None:
        """The live answer with this id, if it lives in this worker."""
        return self._live.get(message_id)

    def live_in(self, chat_id: uuid.UUID) -> Generation | None:
        """The live answer of this chat, if one lives in this worker."""
        return self._in_chat.get(chat_id)

    def writes(self, run_id: uuid.UUID) -> bool:
        """Whether this run is, or was until a moment ago, one of this worker's."""
        return run_id in self._ended_runs or any(g.run_id == run_id for g in self._live.values())

    async def stop(self, message_id: uuid.UUID) -> bool:
        """End the answer now, with the text so far; returns when that is stored. False if it isn't
        live here.
        """
        generation = self._live.get(message_id)
        if generation is None:
            return False
        self.end(generation, "stopped")
        await generation.saved.wait()
        return True

    async def stop_chats(self, chat_ids: Iterable[uuid.UUID]) -> None:
        """End every live answer of these chats, for they are about to be deleted."""
        live = [g for chat_id in chat_ids if (g := self.live_in(chat_id)) is not None]
        await asyncio.gather(*(self.stop(generation.message_id) for generation in live))

    def end(self, generation: Generation, status: Status, error: str = "") -> None:
        """End the answer now, with the text so far; the first to say how it ended is right."""
        is_here = self._live.get(generation.message_id) is generation
        reader = self._readers.get(generation.message_id) if is_here else None
        if reader is not None and generation.status == "generating":
            generation.status, generation.error = status, error
            reader.cancel()

    def lose(self, generation: Generation) -> None:
        """Write no more of an answer whose run is gone: deleted, or ended by somebody else."""
        if generation.status == "generating":
            generation.is_lost = True
            self.end(generation, "interrupted")

    async def shutdown(self) -> None:
        """Take no new answers, give live ones a few seconds, then store the rest as interrupted."""
        self.is_closing = self._outcomes.is_closing = True
        if self._supervisors:
            await asyncio.wait(set(self._supervisors), timeout=self._shutdown_seconds)
        while self._supervisors:
            for generation in self.live:
                self.end(generation, "interrupted", RESTARTED)
            await asyncio.wait(set(self._supervisors))
        await self.model.aclose()

    async def _read(self, generation: Generation, prompt: Prompt) -> None:
        async with aclosing(self.model.stream(prompt)) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    generation.append(piece)
                elif isinstance(piece, Thought):
                    generation.think(piece.text)
                else:
                    generation.usage = piece
                    continue
                self.channels.text_came(generation.chat_id)

    async def _supervise(self, generation: Generation, reader: asyncio.Task[None]) -> None:
        await asyncio.wait([reader])
        generation.took = generation.timing.ended(generation.usage)
        if generation.status == "generating":
            generation.status, generation.error = _outcome(generation, reader)
        if not generation.is_lost and not generation.is_temporary:
            await self._outcomes.store(_to_store(generation))
        self._ended_runs.append(generation.run_id)
        generation.saved.set()
        for told in self.on_end:
            told(generation)
        # A later run of the same message may have begun meanwhile: it is not ours to forget.
        if self._live.get(generation.message_id) is generation:
            del self._live[generation.message_id]
            del self._readers[generation.message_id]
        if self._in_chat.get(generation.chat_id) is generation:
            del self._in_chat[generation.chat_id]
        if not self._live:
            self.has_work.clear()
        self.channels.messages_changed(generation.chat_id)


def _outcome(generation: Generation, reader: asyncio.Task[None]) -> tuple[Status, str]:
    """How an answer that nobody stopped ended. Text that came before an error is kept as
    `interrupted`.
    """
    if reader.cancelled():
        return "interrupted", RESTARTED
    error = reader.exception()
    if error is None:
        return "complete", ""
    if not isinstance(error, AppError):
        log.error("answer %s failed", generation.message_id, exc_info=error)
    reason = error.message if isinstance(error, ModelError) else UNEXPECTED
    return ("interrupted" if generation.has_text else "failed"), reason


def _to_store(generation: Generation) -> Outcome:
    return Outcome(
        generation.message_id,
        generation.run_id,
        content=generation.text,
        status=generation.status,
        error=generation.error,
        reasoning=generation.reasoning,
        took=generation.took,
    )
