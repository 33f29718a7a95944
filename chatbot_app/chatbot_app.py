"""The application: pages, API and lifespan put together. No logic."""

# pyright: reportUnknownMemberType=false

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import reflex as rx
from reflex.utils.prerequisites import get_web_dir
from starlette.types import ASGIApp

from chatbot_app import db, llm, logs, tab_locks
from chatbot_app.api import create_api
from chatbot_app.api.headers import content_security_policy, script_hashes, with_security_headers
from chatbot_app.config import get_settings
from chatbot_app.generation import worker
from chatbot_app.pages import PAGES
from chatbot_app.services import answers, letters, purge, titles
from chatbot_app.state.gate import OwnerLock

log = logging.getLogger("reflex.events")  # what goes there is redacted


WINDOW_COLOURS = {"light": "#fcfcfd", "dark": "#111113"}  # slate 1; no token reaches out there


@asynccontextmanager
async def lifespan() -> AsyncGenerator[None]:
    """What this worker needs while it serves: the model and the engine, closed at the end."""
    settings = get_settings()
    engine = await worker.open_engine(
        await llm.choose(settings),
        shutdown_seconds=settings.shutdown_seconds / 2,
        heartbeat_seconds=settings.heartbeat_seconds,
        is_alone=db.is_alone(),
    )
    found = titles.Titles(engine) if settings.auto_titles else None
    purging = asyncio.create_task(purge.keep_purging())
    try:
        yield
    finally:
        purging.cancel()
        if found is not None:
            await found.close()
        await letters.settle(settings.shutdown_seconds / 2)
        await answers.settle(settings.shutdown_seconds)
        await worker.close_engine()
        db.dispose()


def guarded(application: ASGIApp) -> ASGIApp:
    """Every response with the security headers that fit the built pages."""
    pages = get_web_dir().joinpath("build", "client").rglob("*.html")
    return with_security_headers(
        application,
        policy=content_security_policy(script_hashes(pages)),
        is_https=get_settings().is_https,
    )


AT_ONCE = ("/line.js", "/words.js")
"""Scripts that run before anything is drawn."""

SCRIPTS = (
    "/app.js",
    "/place.js",
    "/kept.js",
    "/limits.js",
    "/composer.js",
    "/menus.js",
    "/models.js",
    "/palette.js",
    "/imports.js",
    "/typed.js",
)
"""Scripts that wait for the page."""


def preloaded(script: str) -> rx.Component:
    """Have the browser fetch a script before it comes to where it runs."""
    return rx.el.link(rel="preload", href=script, custom_attrs={"as": "script"})


def window_colour(theme: str, colour: str) -> rx.Component:
    """Have the browser paint its own frame, around an installed page too, like the page."""
    return rx.el.meta(
        name="theme-color",
        content=colour,
        custom_attrs={"media": f"(prefers-color-scheme: {theme})"},
    )


def log_failure(exception: Exception) -> None:
    """Say what became of an event, to the log alone.

    Reflex's own handler shows a toast, which these pages have none of: the browser reports that as
    a failure of its own, by an event, which fails like the first where Redis is away, and so on.
    """
    log.error("an event failed", exc_info=exception)


logs.redact()
if get_settings().redis_url:
    tab_locks.release_when_cancelled()
app = rx.App(
    stylesheets=["/styles.css"],
    head_components=[
        # First of all, for React puts the many scripts that it wants before those that it finds.
        *(preloaded(script) for script in (*AT_ONCE, *SCRIPTS)),
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.link(rel="apple-touch-icon", href="/icons/apple-touch-icon.png"),
        rx.el.link(rel="manifest", href="/manifest.webmanifest"),
        *(window_colour(theme, colour) for theme, colour in WINDOW_COLOURS.items()),
        *(rx.el.script(src=script) for script in AT_ONCE),
        *(rx.el.script(src=script, defer=True) for script in SCRIPTS),
    ],
    html_lang="en",
    api_transformer=[create_api(), guarded],
    toaster=None,
    backend_exception_handler=log_failure,
)
del app.app_wraps[(5, "Overlay")]  # Reflex's sign of a lost connection: components.offline is ours
app.add_middleware(OwnerLock(), index=0)
app.register_lifespan_task(lifespan)
for module in PAGES:
    app.add_page(module.page, image="/icons/icon-512.png", **module.OPTIONS)
