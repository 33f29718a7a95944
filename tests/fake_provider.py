"""A fake OpenAI-compatible provider on loopback, with every fault a real one can have on demand.

In a test, sync or async, and for an app in this process or another:

    with FakeProvider() as provider:
        provider.enqueue(Answer(text="Hello."), Answer(status=429, headers={"Retry-After": "7"}))
        ...                                # let the app talk to provider.base_url
        request = provider.wait_for_request(0)
        assert request.messages[-1]["content"] == "Hi"
        request.wait_closed_by_client()    # for instance after Stop

Each request takes the next queued answer; with an empty queue it gets `provider.default`. An answer
can be held in mid-stream with a `Gate`, so that no test needs to guess a time. From async tests call
the `wait_…` helpers through `asyncio.to_thread`.

As a process, for benchmarks: `python -m tests.fake_provider --port 9000 --tokens 2000 --rate 100`.
"""

import argparse
import asyncio
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from tests.fake_answers import MODEL, Answer, Gate, writes
from tests.loopback import HOST, free_port
from tests.sample_text import sample_text, tokens_of
from tests.waiting import wait_for

__all__ = ["Answer", "FakeProvider", "Gate", "RecordedRequest", "sample_text", "tokens_of"]


class RecordedRequest:
    """One request as the provider saw it. Times are of `time.monotonic()`."""

    def __init__(self, body: dict[str, Any], headers: dict[str, str], client: Any) -> None:
        self.body = body
        self.headers = headers
        self.client = client
        """Address and port of the other end: equal for two requests on one connection."""
        self.started = time.monotonic()
        self.ended: float | None = None
        self.closed_by_client = False
        """Whether the client closed the connection before the answer was all sent."""
        self._sent: list[str] = []
        self._over = threading.Event()

    @property
    def messages(self) -> list[dict[str, str]]:
        """The messages of the prompt, in order."""
        return self.body["messages"]

    @property
    def model(self) -> str:
        """The model that was asked for."""
        return self.body["model"]

    @property
    def temperature(self) -> float | None:
        """The temperature, None if none was sent."""
        return self.body.get("temperature")

    @property
    def pieces_sent(self) -> int:
        """How many pieces of text were written to the connection so far."""
        return len(self._sent)

    @property
    def text_sent(self) -> str:
        """The text written to the connection so far, to the character.

        The client may have less of it, if it left or the network failed, and never more.
        """
        return "".join(self._sent)

    def piece_sent(self, piece: str) -> None:
        """Note that one more piece of text went out (for the provider)."""
        self._sent.append(piece)

    def end(self, *, closed_by_client: bool) -> None:
        """Note that this request is over (for the provider)."""
        self.ended = time.monotonic()
        self.closed_by_client = closed_by_client
        self._over.set()

    def wait_ended(self, timeout: float = 10.0) -> None:
        """Wait until the answer is all sent, or the client has left."""
        wait_for(self._over, "the request to end", timeout)

    def wait_closed_by_client(self, timeout: float = 10.0) -> None:
        """Wait until the client has left before the end of the answer."""
        self.wait_ended(timeout)
        assert self.closed_by_client, "the provider sent everything before the client left"


class FakeProvider:
    """The server, running in a thread of its own while the `with` block lasts."""

    def __init__(self, *, port: int = 0, default: Answer | None = None) -> None:
        self.default = default or Answer()
        self.requests: list[RecordedRequest] = []
        self.models: list[dict[str, Any]] | None = [{"id": MODEL, "object": "model"}]
        """What `/models` lists, as the provider would write it; None: a provider without a list."""
        self.models_asked = 0
        self._queue: deque[Answer] = deque()
        self._arrived = threading.Condition()
        self._socket = socket.create_server((HOST, port or free_port()))
        self.port: int = self._socket.getsockname()[1]
        routes = [
            Route("/v1/models", self._list),
            Route("/v1/chat/completions", _Completions(self), methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off")
        # Don't wait for streams that stand at a gate or stall.
        config.timeout_graceful_shutdown = 0
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def base_url(self) -> str:
        """What to set OPENAI_BASE_URL to."""
        return f"http://{HOST}:{self.port}/v1"

    def enqueue(self, *answers: Answer) -> None:
        """Answer the next requests with these, in order."""
        self._queue.extend(answers)

    def wait_for_request(self, index: int = 0, timeout: float = 10.0) -> RecordedRequest:
        """The request with this number, counted from 0, as soon as it is there."""
        with self._arrived:
            if not self._arrived.wait_for(lambda: len(self.requests) > index, timeout):
                raise AssertionError(
                    f"request {index} did not come within {timeout:g} s; "
                    f"{len(self.requests)} came before"
                )
            return self.requests[index]

    def expect_requests(self, count: int) -> None:
        """So many came, or come in a moment, and no more. What is on the page may be there before."""
        if count:
            self.wait_for_request(count - 1)
        assert len(self.requests) == count, f"{len(self.requests)} requests came, not {count}"

    def forget(self) -> None:
        """Be as it was when it was made, for the next test that asks it."""
        with self._arrived:
            self.requests.clear()
            self._queue.clear()
            self.default = Answer()

    def record(self, request: RecordedRequest) -> Answer:
        """Note a request and choose its answer (for the server's thread)."""
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            return self._queue.popleft() if self._queue else self.default

    async def _list(self, _: Request) -> JSONResponse:
        self.models_asked += 1
        if self.models is None:
            return JSONResponse({"error": {"message": "Not found"}}, status_code=404)
        return JSONResponse({"object": "list", "data": self.models})

    def run(self) -> None:
        """Serve in this thread until interrupted."""
        self._server.run(sockets=[self._socket])

    def __enter__(self) -> Self:
        self._thread.start()
        # Connections wait in the socket's backlog, so there is no need to wait for the server.
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))


class _Completions:
    """`POST /v1/chat/completions` as a bare ASGI app: only so does it see the client leave."""

    def __init__(self, provider: FakeProvider) -> None:
        self._provider = provider

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        incoming = Request(scope, receive)
        body = json.loads(await incoming.body())
        request = RecordedRequest(body, dict(incoming.headers), scope["client"])
        answer = self._provider.record(request)
        answering = asyncio.create_task(_answer(answer, request, send))
        leaving = asyncio.create_task(_client_left(receive))
        await asyncio.wait([answering, leaving], return_when=asyncio.FIRST_COMPLETED)
        left_early = not answering.done()
        answering.cancel()
        leaving.cancel()
        request.end(closed_by_client=left_early)
        await asyncio.gather(leaving, return_exceptions=True)
        if not left_early:
            answering.result()


async def _client_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(answer: Answer, request: RecordedRequest, send: Send) -> None:
    await asyncio.sleep(answer.response_delay)
    if answer.status != 200 or answer.body is not None:
        body = answer.body
        if body is None:
            body = {"error": {"message": f"Fake status {answer.status}", "code": None}}
        is_json = isinstance(body, Mapping)
        data = json.dumps(body) if is_json else body
        await send(_head(answer, "application/json" if is_json else "text/plain"))
        content = data.encode() if isinstance(data, str) else bytes(data)
        await send({"type": "http.response.body", "body": content})
        return
    await send(_head(answer, "text/event-stream"))
    async for data in writes(answer, request.piece_sent):
        await send({"type": "http.response.body", "body": data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _head(answer: Answer, content_type: str) -> Message:
    headers = {"content-type": content_type} | {k.lower(): v for k, v in answer.headers.items()}
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http.response.start", "status": answer.status, "headers": raw}


def main() -> None:
    """Serve one kind of answer until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m tests.fake_provider", description=main.__doc__)
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--tokens", type=int, default=2000, help="tokens in an answer")
    parser.add_argument("--rate", type=float, default=100, help="tokens a second; 0: full speed")
    parser.add_argument("--delay", type=float, default=0, help="seconds before the first token")
    options = parser.parse_args()
    answer = Answer(
        tokens=options.tokens,
        tokens_per_second=options.rate or None,
        first_token_delay=options.delay,
    )
    provider = FakeProvider(port=options.port, default=answer)
    print(f"OPENAI_BASE_URL={provider.base_url}", flush=True)
    with suppress(KeyboardInterrupt):
        provider.run()


if __name__ == "__main__":
    main()
