"""What a process serves, made from a finished bundle: how Reflex is made to serve what it did not just
compile is here, and nowhere else.
"""

import gc
import os
import re
import sys
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbot_app import bundle, words
from chatbot_app.config import PROJECT_ROOT, get_settings
from chatbot_app.cookies import LANGUAGE, read_cookie
from chatbot_app.fresh_start import with_fresh_starts
from chatbot_app.sockets import with_socket_limits

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

YEAR = b"public, max-age=31536000, immutable"  # the name holds a hash of the content
ASK_FIRST = b"no-cache"  # may be kept, if the server says that it is still the same


def load(built: Path) -> "ASGIApp":
    """Import the application around a finished bundle: no page is compiled, Node is not needed.

    Depends on two internal flags of Reflex (`REFLEX_SKIP_COMPILE` and
    `REFLEX_MOUNT_FRONTEND_COMPILED_APP`), which is why its version is pinned.
    """
    with _kept_for_good():
        return _load(built)


@contextmanager
def _kept_for_good() -> Generator[None]:
    """Let the garbage collector look at nothing that is made here, now or ever again.

    It is two hundred thousand objects that stay, and to go through them held up every answer of the
    worker for 65 ms once in a while.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _load(built: Path) -> "ASGIApp":
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
    client = built / bundle.CLIENT
    words.use(built / bundle.BACKEND / bundle.WORDS)
    served = with_languages(application(), client / bundle.WORDS)
    served = with_caching(with_plain_addresses(served, _pages(client)))
    settings = get_settings()
    if settings.redis_url:
        served = with_fresh_starts(served, settings.redis_url)
    return with_socket_limits(served, settings)


def _pages(client: Path) -> list[str]:
    files = (page.relative_to(client) for page in client.rglob("*.html"))
    return [
        f"/{page.with_suffix('').as_posix()}"
        for page in files
        if page.name != "index.html" and page.parts[0] != bundle.WORDS
    ]


def with_languages(application: "ASGIApp", folder: Path) -> "ASGIApp":
    """Serve what there is in the browser's language in its own folder in place of the English."""
    own = {
        language: {f"/{file.relative_to(place).as_posix()}" for file in place.rglob("*.*")}
        for language in words.LANGUAGES
        if (place := folder / language).is_dir()
    }
    several = {path for paths in own.values() for path in paths}

    async def said(scope: "Scope", receive: "Receive", send: "Send") -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or (f"{path}index.html" not in several and path not in several):
            await application(scope, receive, send)
            return
        language = _language(scope)
        if language in own:
            scope = {**scope, "path": f"/{bundle.WORDS}/{language}{path}"}

        async def send_varied(message: "Message") -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"vary", b"Accept-Language, Cookie")]
                message = {**message, "headers": headers}
            await send(message)

        await application(scope, receive, send_varied)

    return said


def _language(scope: "Scope") -> str:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    chosen = read_cookie(headers.get(b"cookie", ""), LANGUAGE)
    return words.choose(chosen, headers.get(b"accept-language", ""))


def with_plain_addresses(application: "ASGIApp", pages: Iterable[str]) -> "ASGIApp":
    """Serve `/login` itself where the files are `login.html` and `login/index.html`, and the page
    `/projects/any` at the address of every project.

    Otherwise every load of such a page begins with a redirect to `/login/`, which also names http
    behind a proxy that speaks https; and the pages of projects begin empty (see `open_pages`).
    """
    patterns = {page: _pattern(page) for page in sorted(pages, key=lambda page: bundle.ANY in page)}

    async def addressed(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "http":
            fits = (page for page, pattern in patterns.items() if pattern.fullmatch(scope["path"]))
            if page := next(fits, None):
                scope = {**scope, "path": f"{page}.html"}
        await application(scope, receive, send)

    return addressed


def _pattern(page: str) -> re.Pattern[str]:
    segments = ("[^/]+" if part == bundle.ANY else re.escape(part) for part in page.split("/"))
    return re.compile("/".join(segments))


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
