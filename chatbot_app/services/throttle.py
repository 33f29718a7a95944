"""Slowing down guesses: how often somebody may be wrong before having to wait.

Counts are kept in this process's memory and start anew with it. An attempt holds its place while
it runs, so that a hundred at the same time are no way around the limit.
"""

import math
import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from chatbot_app.addresses import network
from chatbot_app.config import get_settings
from chatbot_app.errors import TooManyAttempts, WrongCredentials
from chatbot_app.words import t

MAILS_PER_ACCOUNT = 5
MAILS_PER_ADDRESS = 30
MAIL_WINDOW_SECONDS = 3600
"""How often somebody may have the platform write mail: it must be no way to fill a mailbox."""

_Door = tuple[RateLimitItem, str]

_running: Counter[str] = Counter()


@contextmanager
def signing_in(email: str, address: str) -> Generator[None]:
    """Let one sign-in through; it counts, for account and address, if it was WrongCredentials.

    Whether there is such an account makes no difference (ASVS V6.3.1, V6.3.8).

    Raises: TooManyAttempts, with when to try again.
    """
    settings = get_settings()
    window = settings.sign_in_window_seconds
    account = RateLimitItemPerSecond(settings.sign_in_failures_per_account, window, "account")
    origin = RateLimitItemPerSecond(settings.sign_in_failures_per_address, window, "address")
    with _guessing((account, email), (origin, network(address))):
        yield


@contextmanager
def confirming(user_id: str) -> Generator[None]:
    """Let a signed-in person give the password again; it counts if it was WrongCredentials.

    Raises: TooManyAttempts, with when to try again.
    """
    settings = get_settings()
    limit = RateLimitItemPerSecond(
        settings.sign_in_failures_per_account, settings.sign_in_window_seconds, "confirm"
    )
    with _guessing((limit, user_id)):
        yield


@contextmanager
def giving_code(user_id: str) -> Generator[None]:
    """Let somebody give the code of a second factor; it counts, whatever sign-in it is for, if it was
    WrongCredentials.

    Raises: TooManyAttempts, with when to try again.
    """
    settings = get_settings()
    limit = RateLimitItemPerSecond(
        settings.sign_in_failures_per_account, settings.sign_in_window_seconds, "code"
    )
    with _guessing((limit, user_id)):
        yield


def register(address: str) -> None:
    """Count one registration from an address, whatever comes of it.

    Raises: TooManyAttempts, with when to try again.
    """
    settings = get_settings()
    limit = RateLimitItemPerSecond(
        settings.registrations_per_address, settings.registration_window_seconds, "register"
    )
    door = (limit, network(address))
    _refuse_if_shut(door)
    _limiter().hit(*door)


def mail(email: str, purpose: str, *, address: str = "") -> None:
    """Count one mail that is asked for: for one mailbox and, where one is named, from one address.

    Whether there is such an account makes no difference (ASVS V6.3.8).

    Raises: TooManyAttempts, with when to try again.
    """
    account = RateLimitItemPerSecond(MAILS_PER_ACCOUNT, MAIL_WINDOW_SECONDS, f"mail-{purpose}")
    origin = RateLimitItemPerSecond(MAILS_PER_ADDRESS, MAIL_WINDOW_SECONDS, "mail-from")
    doors = [(account, email), *([(origin, network(address))] if address else [])]
    for door in doors:
        _refuse_if_shut(door)
    for door in doors:
        _limiter().hit(*door)


def forget() -> None:
    """Forget every attempt so far."""
    _limiter().storage.reset()
    _running.clear()


@contextmanager
def _guessing(*doors: _Door) -> Generator[None]:
    for door in doors:
        _refuse_if_shut(door)
    keys = [limit.key_for(who) for limit, who in doors]
    _running.update(keys)
    try:
        yield
    except WrongCredentials:
        for limit, who in doors:
            _limiter().hit(limit, who)
        raise
    finally:
        _running.subtract(keys)
        for key in keys:
            if not _running[key]:
                del _running[key]


def _refuse_if_shut(door: _Door) -> None:
    limit, who = door
    reset, remaining = _limiter().get_window_stats(limit, who)
    if remaining > _running[limit.key_for(who)]:
        return
    wait = max(1, math.ceil(reset - time.time())) if remaining <= 0 else 1
    refusal = t("Too many attempts. Please try again {when}.", when=_in(wait))
    raise TooManyAttempts(refusal, retry_after=wait)


def _in(seconds: int) -> str:
    if seconds < 60:
        return t("in a moment") if seconds < 5 else t("in {number} seconds", number=seconds)
    minutes = math.ceil(seconds / 60)
    return t("in a minute") if minutes == 1 else t("in {number} minutes", number=minutes)


@cache
def _limiter() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())
