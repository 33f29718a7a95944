"""Everything in its place for measuring: provider, product and bare page as processes, a browser."""

import itertools
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.chromium import Chromium, Page
from bench.pages import EMPTY_CHAT, HAS_ANSWER, RECEIVED, Asking, Seen
from bench.sites import BarePage, Product, ProviderServer
from bench.wanted import Wanted

PEOPLE = 200
HISTORIES = (100, 2000)

_began = time.monotonic()


@dataclass
class Pair:
    """The same answers in the product and in the bare page."""

    product: list[Seen] = field(default_factory=list[Seen])
    bare: list[Seen] = field(default_factory=list[Seen])


class Stage:
    """The servers, the people and the browser of one run."""

    def __init__(self, directory: Path, chromium: Chromium, seed: int) -> None:
        self.chromium = chromium
        self.provider = ProviderServer(directory)
        self.product = Product(directory, self.provider)
        self.bare = BarePage(directory, self.provider)
        self.people: list[dict[str, Any]] = []
        self._is_warm = False
        self._seeds = itertools.count(seed)

    def wanted(self, tokens: int, rate: int) -> Wanted:
        """An answer that nobody had before."""
        return Wanted(tokens, rate, next(self._seeds))

    def chat_url(self, person: dict[str, Any], length: int = 0) -> str:
        """The address of a person's chat of so many messages, or of a new one."""
        address = f"{self.product.url}/projects/{person['project']}/chat"
        return f"{address}/{person['chats'][str(length)]}" if length else address

    def answers(self, what: Wanted, times: int, *, length: int = 0) -> Pair:
        """Have answers of this kind in a chat of so many messages, and as often in the bare page."""
        pair = Pair()
        for _ in range(times):
            wanted = self.wanted(what.tokens, what.rate)
            pair.product.append(self.product_answer(wanted, length))
            if not length:
                pair.bare.append(self.bare_answer(self.wanted(what.tokens, what.rate)))
        return pair

    def product_answer(self, wanted: Wanted, length: int = 0) -> Seen:
        """Have one answer in the product."""
        with self.open_chat(self.people[0], length) as page:
            asking = Asking(page, self.product, self.provider, wanted)
            page.rest(0.5)
            asking.ask()
            return asking.seen(is_kept=True)

    def bare_answer(self, wanted: Wanted) -> Seen:
        """Have one answer in the bare page."""
        with self.open_bare() as page:
            asking = Asking(page, self.bare, self.provider, wanted)
            page.rest(0.5)
            asking.ask()
            return asking.seen(is_kept=False)

    def warm_up(self) -> None:
        """Have what is done once be done, before anything that is measured warm."""
        if not self._is_warm:
            step("warming up")
            for rate in (100, 0):
                self.answers(Wanted(100, rate, 0), 1)
            self._is_warm = True

    def open_chat(self, person: dict[str, Any], length: int = 0) -> Page:
        """Open a chat in a browser of its own, until it can be read."""
        url = self.chat_url(person, length)
        page = self.chromium.page(url, person["session"])
        page.first_run(RECEIVED)
        page.goto(url)
        page.wait(HAS_ANSWER if length else EMPTY_CHAT)
        page.rest()
        return page

    def open_bare(self) -> Page:
        """Open the bare page in a browser of its own."""
        page = self.chromium.page()
        page.first_run(RECEIVED)
        page.goto(self.bare.url)
        page.wait(EMPTY_CHAT)
        page.rest()
        return page


@contextmanager
def staged(seed: int) -> Generator[Stage]:
    """Set everything up, warm; and leave nothing running."""
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, Chromium() as chromium:
        stage = Stage(Path(directory), chromium, seed)
        servers = (stage.provider, stage.product, stage.bare)
        try:
            step("build, people, chats")
            stage.product.build()
            step("people")
            wishes = {"people": PEOPLE, "histories": HISTORIES}
            stage.people = stage.product.furnish(wishes)
            step("servers")
            for server in servers:
                server.start()
            yield stage
        finally:
            for server in servers:
                server.stop()


def step(what: str) -> None:
    """Say what is being done, and how long the run has taken, apart from the table."""
    print(f"{time.monotonic() - _began:5.0f} s  {what}", file=sys.stderr, flush=True)
