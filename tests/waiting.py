"""Waiting for what happens in another thread or process, with words for when it does not."""

import threading
import time
from collections.abc import Callable

BETWEEN_LOOKS = 0.02


def wait_for(event: threading.Event, what: str, timeout: float) -> None:
    """Wait for the event; an AssertionError says what was waited for in vain."""
    if not event.wait(timeout):
        raise AssertionError(f"waited {timeout:g} s in vain for {what}")


def wait_until(condition: Callable[[], bool], what: str, timeout: float = 10.0) -> float:
    """Look until the condition is true; gives how long that took, in seconds."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > timeout:
            raise AssertionError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(BETWEEN_LOOKS)
    return time.monotonic() - began
