"""The application: pages, API and lifespan put together. No logic."""

# pyright: reportUnknownMemberType=false

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import reflex as rx
from reflex.utils.prerequisites import get_web_dir
from starlette.types import ASGIApp

from chatbot_app import db, llm, logs
from chatbot_app.api import create_api
from chatbot_app.api.headers import content_security_policy, script_hashes, with_security_headers
from chatbot_app.config import get_settings
from chatbot_app.generation import worker
from chatbot_app.pages import PAGES
from chatbot_app.state.gate import OwnerLock


@asynccontextmanager
async def lifespan() -> AsyncGenerator[None]:
    """What this worker needs while it serves: the model and the engine, closed at the end."""
    settings = get_settings()
    await worker.open_engine(
        await llm.choose(settings),
        shutdown_seconds=settings.shutdown_seconds / 2,
        heartbeat_seconds=settings.heartbeat_seconds,
        is_alone=settings.is_sqlite,
    )
    try:
        yield
    finally:
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


logs.redact()
app = rx.App(
    stylesheets=["/styles.css"],
    head_components=[
        rx.el.link(rel="icon", href="/favicon.svg", type="image/svg+xml"),
        rx.el.script(src="/app.js", defer=True),
    ],
    html_lang="en",
    api_transformer=[create_api(), guarded],
    toaster=None,
)
del app.app_wraps[(5, "Overlay")]  # Reflex's own sign of a lost connection; components.offline is ours
app.add_middleware(OwnerLock(), index=0)
app.register_lifespan_task(lifespan)
for module in PAGES:
    app.add_page(module.page, **module.OPTIONS)
