"""Every request to the API has a caller and an id, which the log, the audit and the answer name."""

import logging
import time
from urllib.parse import quote

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot_app import callers
from chatbot_app.api.requests import client_address, language_of

log = logging.getLogger(__name__)


class Calls:
    """Says who is calling for as long as a request lasts, and logs what became of it: its path, and
    nothing that was sent.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Name the caller of what goes to the API; pages are files that anybody may have."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        request_id = callers.new_request_id()
        callers.enter(
            callers.Caller(
                client_address(request),
                request.headers.get("user-agent", ""),
                request_id,
                language_of(request),
            )
        )
        began = time.perf_counter()

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [
                    *message.get("headers", ()),
                    (b"x-request-id", request_id.encode()),
                    (b"cache-control", b"no-store"),  # much of it is somebody's own, or a token
                ]
                message = {**message, "headers": headers}
                took = (time.perf_counter() - began) * 1000
                path = quote(scope["path"])  # or a line end in it would begin a line of its own
                log.info("%s %s %d in %d ms", scope["method"], path, message["status"], took)
            await send(message)

        await self.app(scope, receive, answered)
