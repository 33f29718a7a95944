"""A page's websocket without a page: socket.io and Reflex's events, deflated as a browser offers.

It knows of the product what a page must know: the events of loading and of sending, and that a
message has an id, a role and a status wherever one is shown. How text travels it does not care.
"""

import asyncio
import contextlib
import json
import uuid
from collections import deque
from collections.abc import Iterator
from typing import Any, Self, cast
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

ROOT = "reflex___state____state"
LOAD = f"{ROOT}.hydrate_and_load"
ENDED = frozenset({"complete", "stopped", "interrupted", "failed"})
KEPT = 20
"""Updates in which to look for the last words."""

OPEN_SECONDS = 30.0


class Line:
    """One tab that shows one chat."""

    def __init__(self, socket: ClientConnection, path: str, query: dict[str, str]) -> None:
        self._socket = socket
        self._router = {"pathname": path, "asPath": path, "query": query}
        self._latest = deque[str](maxlen=KEPT)
        self._states = set[str]()
        self._known = set[str]()
        self._loaded = asyncio.Event()
        self._ended: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str, *, session: str, project: str, chat: str) -> Self:
        """Connect and load a chat, as the page does; done when all that loads has run."""
        address = f"ws://{urlsplit(url).netloc}/_event/?token={uuid.uuid4()}&EIO=4"
        socket = await connect(
            f"{address}&transport=websocket",
            origin=cast(Any, url),
            additional_headers={"Cookie": f"session={session}"},
            max_size=None,
            ping_interval=None,
            proxy=None,
        )
        path = f"/projects/{project}/chat/{chat}"
        line = cls(socket, path, {"project_id": project, "chat_id": chat})
        boot = {"event": line._event(LOAD, {}), "state_schema": None}
        await socket.send(f"40/_event,{json.dumps(boot)}")
        async with asyncio.timeout(OPEN_SECONDS):
            await line._loaded.wait()
        return line

    async def ask(self, question: str, key: str) -> None:
        """Send a message; what ends from now on is its answer."""
        [conversation] = [state for state in self._states if state.endswith("conversation")]
        form = {"message": question, "key": key}
        event = self._event(f"{conversation}.send_message", {"form": form})
        await self._socket.send(f"42/_event,{json.dumps(['event', event])}")

    async def ended(self) -> dict[str, Any]:
        """Wait for an answer that was not there at first and is no longer being written."""
        return await self._ended

    def has_heard(self, word: str) -> bool:
        """Whether the latest updates had this word."""
        return any(word in frame for frame in self._latest)

    async def close(self) -> None:
        """Leave, as a tab that is closed does."""
        await self._socket.close()
        await self._reading

    def _event(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, "payload": payload, "router_data": self._router}

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in self._socket:
                text = str(frame)
                if text == "2":
                    await self._socket.send("3")
                elif text.startswith("42"):
                    self._take(text)
        if not self._ended.done():
            self._ended.set_exception(ConnectionError("the websocket was closed"))
            self._ended.exception()  # it was seen, also where nobody waits

    def _take(self, frame: str) -> None:
        self._latest.append(frame)
        # Most updates are a bit of text: what is not needed is not read.
        if '"status"' not in frame and self._loaded.is_set():
            return
        update: dict[str, Any] = json.loads(frame[frame.index(",") + 1 :])[1]
        delta: dict[str, dict[str, Any]] = update.get("delta") or {}
        self._states.update(delta)
        for message in _messages(delta):
            if not self._loaded.is_set():
                self._known.add(message["id"])
            elif self._is_awaited(message) and not self._ended.done():
                self._ended.set_result(message)
        if delta.get(ROOT, {}).get("is_hydrated_rx_state_"):
            self._loaded.set()

    def _is_awaited(self, message: dict[str, Any]) -> bool:
        is_ended_answer = message["role"] == "assistant" and message["status"] in ENDED
        return is_ended_answer and message["id"] not in self._known


def _messages(value: Any) -> Iterator[dict[str, Any]]:
    """Everything in an update that is a message, wherever it stands."""
    if isinstance(value, dict):
        found = cast(dict[str, Any], value)
        if {"id", "role", "status"} <= found.keys():
            yield found
        else:
            for within in found.values():
                yield from _messages(within)
    elif isinstance(value, list):
        for within in cast(list[Any], value):
            yield from _messages(within)
