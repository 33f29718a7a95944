"""Deleted chats on their way out: their rows stay for as long as somebody may change their mind, and
then go for good, with all messages.
"""

import asyncio
import logging
from datetime import timedelta

from chatbot_app import db
from chatbot_app.errors import Unavailable
from chatbot_app.models import now
from chatbot_app.repositories import chats

log = logging.getLogger(__name__)

KEPT = timedelta(minutes=5)
"""How long a deleted chat can be brought back: much longer than the page offers it, for its clock
may stand still while the computer sleeps.
"""

TOGETHER = 10
"""Chats that go in one transaction: other writers wait for it."""

PAUSE_SECONDS = 30.0
"""How often a worker looks."""


def purge(kept: timedelta = KEPT) -> int:
    """Let deleted chats go for good whose time is over, some of them; tells how many."""
    with db.session(write=True) as session:
        return chats.drop_deleted(session, now() - kept, limit=TOGETHER)


async def keep_purging() -> None:
    """Look now and then, until cancelled. Every worker may: none does what another is at."""
    while True:
        try:
            while await db.in_thread(purge) == TOGETHER:
                pass
        except Unavailable:
            pass  # the next look makes up for it
        except Exception:
            log.exception("deleted chats could not be removed")
        await asyncio.sleep(PAUSE_SECONDS)
