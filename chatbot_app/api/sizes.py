"""No request to the API is read further than a form can be long, nor for longer than it takes; a file
with chats may be longer, and is waited for as long as it keeps coming.
"""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
"""Ample for the longest password form, in any encoding."""


BODY_SECONDS = 20.0
"""For all of it: 64 KB on the slowest of phones; who sends byte by byte is not waited for."""

IMPORTS = "/api/imports"

MAX_IMPORT_BYTES = 100_000_000
"""The largest file with chats, as it is sent; an archive holds more."""

IMPORT_SECONDS = 1800.0
"""For all of it: 100 MB at half a megabit a second."""


class BodyLimit:
    """Ends a request with 413 as soon as its body is too long, whatever its headers said of it, and
    with 408 if it is not there in time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what the API is sent; pages have no bodies, and the websocket its own limit."""
        seen, is_whole = 0, False
        clock = asyncio.get_running_loop().time
        is_import = scope.get("path") == IMPORTS
        most = MAX_IMPORT_BYTES if is_import else MAX_BODY_BYTES
        end = clock() + (IMPORT_SECONDS if is_import else BODY_SECONDS)

        async def counted() -> Message:
            nonlocal seen, is_whole
            if is_whole:  # then this waits for the client to leave, for as long as it stays
                return await receive()
            try:
                # A file takes its time, but no part of it longer than a form does.
                async with asyncio.timeout_at(min(end, clock() + BODY_SECONDS)):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            is_whole = not message.get("more_body", False)
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413)
            return message

        is_api = scope["type"] == "http" and scope["path"].startswith("/api/")
        await self.app(scope, counted if is_api else receive, send)
