"""How fast somebody may go on: a token bucket each, in this process's memory.

A bucket holds as many tokens as may be spent at once and fills at a steady rate; whoever finds it
empty is told to wait. Unlike `throttle`, which slows down guesses, it counts everything.
"""

import time
from collections import OrderedDict

from chatbot_app.config import get_settings
from chatbot_app.errors import TooManyAttempts
from chatbot_app.words import t

BURST_SECONDS = 10  # what a full bucket holds, in seconds of its rate
ROOM = 10_000  # buckets at most; the one that was not used for longest is full again by then


class Buckets:
    """One bucket for each who asks, `rate` tokens a second."""

    def __init__(self) -> None:
        self._left: OrderedDict[object, tuple[float, float]] = OrderedDict()

    def take(self, who: object, *, rate: float) -> bool:
        """Take a token, if there is one."""
        now = time.monotonic()
        room = rate * BURST_SECONDS
        tokens, since = self._left.pop(who, (room, now))
        tokens = min(room, tokens + (now - since) * rate)
        is_enough = tokens >= 1
        self._left[who] = (tokens - 1 if is_enough else tokens, now)
        if len(self._left) > ROOM:
            self._left.popitem(last=False)
        return is_enough

    def forget(self) -> None:
        """Start anew, with full buckets."""
        self._left.clear()


class Pace:
    """One bucket whose tokens may be taken before they are there, by whoever then waits for them."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = self._room = rate * BURST_SECONDS
        self._since = time.monotonic()

    def delay(self, tokens: int = 1) -> float:
        """Take so many, and say for how many seconds to wait before going on; 0 if they are there."""
        now = time.monotonic()
        self._left = min(self._room, self._left + (now - self._since) * self._rate) - tokens
        self._since = now
        return max(0.0, -self._left / self._rate)


_events = Buckets()


def spend(who: object) -> None:
    """Count one event or request of somebody.

    Raises: TooManyAttempts for whoever has long been faster than `EVENTS_PER_SECOND`.
    """
    if not _events.take(who, rate=get_settings().events_per_second):
        raise TooManyAttempts(
            t("That was a lot at once. Please wait a moment and try again."), retry_after=1
        )


def forget() -> None:
    """Forget how fast anybody was."""
    _events.forget()
