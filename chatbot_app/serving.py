"""Serving a finished bundle, the API and the websocket from one process, without Node.

Everything between the command and the first answer is here: the address is claimed, the database
brought up to date, the pages built if need be, and the operator told where to look. How Reflex is
made to serve what it did not just compile is here too, and nowhere else.
"""

import errno
import logging
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import uvicorn

from chatbot_app import bundle
from chatbot_app.config import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_FRAME_BYTES = 1024 * 1024
YEAR = b"public, max-age=31536000, immutable"  # the name holds a hash of the content
ASK_FIRST = b"no-cache"  # may be kept, if the server says that it is still the same

# Libraries that tell every step of theirs, or bring a handler of their own unless given a level.
CHATTY = ("alembic", "engineio.server", "httpx", "httpx2", "socketio.server", "uvicorn.error")

WILDCARDS = frozenset({"0.0.0.0", "::"})


class CannotStart(Exception):
    """The server can't start; the message says why and what to do."""


def serve(settings: Settings) -> None:
    """Serve until a signal says stop.

    Raises: CannotStart, BuildFailed, AppError (the database).
    """
    with claim(settings.host, settings.port) as listener:
        migrate(settings)
        built = bundle.ensure(settings, say)
        say("Starting …")
        server = _Server(_uvicorn(load(built), settings), settings)
        try:
            server.run(sockets=[listener])
        except SystemExit:  # uvicorn hands the signal on that it stopped for
            if not server.started:
                raise
        if not server.started:
            raise CannotStart("The application did not start; the log above says why.")


def migrate(settings: Settings) -> None:
    """Bring the database to the schema that the code was written for.

    Raises: CannotStart, AppError.
    """
    from chatbot_app import migrations

    if settings.uses_embedded_database:
        try:
            settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CannotStart(
                f"{settings.data_dir} can't be made ({error.strerror}); choose another directory"
                " with DATA_DIR."
            ) from None
    migrations.migrate()


def claim(host: str, port: int) -> socket.socket:
    """Take the address before anything slow begins; it refuses connections until it is served.

    Raises: CannotStart.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise CannotStart(f"HOST={host} is not an address of this machine.") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise CannotStart(_refused(host, port, error)) from None
    return listener


def load(built: Path) -> "ASGIApp":
    """Import the application around a finished bundle: no page is compiled, Node is not needed.

    Depends on two internal flags of Reflex (`REFLEX_SKIP_COMPILE` and
    `REFLEX_MOUNT_FRONTEND_COMPILED_APP`), which is why its version is pinned.
    """
    os.chdir(PROJECT_ROOT)  # Reflex looks for rxconfig.py and assets from here
    sys.path.insert(0, str(PROJECT_ROOT))

    from reflex.utils.prerequisites import get_app
    from reflex_base.constants import Env
    from reflex_base.environment import environment

    environment.REFLEX_ENV_MODE.set(Env.PROD)
    environment.REFLEX_WEB_WORKDIR.set(built)
    environment.REFLEX_SKIP_COMPILE.set(True)
    environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.set(True)
    application: Any = get_app().app
    pages = frozenset(f"/{page.stem}" for page in (built / bundle.CLIENT).glob("*.html"))
    return with_caching(with_plain_addresses(application(), pages))


def with_plain_addresses(application: "ASGIApp", pages: frozenset[str]) -> "ASGIApp":
    """Serve `/login` itself where the files are `login.html` and `login/index.html`.

    Otherwise every load of such a page begins with a redirect to `/login/`, which also names http
    behind a proxy that speaks https.
    """

    async def addressed(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "http" and scope["path"] in pages:
            scope = {**scope, "path": f"{scope['path']}.html"}
        await application(scope, receive, send)

    return addressed


def with_caching(application: "ASGIApp") -> "ASGIApp":
    """Let browsers keep what is named after its content, and ask about the rest."""

    async def cached(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return

        async def send_cached(message: "Message") -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                headers: list[tuple[bytes, bytes]] = list(message.get("headers", ()))
                names = {name.lower() for name, _ in headers}
                if b"etag" in names and b"cache-control" not in names:
                    lasting = scope["path"].startswith("/assets/")
                    headers.append((b"cache-control", YEAR if lasting else ASK_FIRST))
                    message = {**message, "headers": headers}
            await send(message)

        await application(scope, receive, send_cached)

    return cached


def start_logging(settings: Settings) -> None:
    """Log in plain lines to the standard error stream."""
    level = settings.log_level.upper()
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for name in CHATTY:
        logging.getLogger(name).setLevel(level if settings.log_level == "debug" else "WARNING")


def say(line: str) -> None:
    """Tell the operator, at once also where the output is a file."""
    print(line, flush=True)


def summary(settings: Settings, model: str) -> str:
    """Say where the page is and what stands behind it."""
    lines = [f"Open      {settings.public_url}", f"Database  {_database(settings)}"]
    lines.append(f"Model     {model}")
    if settings.host in WILDCARDS and not (settings.allowed_origins or settings.is_https):
        lines.append(
            "Others    must be allowed by the address they use:"
            f" ALLOWED_ORIGINS=http://192.0.2.1:{settings.port}"
        )
    return "\n".join(["", *(f"  {line}" for line in lines), ""])


def _uvicorn(application: "ASGIApp", settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        workers=1,
        ws="websockets-sansio",
        ws_per_message_deflate=True,
        ws_max_size=MAX_FRAME_BYTES,
        # Who called is decided once, by TRUSTED_PROXY_HOPS.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except OSError as error:
            raise CannotStart(_refused(self._settings.host, self._settings.port, error)) from None
        if self.started:
            say(summary(self._settings, _model(self._settings)))


def _model(settings: Settings) -> str:
    from chatbot_app.generation import worker

    model = worker.engine().model
    if model.is_demo:
        return "the built-in demo model (set OPENAI_API_KEY for a real one, see .env.example)"
    return f"{model.name} @ {urlsplit(settings.openai_base_url or settings.ollama_url).netloc}"


def _database(settings: Settings) -> str:
    if not settings.is_sqlite:
        parts = urlsplit(settings.database_url)
        return f"PostgreSQL, {parts.path.lstrip('/')} @ {parts.hostname or 'local socket'}"
    path = Path(unquote(urlsplit(settings.database_url).path.removeprefix("/")))
    if path.is_relative_to(PROJECT_ROOT):
        path = path.relative_to(PROJECT_ROOT)
    return f"SQLite, {path}"


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program. Choose another with PORT={port + 1},"
            " or stop that program."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023 with PORT."
    return f"HOST={host} PORT={port} can't be used: {error.strerror}."
