"""The least that could do the same: one page that posts a question and appends what comes.

Nothing is stored, nobody signs in, markdown stays text. It reaches the provider through the same
HTTP library as the product, and stands in the same place: a process of its own, uvicorn, one
worker. What it takes is the floor that the product's numbers stand on.
`python -m bench.bare_page PORT PROVIDER_URL`.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

PAGE = Path(__file__).with_name("bare_page.html")
PREFIX = b"data: "
DONE = b"[DONE]"


def application(provider_url: str) -> Starlette:
    """The page at `/`, and `POST /ask`, which gives an answer as server-sent events."""
    client = httpx2.AsyncClient(base_url=provider_url, timeout=60, trust_env=False)
    page = PAGE.read_text()

    async def show(_: Request) -> Response:
        return HTMLResponse(page)

    async def ask(request: Request) -> Response:
        words = (await request.json())["question"]
        return StreamingResponse(_events(client, words), media_type="text/event-stream")

    return Starlette(routes=[Route("/", show), Route("/ask", ask, methods=["POST"])])


async def _events(client: httpx2.AsyncClient, words: str) -> AsyncIterator[bytes]:
    """What came since the last write as one event, at once."""
    waiting, came = list[str](), asyncio.Event()

    async def read() -> None:
        body = {"stream": True, "messages": [{"role": "user", "content": words}]}
        rest = b""
        async with client.stream("POST", "chat/completions", json=body) as response:
            async for received in response.aiter_raw():
                *lines, rest = (rest + received).split(b"\n")
                waiting.extend(map(_text, lines))
                came.set()

    reading = asyncio.create_task(read())
    reading.add_done_callback(lambda _: came.set())
    while waiting or not reading.done():
        await came.wait()
        came.clear()
        text = "".join(waiting)
        waiting.clear()
        if text:
            yield b"data: %s\n\n" % json.dumps(text, ensure_ascii=False).encode()
    reading.result()
    yield b"data: null\n\n"


def _text(line: bytes) -> str:
    if not line.startswith(PREFIX) or line.endswith(DONE):
        return ""
    choices = json.loads(line[len(PREFIX) :])["choices"]
    return choices[0]["delta"].get("content") or ""


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="error"
    )
