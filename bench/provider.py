"""A provider that costs next to nothing, as a process of its own: `python -m bench.provider PORT`.

It speaks what an OpenAI-compatible API speaks, straight on the socket, for it shares its two cores
with what is measured. Each question says what it wants (`wanted`). `GET /told/SEED` tells when the
request was there as a whole, and when the first and the last piece of its answer were written, by
`time.monotonic()`, which all processes of a machine share.
"""

import asyncio
import json
import sys
from collections.abc import Iterable
from contextlib import suppress

from bench.wanted import FIRST_TOKEN_SECONDS, Wanted, understood

AT_ONCE = 50
"""Events a write where there is no speed to keep."""

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: %s\r\n"
STREAM = HEAD % b"text/event-stream" + b"transfer-encoding: chunked\r\n\r\n"
BEFORE, AFTER = (
    json.dumps(
        {
            "id": "chatcmpl-8mVf2Qk0Zr7Jx1Ls",
            "object": "chat.completion.chunk",
            "created": 1767225600,
            "model": "fake-model",
            "choices": [{"index": 0, "delta": {"content": "?"}, "finish_reason": None}],
        }
    )
    .encode()
    .split(b'"?"')
)
ENDING = (
    b"data: "
    + BEFORE.replace(b'{"content": ', b"{}")
    + AFTER.removeprefix(b"}").replace(b"null", b'"stop"')
    + b"\n\ndata: [DONE]\n\n"
)


class Provider:
    """Answers, and remembers when."""

    def __init__(self) -> None:
        self._told: dict[int, dict[str, float]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one connection's requests, one after the other, until it is closed."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                path, body = await _request(reader)
                if path.startswith("/told/"):
                    told = self._told.get(int(path.rpartition("/")[2]), {})
                    writer.write(_whole(json.dumps(told).encode()))
                elif body:
                    await self._answer(body, writer)
                else:
                    writer.write(_whole(b'{"object": "list", "data": [{"id": "fake-model"}]}'))
        writer.close()

    async def _answer(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        clock = asyncio.get_running_loop().time  # it is time.monotonic()
        arrived = clock()
        wanted = understood(json.loads(body)["messages"][-1]["content"])
        told = self._told[wanted.seed] = {"arrived": arrived}
        events = [_chunk(_event(piece)) for piece in wanted.pieces]
        writer.write(STREAM)
        await asyncio.sleep(arrived + FIRST_TOKEN_SECONDS - clock())
        told["first"] = clock()
        if wanted.rate:
            await _at_speed(wanted, events, writer)
        else:
            await _at_once(events, writer)
        told["last"] = clock()
        writer.write(_chunk(ENDING) + b"0\r\n\r\n")


async def _at_speed(wanted: Wanted, events: list[bytes], writer: asyncio.StreamWriter) -> None:
    clock = asyncio.get_running_loop().time
    began = clock()
    for number, event in enumerate(events):
        # Due times are counted from the beginning, so that delays don't add up.
        await asyncio.sleep(began + number / wanted.rate - clock())
        writer.write(event)


async def _at_once(events: list[bytes], writer: asyncio.StreamWriter) -> None:
    for number in range(0, len(events), AT_ONCE):
        writer.write(b"".join(events[number : number + AT_ONCE]))
        await writer.drain()


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if line)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return first.split()[1], body


def _event(piece: str) -> bytes:
    return b"data: %s%s%s\n\n" % (BEFORE, json.dumps(piece).encode(), AFTER)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _whole(body: bytes) -> bytes:
    return HEAD % b"application/json" + b"content-length: %d\r\n\r\n%s" % (len(body), body)


async def run(arguments: Iterable[str]) -> None:
    """Serve at this port until the process ends."""
    [port] = arguments
    server = await asyncio.start_server(Provider().serve, "127.0.0.1", int(port))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1:]))
