"""One answer while it is being written, in the memory of the worker that writes it."""

import asyncio
import uuid

from chatbot_app.schemas import Status


class Generation:
    """The text so far and how it ended. Written by the engine alone; anyone on the event loop may
    read it.
    """

    def __init__(self, message_id: uuid.UUID, chat_id: uuid.UUID) -> None:
        self.message_id = message_id
        self.chat_id = chat_id
        self.status: Status = "generating"
        self.error = ""
        self.saved = asyncio.Event()
        """Set once the outcome is in the database."""
        self._pieces: list[str] = []

    def append(self, text: str) -> None:
        """Add what the model just said."""
        self._pieces.append(text)

    def read(self, position: int) -> tuple[str, int]:
        """The text from `position` on (0 is the start), and the position to ask from next time.

        Positions count pieces, not characters, so that a follower's whole reading costs what the
        answer is long.
        """
        return "".join(self._pieces[position:]), len(self._pieces)

    @property
    def text(self) -> str:
        """The whole text so far."""
        return "".join(self._pieces)

    @property
    def has_text(self) -> bool:
        """Whether the model has said anything yet."""
        return bool(self._pieces)
