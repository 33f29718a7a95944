"""Reading ahead: every byte comes, in order, in few batches, and nobody waits for what is there."""

import asyncio
import gc
from collections.abc import AsyncGenerator

import pytest

from chatbot_app.llm import gathering
from chatbot_app.llm.gathering import Gathering


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a test tells apart from what the machine needs."""
    monkeypatch.setattr(gathering, "GATHER_SECONDS", 0.2)


async def drip(*chunks: bytes | float | Exception) -> AsyncGenerator[bytes]:
    """Send bytes; wait so many seconds; break."""
    for chunk in chunks:
        if isinstance(chunk, float):
            await asyncio.sleep(chunk)
        elif isinstance(chunk, Exception):
            raise chunk
        else:
            yield chunk


async def taken(reading: Gathering) -> list[bytes]:
    batches = list[bytes]()
    while (batch := await reading.take()) is not None:
        batches.append(batch)
    return batches


@pytest.mark.usefixtures("pauses")
async def test_what_drips_comes_whole_and_in_few_batches() -> None:
    socket = asyncio.Queue[bytes | None]()

    async def send() -> None:
        for letter in b"abcdefghijklmnopqrstuvwxyz":
            await asyncio.sleep(0.01)
            socket.put_nowait(bytes([letter]))
        socket.put_nowait(None)

    async def received() -> AsyncGenerator[bytes]:
        while (letter := await socket.get()) is not None:
            yield letter

    sending = asyncio.create_task(send())
    async with Gathering(received()) as reading:
        first = await reading.take()
        reading.has_begun = True
        rest = await taken(reading)
    await sending
    assert first == b"a"
    assert b"".join(rest) == b"bcdefghijklmnopqrstuvwxyz"
    assert len(rest) <= 5


async def test_nothing_waits_before_the_answer_has_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHER_SECONDS", 60.0)
    async with Gathering(drip(0.01, b"role", 0.01, b"word", 0.01)) as reading, asyncio.timeout(5):
        assert await taken(reading) == [b"role", b"word"]


@pytest.mark.usefixtures("pauses")
async def test_a_lone_word_before_a_silence_is_told_after_one_pause() -> None:
    async with Gathering(drip(0.01, b"a", 0.01, b"b", 30.0)) as reading, asyncio.timeout(5):
        assert await reading.take() == b"a"
        reading.has_begun = True
        assert await reading.take() == b"b"


@pytest.mark.usefixtures("pauses")
async def test_words_that_follow_at_once_and_then_a_silence_are_all_told() -> None:
    async with Gathering(drip(0.01, b"a", 0.0, b"b", 0.0, b"c", 30.0)) as reading:
        reading.has_begun = True
        received = b""
        async with asyncio.timeout(5):
            while received != b"abc":
                received += await reading.take() or b""


@pytest.mark.usefixtures("pauses")
async def test_a_silence_after_everything_was_taken_is_waited_out() -> None:
    """Being told of something that was taken already is not the end."""
    async with Gathering(drip(0.01, b"a", 0.01, b"b", 0.6, b"c")) as reading, asyncio.timeout(5):
        reading.has_begun = True
        assert b"".join(await taken(reading)) == b"abc"


async def test_a_burst_is_read_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHER_SECONDS", 0.2)
    packet = b"x" * gathering.BURST_BYTES
    drops = [drop for _ in range(20) for drop in (0.002, packet)]
    async with Gathering(drip(*drops)) as reading, asyncio.timeout(2):
        reading.has_begun = True
        assert b"".join(await taken(reading)) == packet * 20


async def test_a_failure_comes_after_everything_before_it() -> None:
    async with Gathering(drip(b"a", b"b", ConnectionError("gone"))) as reading:
        assert await reading.take() == b"ab"
        with pytest.raises(ConnectionError, match="gone"):
            await reading.take()


async def test_leaving_stops_the_reading() -> None:
    is_closed = asyncio.Event()

    async def endless() -> AsyncGenerator[bytes]:
        try:
            while True:
                await asyncio.sleep(0.001)
                yield b"x"
        finally:
            is_closed.set()

    async with Gathering(endless()) as reading:
        await reading.take()
    assert is_closed.is_set()


async def test_what_breaks_behind_a_whole_answer_is_told_to_nobody() -> None:
    told = list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    async with Gathering(drip(b"all of it", 0.01, ConnectionError("gone"))) as reading:
        await reading.take()
        await reading.until_the_end(5)
    del reading
    gc.collect()
    await asyncio.sleep(0)
    assert told == []
