"""What the fake provider sends: answers with their faults, and the bytes these make.

Knows nothing of servers; `fake_provider` sends the bytes and records what the client does.
"""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.sample_text import sample_text, tokens_of
from tests.waiting import wait_for

MODEL = "fake-model"
"""The one model that `GET /v1/models` lists."""

Ending = Literal[
    "complete",  # finish_reason, usage, [DONE]
    "no_done",  # finish_reason, then the response ends
    "only_done",  # [DONE] without a finish_reason
    "nothing",  # the response just ends, politely
    "cut",  # the connection breaks in the middle of an event
    "open",  # finish_reason and usage, then nothing more comes until the client leaves
    "stall",  # nothing more comes until the client leaves
    "bad_json",
    "error",  # an error object as an event
    "long_line",  # 10 MB without a line end
]


class Gate:
    """Holds an answer after so many pieces until it is opened; says when the answer stands there."""

    def __init__(self, *, after: int) -> None:
        self.after = after
        self._opened = threading.Event()
        self._reached = threading.Event()

    def wait_reached(self, timeout: float = 10.0) -> None:
        """Wait until all pieces before the gate are sent."""
        wait_for(self._reached, "the answer to reach its gate", timeout)

    def open(self) -> None:
        """Let the answer go on; from any thread."""
        self._opened.set()

    async def pass_through(self) -> None:
        """Stand before the gate (for the provider)."""
        self._reached.set()
        # A thread that waits for the event would outlive the server when nobody opens the gate.
        while not self._opened.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@dataclass(frozen=True)
class Answer:
    """What the provider does with one request. Times are in seconds.

    Without `text` it is `sample_text(tokens)`; `pieces` says exactly what each event carries.
    """

    text: str | None = None
    tokens: int = 40
    pieces: tuple[str, ...] | None = None
    tokens_per_second: float | None = None
    """Speed; None for as fast as it goes."""
    response_delay: float = 0.0
    """Before even the status is sent."""
    first_token_delay: float = 0.0
    comment_every: float | None = None
    """Comments at this interval during `first_token_delay`."""
    gate: Gate | None = None

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | str | Mapping[str, Any] | None = None
    """Sent as it is instead of a stream; a status other than 200 without a body gets an error object."""

    ending: Ending = "complete"
    stop_after: int | None = None
    """Pieces before the ending; None for all."""
    finish_reason: str = "stop"
    error: Mapping[str, Any] = field(
        default_factory=lambda: {"message": "The engine is overloaded", "code": 503}
    )
    """For the ending `error`."""

    reasoning: tuple[str, ...] = ()
    """Thoughts before the text."""
    reasoning_field: str = "reasoning_content"
    thought_gate: Gate | None = None
    """Holds the thoughts as `gate` does the text."""
    usage: Any = field(default_factory=lambda: {"total_tokens": 1})
    line_end: Literal["\n", "\r\n", "\r"] = "\n"
    comments: bool = False
    """A comment before each event, as gateways send to keep the line open."""
    escape_unicode: bool = False
    """JSON with \\u escapes only."""
    bytes_per_write: int | None = None
    """Cut the stream into writes of this size, through characters and line ends; None for an event each."""

    @property
    def full_text(self) -> str:
        """All the text that this answer would send if nothing went wrong."""
        return "".join(self.all_pieces)

    @property
    def all_pieces(self) -> tuple[str, ...]:
        """What the events carry, one by one."""
        if self.pieces is not None:
            return self.pieces
        return tuple(tokens_of(sample_text(self.tokens) if self.text is None else self.text))


class Cut(Exception):
    """Raised in mid-stream: the connection is to be dropped without the end of the response."""


@dataclass(frozen=True)
class _Bytes:
    """Some of the stream, and the piece of text that is sent when the last of them is."""

    data: bytes
    piece: str | None = None


_ALL_SO_FAR = _Bytes(b"")
"""Nothing may wait for what comes next."""


async def writes(answer: Answer, sent: Callable[[str], None]) -> AsyncIterator[bytes]:
    """The bytes of the stream in the writes that the answer asks for.

    Calls `sent` with each piece as soon as all of its event is written.

    Raises:
        Cut: the connection is to be dropped now.
    """
    waiting, total, written = b"", 0, 0
    unsent = deque[tuple[int, str]]()
    async for part in _stream(answer):
        waiting += part.data
        total += len(part.data)
        if part.piece is not None:
            unsent.append((total, part.piece))
        size = answer.bytes_per_write
        if size is None or part is _ALL_SO_FAR:
            size = len(waiting)
        while waiting and len(waiting) >= size:
            yield waiting[:size]
            written += len(waiting[:size])
            waiting = waiting[size:]
            while unsent and unsent[0][0] <= written:
                sent(unsent.popleft()[1])
            # Lets the client read this before the next comes, and the provider see that it left.
            await asyncio.sleep(0)


async def _stream(answer: Answer) -> AsyncIterator[_Bytes]:
    """The events of the answer, at its speed, up to its ending."""
    began = time.monotonic()
    while answer.comment_every and time.monotonic() - began < answer.first_token_delay:
        yield _Bytes(f": keep-alive{answer.line_end * 2}".encode())
        await asyncio.sleep(answer.comment_every)
    await asyncio.sleep(max(0.0, began + answer.first_token_delay - time.monotonic()))
    yield _Bytes(_event(answer, _chunk({"role": "assistant", "content": ""})))
    for number, thought in enumerate(answer.reasoning):
        if answer.thought_gate and answer.thought_gate.after == number:
            yield _ALL_SO_FAR
            await answer.thought_gate.pass_through()
        yield _Bytes(_event(answer, _chunk({"content": None, answer.reasoning_field: thought})))
    began = time.monotonic()
    pieces = answer.all_pieces[: answer.stop_after]
    for number, piece in enumerate(pieces):
        if answer.gate and answer.gate.after == number:
            yield _ALL_SO_FAR
            await answer.gate.pass_through()
        if answer.tokens_per_second:
            # Due times are counted from the beginning, so that delays don't add up.
            due = began + number / answer.tokens_per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        yield _Bytes(_event(answer, _chunk({"content": piece})), piece)
    if answer.gate and answer.gate.after >= len(pieces):
        yield _ALL_SO_FAR
        await answer.gate.pass_through()
    if answer.ending in ("cut", "stall", "open"):
        yield _ALL_SO_FAR
    async for data in _ending(answer):
        yield _Bytes(data)
    yield _ALL_SO_FAR


async def _ending(answer: Answer) -> AsyncIterator[bytes]:
    match answer.ending:
        case "complete" | "no_done" | "open":
            yield _event(answer, _chunk({}, finish_reason=answer.finish_reason))
            yield _event(answer, {"choices": [], "usage": answer.usage})
            if answer.ending == "open":
                await asyncio.Event().wait()
        case "cut":
            yield _event(answer, _chunk({"content": "never whole"}))[:30]
            # Uvicorn drops the connection when an application fails in mid-response.
            raise Cut
        case "stall":
            await asyncio.Event().wait()
        case "bad_json":
            yield b'data: {"choices": [{"delta": {"content": "oops}]}\n\n'
        case "error":
            yield _event(answer, {"error": dict(answer.error)})
        case "long_line":
            yield b"data: "
            for _ in range(160):
                yield b"x" * 65_536
        case "only_done" | "nothing":
            pass
    if answer.ending in ("complete", "only_done"):
        yield f"data: [DONE]{answer.line_end * 2}".encode()


def _chunk(delta: Mapping[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": dict(delta), "finish_reason": finish_reason}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "model": MODEL,
        "choices": [choice],
    }


def _event(answer: Answer, data: Mapping[str, Any]) -> bytes:
    comment = f": keep-alive{answer.line_end}" if answer.comments else ""
    payload = json.dumps(data, ensure_ascii=answer.escape_unicode)
    return f"{comment}data: {payload}{answer.line_end * 2}".encode()
