"""One answer while it is being written, in the memory of a worker."""

import asyncio
import uuid
from dataclasses import dataclass

from chatbot_app.generation.timing import Timing
from chatbot_app.llm import Prompt, Usage
from chatbot_app.repositories.answer_runs import Chunk
from chatbot_app.repositories.messages import UNKNOWN, Took
from chatbot_app.schemas import Status


@dataclass(frozen=True)
class Job:
    """An answer to be written, whose row and run are stored already.

    `text` is what the message holds so far: nothing, or the beginning that is to be gone on with;
    `reasoning` what was thought for it, and `took` what it took. One that `is_temporary` has no row
    and no run, and never will: it lives in memory alone.
    """

    message_id: uuid.UUID
    chat_id: uuid.UUID
    run_id: uuid.UUID
    prompt: Prompt
    text: str = ""
    reasoning: str = ""
    took: Took = UNKNOWN
    is_temporary: bool = False


class _Strand:
    """What grows piece by piece: the text of an answer, or the thoughts before it."""

    def __init__(self, begun: str) -> None:
        self.pieces: list[str] = [begun] if begun else []
        self.kept = len(self.pieces)

    def read(self, position: int) -> tuple[str, int]:
        return "".join(self.pieces[position:]), len(self.pieces)

    @property
    def is_kept(self) -> bool:
        return self.kept == len(self.pieces)


@dataclass(frozen=True)
class _Offer:
    chunk: Chunk
    end: int


class Generation:
    """The text and thoughts so far and how it ended. Changed by its owner alone (the engine, or the
    mirror for an answer of another worker); anyone on the event loop may read it.
    """

    def __init__(
        self,
        message_id: uuid.UUID,
        chat_id: uuid.UUID,
        run_id: uuid.UUID,
        text: str = "",
        *,
        reasoning: str = "",
        took: Took = UNKNOWN,
        is_temporary: bool = False,
    ) -> None:
        self.message_id = message_id
        self.chat_id = chat_id
        self.run_id = run_id
        self.is_temporary = is_temporary
        self.status: Status = "generating"
        self.error = ""
        self.usage: Usage | None = None
        """What the provider counted, once it did."""
        self.is_lost = False
        """Whether somebody else ended this run: what is stored then counts, not what is here."""
        self.saved = asyncio.Event()
        """Set once there is nothing more to store: the outcome is in the database, or another's is, or
        it is to be nowhere.
        """
        self.took = took
        """What it took; in full once it ended."""
        self.timing = Timing(took, has_thought=bool(reasoning), has_text=bool(text))
        self._text = _Strand(text)
        self._thoughts = _Strand(reasoning)
        self._begins_anew = bool(reasoning)
        self._seq = 0
        self._offered: _Offer | None = None
        self._was_thought = False

    def append(self, text: str) -> None:
        """Add what the model just said."""
        if self.timing.is_thinking:
            self.timing.spoke()
        self._text.pieces.append(text)

    def think(self, thought: str) -> None:
        """Add what the model just thought. What it thinks to go on with an answer is apart from what
        it thought to begin it.
        """
        if not self.timing.is_thinking:
            self.timing.thought()
        if self._begins_anew:
            self._begins_anew = False
            thought = "\n\n" + thought
        self._thoughts.pieces.append(thought)

    def repeat(self, text: str, reasoning: str) -> None:
        """Add what another worker's journal tells: it is in order already."""
        self._begins_anew = False
        if reasoning:
            self.think(reasoning)
        if text:
            self.append(text)

    def read(self, position: int) -> tuple[str, int]:
        """The text from `position` on (0 is the start), and the position to ask from next time.

        Positions count pieces, not characters, so that a follower's whole reading costs what the
        answer is long.
        """
        return self._text.read(position)

    def read_thoughts(self, position: int) -> tuple[str, int]:
        """The thoughts from `position` on, in the same way."""
        return self._thoughts.read(position)

    def unkept(self) -> Chunk | None:
        """What the journal does not hold yet: some text, or some thoughts; where there are both, they
        take turns. The same chunk again until `kept` is called.
        """
        if self._offered is None:
            strands = (self._text, self._thoughts)
            waiting = [strand for strand in strands if not strand.is_kept]
            if not waiting:
                return None
            strand = waiting[0] if self._was_thought else waiting[-1]
            text, end = strand.read(strand.kept)
            chunk = Chunk(self.message_id, self.run_id, self._seq, text, strand is self._thoughts)
            self._offered = _Offer(chunk, end)
        return self._offered.chunk

    def kept(self) -> None:
        """The journal holds the chunk that was offered."""
        if self._offered is not None:
            self._was_thought = self._offered.chunk.is_reasoning
            strand = self._thoughts if self._was_thought else self._text
            strand.kept = self._offered.end
            self._seq += 1
            self._offered = None

    @property
    def text(self) -> str:
        """The whole text so far."""
        return "".join(self._text.pieces)

    @property
    def reasoning(self) -> str:
        """All thoughts so far."""
        return "".join(self._thoughts.pieces)

    @property
    def has_text(self) -> bool:
        """Whether there is any text yet."""
        return bool(self._text.pieces)
