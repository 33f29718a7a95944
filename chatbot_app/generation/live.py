"""One answer while it is being written, in the memory of a worker."""

import asyncio
import uuid
from dataclasses import dataclass

from chatbot_app.llm import Prompt
from chatbot_app.repositories.answer_runs import Chunk
from chatbot_app.schemas import Status


@dataclass(frozen=True)
class Job:
    """An answer to be written, whose row and run are stored already.

    `text` is what the message holds so far: nothing, or the beginning that is to be gone on with.
    """

    message_id: uuid.UUID
    chat_id: uuid.UUID
    run_id: uuid.UUID
    prompt: Prompt
    text: str = ""


class Generation:
    """The text so far and how it ended. Changed by its owner alone (the engine, or the mirror for
    an answer of another worker); anyone on the event loop may read it.
    """

    def __init__(
        self, message_id: uuid.UUID, chat_id: uuid.UUID, run_id: uuid.UUID, text: str = ""
    ) -> None:
        self.message_id = message_id
        self.chat_id = chat_id
        self.run_id = run_id
        self.status: Status = "generating"
        self.error = ""
        self.is_lost = False
        """Whether somebody else ended this run: what is stored then counts, not what is here."""
        self.saved = asyncio.Event()
        """Set once there is nothing more to store: the outcome is in the database, or another's is."""
        self._pieces: list[str] = [text] if text else []
        self._kept = len(self._pieces)
        self._seq = 0
        self._offered: tuple[Chunk, int] | None = None

    def append(self, text: str) -> None:
        """Add what the model just said."""
        self._pieces.append(text)

    def read(self, position: int) -> tuple[str, int]:
        """The text from `position` on (0 is the start), and the position to ask from next time.

        Positions count pieces, not characters, so that a follower's whole reading costs what the
        answer is long.
        """
        return "".join(self._pieces[position:]), len(self._pieces)

    def unkept(self) -> Chunk | None:
        """What the journal does not hold yet. The same chunk again until `kept` is called."""
        if self._offered is None:
            text, end = self.read(self._kept)
            if not text:
                return None
            self._offered = (Chunk(self.message_id, self.run_id, self._seq, text), end)
        return self._offered[0]

    def kept(self) -> None:
        """The journal holds the chunk that was offered."""
        if self._offered is not None:
            self._kept = self._offered[1]
            self._seq += 1
            self._offered = None

    @property
    def text(self) -> str:
        """The whole text so far."""
        return "".join(self._pieces)

    @property
    def has_text(self) -> bool:
        """Whether there is any text yet."""
        return bool(self._pieces)
