"""Serve the product, measure it in a real browser, and print one table.

`python -m bench.run [--json FILE]`; ends with 1 if a limit is missed or an answer was not whole.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import textwrap
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench.browser import EXECUTABLE, FLAGS, Measured, TimedProvider, Weight, measure_answer, weigh
from bench.product import MB, Product, bundle_size, running
from tests.fake_provider import Answer

STARTS = 3
REST_SECONDS = 3

START_LIMIT = 3.0
MEMORY_LIMIT = 200.0
LAG_LIMIT = 0.3

ANSWERS = {
    "2,000 tokens at 100/s": Answer(tokens=2000, tokens_per_second=100),
    "8,000 tokens at 100/s": Answer(tokens=8000, tokens_per_second=100),
    "2,000 tokens at full speed": Answer(tokens=2000),
    "8,000 tokens at full speed": Answer(tokens=8000),
}


@dataclass
class Row:
    """One line of the table."""

    what: str
    measured: str
    how: str
    limit: str = ""
    passed: bool | None = None


class Bench:
    """Gathers rows for people and numbers for programs."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.numbers: dict[str, Any] = {}

    def start(self, product: Product) -> None:
        """Start a few times with a database and a bundle that are there already."""
        build = product.build()
        first = product.start()
        product.stop()
        starts = list[float]()
        for _ in range(STARTS):
            product.stop()
            starts.append(product.start())
        seconds = statistics.median(starts)
        self.numbers["start"] = {"seconds": starts, "build": build, "new_database": first}
        self.rows.append(
            Row(
                "Second start",
                f"{seconds:.2f} s",
                f"process start to first 200 of /, asked every 5 ms; median of"
                f" {', '.join(f'{s:.2f}' for s in starts)}"
                f" (with a new database: {first:.2f} s)",
                f"≤ {START_LIMIT:g} s",
                seconds <= START_LIMIT,
            )
        )

    def memory(self, browser: Browser, product: Product) -> None:
        """Open a page, close it, let the server rest, and read."""
        context = browser.new_context()
        page = context.new_page()
        page.goto(product.url)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(1000)
        context.close()
        self._memory("Memory, idle", product, "after / was opened and closed", MEMORY_LIMIT)

    def memory_afterwards(self, product: Product) -> None:
        """Read again when all the answers were given."""
        self._memory("Memory, after the answers", product, "after all pages were closed", None)

    def _memory(self, what: str, product: Product, when: str, limit: float | None) -> None:
        rest()
        memory, count = product.memory(), len(product.processes())
        self.numbers[what] = memory | {"processes": count}
        pss = memory["Pss"]
        self.rows.append(
            Row(
                what,
                f"{pss:.0f} MB",
                f"PSS from smaps_rollup, summed over its processes ({count}), {REST_SECONDS} s {when};"
                f" RSS {memory['Rss']:.0f}, private {memory['Private']:.0f}",
                f"< {limit:g} MB" if limit else "",
                pss < limit if limit else None,
            )
        )

    def weight(self, context: BrowserContext, name: str, url: str, ready: str) -> None:
        """Weigh one page."""
        weight: Weight = weigh(context, url, ready)
        self.numbers[f"weight {name}"] = asdict(weight)
        parts = [f"{kind} {weight.transferred[kind] / 1000:.0f}" for kind in ("JS", "CSS", "other")]
        how = (
            f"CDP encodedDataLength (compressed as served, with headers), cache off;"
            f" {weight.requests} requests; websocket {weight.websocket / 1000:.0f} kB more"
        )
        if weight.uncompressed:
            how += f"; {len(weight.uncompressed)} scripts or styles came uncompressed"
        if weight.repeated:
            how += f"; {len(weight.repeated)} addresses were asked for twice"
        total = f"{weight.total / 1000:.0f} kB: {', '.join(parts)}"
        self.rows.append(Row(f"Weight of {name}", total, how))

    def disk(self, data_dir: Path) -> None:
        """Weigh the bundle."""
        size, files, compressed = bundle_size(data_dir)
        self.numbers["bundle"] = {"bytes": size, "files": files, "compressed": compressed}
        self.rows.append(
            Row(
                "Bundle on disk",
                f"{size / MB:.2f} MB",
                f"sizes of its {files} files; {compressed / MB:.2f} MB of it compressed copies",
            )
        )

    def answer(self, name: str, measured: Measured) -> None:
        """Add the rows of one answer."""
        self.numbers[name] = asdict(measured)
        limited = name == next(iter(ANSWERS))
        m = measured
        whole = (
            "; ".join(m.faults)
            or "the page's markdown is what was sent, a reload shows the same text"
        )
        self.rows += [
            Row(
                f"{name}: lag",
                f"{m.lag:.3f} s",
                f"provider's last token sent ({m.provider_seconds:.1f} s after its first) to whole text"
                f" painted ({m.text_lag:.3f}) and marked complete ({m.complete_lag:.3f}); MutationObserver"
                f" + next frame, clocks ±{m.clock_error * 1000:.1f} ms; first token {m.first_lag:.3f} s"
                f" (DOM); {whole}",
                f"≤ {LAG_LIMIT:g} s" if limited else "",
                (m.lag <= LAG_LIMIT if limited else True) and not m.faults
                if limited or m.faults
                else None,
            ),
            Row(
                f"{name}: websocket",
                f"{m.per_byte:.2f} B/B",
                f"{m.websocket_bytes / 1000:.0f} kB payload in {m.frames} frames (CDP, uncompressed) for"
                f" {m.answer_bytes / 1000:.1f} kB of answer; on the wire "
                + (
                    "not known (no ss)"
                    if m.wire_bytes is None
                    else f"{m.wire_bytes / 1000:.0f} kB = {m.wire_per_byte:.2f} B/B (kernel's"
                    " bytes_sent, deflated)"
                ),
            ),
            Row(
                f"{name}: main thread",
                f"{m.task_seconds:.2f} s",
                f"CDP TaskDuration; of it script {m.script_seconds:.2f}, layout {m.layout_seconds:.2f}, style"
                f" {m.style_seconds:.2f} s; {m.updates}"
                f" updates of the text; {m.long_tasks} tasks over 50 ms, "
                f" longest {m.longest_task * 1000:.0f} ms",
            ),
            Row(
                f"{name}: server CPU",
                f"{m.server_cpu:.2f} s",
                "user and system of all its processes, from Enter to 1 s after the end",
            ),
        ]

    def growth(self, speed: str, short: Measured, long: Measured) -> None:
        """Say how what is sent grows with the length."""
        wire = ""
        if short.wire_per_byte and long.wire_per_byte:
            wire = f"; on the wire ×{long.wire_per_byte / short.wire_per_byte:.2f}"
        factor = long.per_byte / short.per_byte
        self.numbers[f"growth at {speed}"] = factor
        self.rows.append(
            Row(
                f"8,000 against 2,000 at {speed}",
                f"×{factor:.2f}",
                f"websocket payload per byte of answer; ×1 is linear, ×4 is quadratic{wire}",
            )
        )

    @property
    def passed(self) -> bool:
        """Whether no row failed."""
        return all(row.passed is not False for row in self.rows)

    def table(self) -> str:
        """The rows, how they were measured underneath each."""
        head = Row("What", "Measured", "", "Limit")
        widths = [
            max(len(getattr(r, c)) for r in [head, *self.rows])
            for c in ("what", "measured", "limit")
        ]
        lines = list[str]()
        for row in [head, *self.rows]:
            verdict = {True: "pass", False: "FAIL", None: ""}[row.passed]
            cells = zip((row.what, row.measured, row.limit), widths, strict=True)
            lines.append(
                "  ".join([cell.ljust(width) for cell, width in cells] + [verdict]).rstrip()
            )
            lines += textwrap.wrap(row.how, 110, initial_indent="    ", subsequent_indent="    ")
        return "\n".join(lines)


def rest() -> None:
    """Let the server come to rest."""
    time.sleep(REST_SECONDS)


def register(context: BrowserContext, product: Product) -> str:
    """Open an account as people do; gives the address of a new chat."""
    page = context.new_page()
    page.goto(f"{product.url}/register")
    page.fill("input[name=name]", "Bench")
    page.fill("input[name=email]", "bench@example.org")
    page.fill("input[name=password]", "a horse reads the paper")
    page.click("form[data-api] button[type=submit]")
    page.wait_for_url("**/projects/*/chat**")
    page.wait_for_selector('.chat[data-empty="true"]')
    address = page.url.rstrip("/")
    page.close()
    return address


def measure(bench: Bench, data_dir: Path) -> None:
    """Measure everything, in the order in which it disturbs the least."""
    with TimedProvider() as provider, sync_playwright() as playwright:
        product = Product(data_dir, provider.base_url)
        with running(product):
            step("starts")
            bench.start(product)
            browser = playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
            step("memory")
            bench.memory(browser, product)
            bench.disk(data_dir)
            step("pages")
            bench.weight(browser.new_context(), "/", product.url, "h1")
            bench.weight(browser.new_context(), "/login", f"{product.url}/login", "form[data-api]")
            context = browser.new_context()
            new_chat = register(context, product)
            step("a short answer first, not measured")
            measure_answer(context, product, provider, new_chat, Answer(tokens=40))
            results = dict[str, Measured]()
            for name, answer in ANSWERS.items():
                step(name)
                results[name], chat = measure_answer(context, product, provider, new_chat, answer)
                if len(results) == 1:
                    ready = 'article[data-status="complete"] .prose > *'
                    bench.weight(context, "a chat with a 2,000-token answer", chat, ready)
                bench.answer(name, results[name])
            for speed in ("100/s", "full speed"):
                pair = [results[f"{tokens} tokens at {speed}"] for tokens in ("2,000", "8,000")]
                bench.growth(speed, *pair)
            context.close()
            bench.memory_afterwards(product)
            browser.close()


def step(what: str) -> None:
    """Say what is being done, apart from the table."""
    print(f"… {what}", file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print, and end with 1 if a limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=main.__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers as JSON")
    options = parser.parse_args()
    bench = Bench()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        measure(bench, Path(directory))
    print(
        f"{os.cpu_count()} cores, load {load:.1f} before; server, provider and browser share them.\n"
    )
    print(bench.table())
    if options.json:
        rows = [asdict(row) for row in bench.rows]
        numbers = {"cores": os.cpu_count(), "load": load, **bench.numbers}
        options.json.write_text(json.dumps({"rows": rows, "numbers": numbers}, indent=2) + "\n")
    sys.exit(0 if bench.passed else 1)


if __name__ == "__main__":
    main()
