"""The engine: reads the model's stream for every live answer of this worker and stores how each one
ended.

No page, tab or state owns a live answer, so closing them changes nothing. Each answer has two
tasks: a reader, which may be cancelled at any moment and with it the provider's connection, and the
supervisor around it, which never is, for it brings the outcome to the database.
"""

import asyncio
import logging
import uuid
from collections.abc import Iterable
from contextlib import aclosing

from chatbot_app import db
from chatbot_app.errors import AppError, Conflict, ModelError, Unavailable
from chatbot_app.generation.channels import Channels
from chatbot_app.generation.live import Generation
from chatbot_app.llm import ChatModel, Prompt
from chatbot_app.repositories import messages
from chatbot_app.schemas import Status

log = logging.getLogger(__name__)

SAVE_RETRY_SECONDS = 1.0
"""Pause before an outcome that the database would not take is offered again."""

RESTARTED = "The server was restarted while this answer was being written."
UNEXPECTED = (
    "Something went wrong on our side while this answer was being written. Please try again."
)


class Engine:
    """All live answers of this worker. Every method is to be called on its event loop."""

    def __init__(self, model: ChatModel, *, shutdown_seconds: float = 5.0) -> None:
        self.model = model
        self.channels = Channels()
        self.is_closing = False
        self._shutdown_seconds = shutdown_seconds
        self._live: dict[uuid.UUID, Generation] = {}
        self._readers: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._supervisors: set[asyncio.Task[None]] = set()

    def start(self, message_id: uuid.UUID, chat_id: uuid.UUID, prompt: Prompt) -> Generation:
        """Begin the answer whose row is already stored as `generating`.

        Raises:
            Conflict: the server is shutting down.
        """
        if self.is_closing:
            raise Conflict("The server is restarting. Please send this again in a moment.")
        generation = Generation(message_id, chat_id)
        self._live[message_id] = generation
        reader = asyncio.create_task(self._read(generation, prompt), name=f"answer {message_id}")
        self._readers[message_id] = reader
        supervisor = asyncio.create_task(self._supervise(generation, reader))
        self._supervisors.add(supervisor)
        supervisor.add_done_callback(self._supervisors.discard)
        self.channels.messages_changed(chat_id)
        return generation

    def find(self, message_id: uuid.UUID) -> Generation | None:
        """The live answer with this id, if it lives in this worker."""
        return self._live.get(message_id)

    def live_in(self, chat_id: uuid.UUID) -> Generation | None:
        """The live answer of this chat, if one lives in this worker."""
        return next((g for g in self._live.values() if g.chat_id == chat_id), None)

    async def stop(self, message_id: uuid.UUID) -> bool:
        """End the answer now, with the text so far; returns when that is stored. False if it isn't
        live here.
        """
        return await self._end(message_id, "stopped", "")

    async def stop_chats(self, chat_ids: Iterable[uuid.UUID]) -> None:
        """End every live answer of these chats, for they are about to be deleted."""
        wanted = set(chat_ids)
        live = [g.message_id for g in self._live.values() if g.chat_id in wanted]
        await asyncio.gather(*(self.stop(message_id) for message_id in live))

    async def shutdown(self) -> None:
        """Take no new answers, give live ones a few seconds, then store the rest as interrupted."""
        self.is_closing = True
        if self._supervisors:
            await asyncio.wait(set(self._supervisors), timeout=self._shutdown_seconds)
        await asyncio.gather(
            *(self._end(message_id, "interrupted", RESTARTED) for message_id in list(self._live))
        )
        await self.model.aclose()

    async def _end(self, message_id: uuid.UUID, status: Status, error: str) -> bool:
        generation, reader = self._live.get(message_id), self._readers.get(message_id)
        if generation is None or reader is None:
            return False
        if generation.status == "generating":
            generation.status, generation.error = status, error
            reader.cancel()
        await generation.saved.wait()
        return True

    async def _read(self, generation: Generation, prompt: Prompt) -> None:
        async with aclosing(self.model.stream(prompt)) as pieces:
            async for piece in pieces:
                generation.append(piece)
                self.channels.text_came(generation.chat_id)

    async def _supervise(self, generation: Generation, reader: asyncio.Task[None]) -> None:
        await asyncio.wait([reader])
        if generation.status == "generating":
            generation.status, generation.error = _outcome(generation, reader)
        await self._save(generation)
        generation.saved.set()
        self._live.pop(generation.message_id, None)
        self._readers.pop(generation.message_id, None)
        self.channels.messages_changed(generation.chat_id)

    async def _save(self, generation: Generation) -> None:
        """Bring the outcome to the database, however long that is away; when closing, try just
        once.
        """
        while True:
            try:
                await db.in_thread(_store, generation)
                return
            except Unavailable as error:
                log.warning("could not save answer %s: %s", generation.message_id, error)
                if self.is_closing:
                    return
                await asyncio.sleep(SAVE_RETRY_SECONDS)
            except Exception:
                log.exception("could not save answer %s", generation.message_id)
                return


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


def _store(generation: Generation) -> None:
    with db.session(write=True) as session:
        messages.finish(
            session,
            generation.message_id,
            content=generation.text,
            status=generation.status,
            error=generation.error,
        )
