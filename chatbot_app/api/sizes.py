"""No request to the API is read further than a form can be long, nor for longer than it takes."""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
"""Ample for the longest password form, in any encoding."""


BODY_SECONDS = 20.0
"""For all of it: 64 KB on the slowest of phones; who sends byte by byte is not waited for."""


class BodyLimit:
    """Ends a request with 413 as soon as its body is too long, whatever its headers said of it, and
    with 408 if it is not there in time.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what the API is sent; pages have no bodies, and the websocket its own limit."""
        seen, is_whole = 0, False
        deadline = asyncio.get_running_loop().time() + BODY_SECONDS

        async def counted() -> Message:
            nonlocal seen, is_whole
            if is_whole:  # then this waits for the client to leave, for as long as it stays
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            is_whole = not message.get("more_body", False)
            seen += len(message.get("body", b""))
            if seen > MAX_BODY_BYTES:
                raise HTTPException(413)
            return message

        is_api = scope["type"] == "http" and scope["path"].startswith("/api/")
        await self.app(scope, counted if is_api else receive, send)
