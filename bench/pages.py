"""What a person gets in a page: an answer, a chat that opens, a page that loads."""

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.chromium import Page
from bench.processes import Server, more
from bench.sites import ProviderServer
from bench.wanted import Wanted

WATCH = Path(__file__).with_name("watch.js").read_text()
RECEIVED = Path(__file__).with_name("received.js").read_text()

EMPTY_CHAT = """document.querySelector('.chat[data-empty="true"]:not(:has([data-draft="/"]))')"""
LAST_ANSWER = """[...document.querySelectorAll('article[data-role="assistant"]')].at(-1)"""
HAS_ANSWER = """document.querySelector('article[data-role="assistant"][data-status="complete"] .prose > *')"""

COPIED = f"""new Promise((resolve) => {{
  navigator.clipboard.writeText = async (text) => resolve(text);
  {LAST_ANSWER}.querySelector("[data-copy]").click();
}})"""


@dataclass
class Seen:
    """One answer in a page. Times in seconds."""

    wanted: Wanted
    to_provider: float
    """Enter to the whole request at the provider."""
    first: float
    """The provider's first piece to the first text in the page (DOM)."""
    lag: float
    """The provider's last piece to the whole text painted and the answer marked complete."""
    lag_of_all: float
    """The same from the provider's first piece: for an answer that comes at once."""
    gap: float
    """The longest time between two changes of the text."""
    updates: int
    wire: float
    """Bytes that the kernel sent to the page for each byte of the answer."""
    payload: float
    """The same on the page's websockets, inflated."""
    cpu: float
    """The server's, until a second after the end."""
    main_thread: float
    main_thread_cpu: float
    """Of it, what it had a core for."""
    long_tasks: float
    """All tasks over 50 ms together."""
    longest_task: float
    faults: list[str] = field(default_factory=list[str])


class Asking:
    """A question in a page, from before Enter to what was seen of its answer."""

    def __init__(
        self, page: Page, server: Server, provider: ProviderServer, wanted: Wanted
    ) -> None:
        self._page = page
        self._server = server
        self._provider = provider
        self._wanted = wanted
        page.write(wanted.question)

    def ask(self) -> None:
        """Begin to watch, and press Enter."""
        self._page.evaluate(WATCH)
        self._before = self._page.metrics()
        self._cpu = self._server.cpu_seconds()
        self._sent = self._server.bytes_sent()
        self._received: int = self._page.evaluate("window.benchReceived")
        self._page.press_enter()
        self._done = self._page.begin("window.bench")

    def seen(self, *, is_kept: bool) -> Seen:
        """Wait for the end of the answer, and look whether it is whole; where it is kept, also
        whether a reload shows the same.
        """
        wanted = self._wanted
        seconds = 60 + (2 * wanted.tokens / wanted.rate if wanted.rate else 0)
        seen: dict[str, Any] = self._page.value(self._done, seconds)
        after, cpu = self._page.metrics(), self._server.cpu_seconds()
        sent = more(self._sent, self._server.bytes_sent())
        received = self._page.evaluate("window.benchReceived") - self._received
        length = len(wanted.text.encode())
        told = self._provider.told(wanted.seed)
        # Chromium's monotonic clock and Python's are the same one.
        offset = after["NavigationStart"]
        moment = {
            name: seen[name] / 1000 + offset for name in ("enter", "first", "painted", "endPainted")
        }
        whole = max(moment["painted"], moment["endPainted"])
        return Seen(
            wanted=wanted,
            to_provider=told["arrived"] - moment["enter"],
            first=moment["first"] - told["first"],
            lag=whole - told["last"],
            lag_of_all=whole - told["first"],
            gap=max((b - a for a, b in itertools.pairwise(seen["changes"])), default=0) / 1000,
            updates=len(seen["changes"]),
            wire=sent / length,
            payload=received / length,
            cpu=cpu - self._cpu,
            main_thread=after["TaskDuration"] - self._before["TaskDuration"],
            main_thread_cpu=after["ThreadTime"] - self._before["ThreadTime"],
            long_tasks=sum(seen["longTasks"]) / 1000,
            longest_task=max(seen["longTasks"], default=0) / 1000,
            faults=self._faults(seen, is_kept=is_kept),
        )

    def _faults(self, seen: dict[str, Any], *, is_kept: bool) -> list[str]:
        page, faults = self._page, list[str]()
        if seen["status"] != "complete":
            faults.append(f"the answer ended as {seen['status']}")
        if page.evaluate(COPIED) != self._wanted.text:
            faults.append("what Copy gives is not what the provider sent")
        if is_kept:
            page.reload()
            page.wait(HAS_ANSWER)
            page.rest(0.5)
            if page.evaluate(f"{LAST_ANSWER}.querySelector('.prose').textContent") != seen["text"]:
                faults.append("a reload shows another text")
        return faults
