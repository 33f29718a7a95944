"""Waiting for what happens in another thread or process, with words for when it does not."""

import os
import threading
import time
from collections.abc import Callable

BETWEEN_LOOKS = 0.02

SLACK = 5.0 if "PYTEST_XDIST_WORKER" in os.environ else 1.0
"""What a promise of a second or two is multiplied with where other tests run beside this one: any of
them may keep the processor from a process for so long.
"""


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
