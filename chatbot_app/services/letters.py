"""The mails that the platform writes, and their way out: each in a task of its own, so that nobody
waits for the mail server, and nobody can tell by the time whether a mail was written at all.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

from chatbot_app import mail
from chatbot_app.config import get_settings
from chatbot_app.errors import Unavailable
from chatbot_app.words import t

log = logging.getLogger(__name__)

WAITING_MAX = 200
"""Mails that may be on their way at once: a mail server that hangs must not fill the memory."""

_running: set[asyncio.Task[None]] = set()


def link(page: str, token: str) -> str:
    """Write the address of a page with a token in its fragment, which browsers send to nobody: it
    comes into no log and no referrer.
    """
    return f"{get_settings().public_url}/{page}#{token}"


def invite(to: str, token: str) -> None:
    """Mail an invitation."""
    _post(
        to,
        t("You are invited"),
        t(
            "Somebody who looks after {site} invites you to it. Open this link to make your"
            " account:\n\n{link}\n\nIt is good once, and for this address only. If you expected"
            " nothing of the kind, there is nothing to do.",
            site=get_settings().public_url,
            link=link("register", token),
        ),
    )


def ask_to_confirm(to: str, token: str) -> None:
    """Mail the link that confirms an address."""
    _post(
        to,
        t("Please confirm your email"),
        t(
            "An account was made at {site} with this address. If it was you, open this link and"
            " press the button there:\n\n{link}\n\nIf it was not you, there is nothing to do.",
            site=get_settings().public_url,
            link=link("verify", token),
        ),
    )


def offer_reset(to: str, token: str) -> None:
    """Mail the link that lets its reader choose another password."""
    _post(
        to,
        t("Choose another password"),
        t(
            "Somebody asked for another password for your account at {site}. If it was you, open"
            " this link:\n\n{link}\n\nIt is good once, and not for long. If it was not you, there is"
            " nothing to do: your password stays as it is.",
            site=get_settings().public_url,
            link=link("reset", token),
        ),
    )


def in_background(work: Coroutine[Any, Any, None]) -> None:
    """Do this while nobody waits for it."""
    if len(_running) >= WAITING_MAX:
        work.close()
        log.warning("Too many mails are on their way already; one was not written.")
        return
    task = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_ended)


async def settle(seconds: float) -> None:
    """Wait until what is on its way has left, with what that began, so long at most."""
    deadline = time.monotonic() + seconds
    while _running and (left := deadline - time.monotonic()) > 0:
        await asyncio.wait(set(_running), timeout=left)


def _post(to: str, subject: str, text: str) -> None:
    if get_settings().has_mail:
        in_background(mail.send(to, subject, text))


def _ended(task: asyncio.Task[None]) -> None:
    _running.discard(task)
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, Unavailable):  # which is in the log already
        log.error("A mail could not be written.", exc_info=error)
