"""No request to the API is read further than a form can be long."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 64 * 1024
"""Ample for the longest password form, in any encoding."""


class BodyLimit:
    """Ends a request with 413 as soon as its body is too long, whatever its headers said of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what the API is sent; pages have no bodies, and the websocket its own limit."""
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MAX_BODY_BYTES:
                raise HTTPException(413)
            return message

        is_api = scope["type"] == "http" and scope["path"].startswith("/api/")
        await self.app(scope, counted if is_api else receive, send)
