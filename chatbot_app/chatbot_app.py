"""The application: pages, API and lifespan put together. No logic."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import reflex as rx

from chatbot_app import db, llm, logs
from chatbot_app.api import create_api
from chatbot_app.config import get_settings
from chatbot_app.generation import worker
from chatbot_app.pages import PAGES
from chatbot_app.state.gate import OwnerLock


@asynccontextmanager
async def lifespan() -> AsyncIterator[None]:
    """What this worker needs while it serves: the model and the engine, closed in order at the end."""
    settings = get_settings()
    await worker.open_engine(await llm.choose(settings))
    try:
        yield
    finally:
        await worker.close_engine()
        db.dispose()


logs.redact()
app = rx.App(
    stylesheets=["/styles.css"],
    head_components=[rx.el.script(src="/app.js", defer=True)],
    api_transformer=create_api(),
    toaster=None,
)
app.add_middleware(OwnerLock(), index=0)
app.register_lifespan_task(lifespan)
for module in PAGES:
    app.add_page(module.page, **module.OPTIONS)
