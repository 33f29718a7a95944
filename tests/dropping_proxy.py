"""A network that fails on demand: a TCP proxy on loopback, in a thread of its own.

    with DroppingProxy(served.port) as proxy:
        page.goto(proxy.url)  # served with ALLOWED_ORIGINS=proxy.url
        proxy.cut()
        proxy.restore()

It stands before a server for a browser, or before the provider or the database for the product.
While the server itself is down, connections are accepted and reset at once.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine
from typing import Any, Self

from tests.loopback import HOST, free_port

CHUNK = 16_384
CALL_SECONDS = 10
RESET_AT_CLOSE = struct.pack("ii", 1, 0)
CLOSE_IN_ORDER = struct.pack("ii", 0, 0)


class DroppingProxy:
    """Passes bytes between whoever connects and the target, until it is told not to."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.bytes_to_server = 0
        self.bytes_to_client = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._passing = asyncio.Event()
        self._accepting: asyncio.Task[None] | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self.restore()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_SECONDS)
        self._loop.close()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._connections)

    def cut(self) -> None:
        """Reset all connections, and refuse new ones until `restore`."""
        self._call(self._cut())

    def freeze(self) -> None:
        """Become a black hole: connections stay open, new ones are accepted, and nothing passes.

        Neither end learns of it, nor of the other's leaving. What the proxy passed on before may
        still arrive. The system goes on acknowledging what an end sends, until buffers are full, as
        with a server that hangs: only a patience of the application's own runs out, TCP's does not.
        """
        self._call(self._freeze())

    def thaw(self) -> None:
        """Let frozen connections go on with not a byte lost, as after a short loss of signal."""
        self._call(self._let_pass())

    def restore(self) -> None:
        """Pass again. Frozen connections are reset, as when a machine comes back by another network."""
        self._call(self._restore())

    async def _cut(self) -> None:
        if self._accepting:
            await _cancelled(self._accepting)
            self._accepting = None
        await _cancelled(*self._connections)

    async def _freeze(self) -> None:
        self._passing.clear()

    async def _let_pass(self) -> None:
        self._passing.set()

    async def _restore(self) -> None:
        if not self._passing.is_set():
            await _cancelled(*self._connections)
        self._passing.set()
        if self._accepting is None:
            listener = socket.create_server((HOST, self.port), backlog=128)
            listener.setblocking(False)
            self._accepting = self._loop.create_task(self._accept(listener))

    async def _accept(self, listener: socket.socket) -> None:
        with listener:
            while True:
                client = await self._next(listener)
                connection = self._loop.create_task(self._connect(client))
                self._connections.add(connection)
                connection.add_done_callback(self._connections.discard)
                # Also one that is cut before it began.
                connection.add_done_callback(lambda _, client=client: client.close())

    async def _next(self, listener: socket.socket) -> socket.socket:
        """Take a connection; one that came in the moment of a cut is reset, and not lost."""
        coming = self._loop.create_task(self._loop.sock_accept(listener))
        try:
            client, _ = await asyncio.shield(coming)
        except asyncio.CancelledError:
            if not coming.cancel() and coming.exception() is None:
                coming.result()[0].close()
            raise
        return client

    async def _connect(self, client: socket.socket) -> None:
        """Carry one connection to its end: closed if both ends closed it, reset otherwise."""
        with socket.socket() as server:
            for end in (client, server):
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
            try:
                await self._passing.wait()
                await self._loop.sock_connect(server, (HOST, self.target_port))
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._carry(client, server, "bytes_to_server"))
                    both.create_task(self._carry(server, client, "bytes_to_client"))
                for end in (client, server):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CLOSE_IN_ORDER)
            except* OSError:
                pass

    async def _carry(self, source: socket.socket, target: socket.socket, counter: str) -> None:
        error: OSError | None = None
        while True:
            try:
                data = await self._loop.sock_recv(source, CHUNK)
            except OSError as reset:
                data, error = b"", reset
            await self._passing.wait()
            if error:
                raise error
            if not data:
                target.shutdown(socket.SHUT_WR)
                return
            await self._loop.sock_sendall(target, data)
            setattr(self, counter, getattr(self, counter) + len(data))

    def _call(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_SECONDS)


async def _cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
