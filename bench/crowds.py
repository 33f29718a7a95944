"""Scenarios of many people at once, in browsers and without."""

import json
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from typing import Any, Self

from bench.pages import Asking, Seen
from bench.processes import ROOT, Server
from bench.stage import Stage, step
from bench.table import Row

BROWSERS_LIMIT = 0.150
CLIENTS_LIMITS = {100: 0.080, 200: 0.300}
TOKENS = 200
BROWSER_RATE = 50
CLIENT_RATE = 20


class Crowd:
    """The process of `bench.crowd`, connected; for the length of a `with` block."""

    def __init__(self, url: str, people: list[dict[str, Any]], **errand: Any) -> None:
        short = [
            {"session": p["session"], "project": p["project"], "chat": p["chats"]["2"]}
            for p in people
        ]
        self._errand = {"url": url, "people": short, **errand}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.crowd"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._write(json.dumps(self._errand))
        if self._read() != "ready":
            raise RuntimeError("the crowd did not get in")
        return self

    def __exit__(self, *_: object) -> None:
        with self._process:
            self._process.terminate()

    def ask(self) -> dict[str, Any]:
        """Have everybody ask, and wait for all the `answers`; also tells the crowd's own `cpu`
        seconds meanwhile: where those are many, it measures itself.
        """
        self._write("go")
        return json.loads(self._read())

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def browsers(stage: Stage, count: int, times: int) -> list[Row]:
    """So many pages at once, each of another person in a browser of its own."""
    step(f"{count} browsers at once, {times} times each")
    product, bare = list[Seen](), list[Seen]()
    for _ in range(times):
        product += _in_browsers(stage, count, stage.product)
        bare += _in_browsers(stage, count, stage.bare)
    return [
        Row(
            f"{count} browsers at once: whole in the page, p95",
            "ms",
            BROWSERS_LIMIT if count == 10 else None,
            [p95([seen.lag for seen in product])],
            [p95([seen.lag for seen in bare])],
            f"{len(product)} answers of {TOKENS} tokens at {BROWSER_RATE}/s; browser, servers and"
            f" provider share the cores; median {_ms([seen.lag for seen in product])}",
            [fault for seen in product + bare for fault in seen.faults],
        )
    ]


def clients(stage: Stage, count: int) -> list[Row]:
    """So many people at once on one worker, without browsers."""
    step(f"{count} protocol clients at once")
    product, costs, faults = _as_clients(stage, count, stage.product)
    bare, _, bare_faults = _as_clients(stage, count, stage.bare)
    return [
        Row(
            f"{count} clients at once: whole at the client, p95",
            "ms",
            CLIENTS_LIMITS.get(count),
            [p95(product)],
            [p95(bare)],
            f"{TOKENS} tokens at {CLIENT_RATE}/s each, begun within 2 s; last piece written by the"
            f" provider to the message marked complete at the client; median {_ms(product)},"
            f" longest {max(product) * 1000:.0f} ms; {count - len(product)} lost; {costs}",
            faults + bare_faults,
        )
    ]


def p95(values: list[float]) -> float:
    """What 95 of a hundred keep below; of few values the worst but the twentieth part."""
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)] if values else float("nan")


def _in_browsers(stage: Stage, count: int, server: Server) -> list[Seen]:
    with ExitStack() as pages:
        asking = list[Asking]()
        for person in stage.people[:count]:
            opened = stage.open_bare() if server is stage.bare else stage.open_chat(person)
            page = pages.enter_context(opened)
            wanted = stage.wanted(TOKENS, BROWSER_RATE)
            asking.append(Asking(page, server, stage.provider, wanted))
        for one in asking:
            one.ask()
        return [one.seen(is_kept=server is stage.product) for one in asking]


def _as_clients(stage: Stage, count: int, server: Server) -> tuple[list[float], str, list[str]]:
    """How long after the provider each answer was whole, what it cost, and what was wrong."""
    people = stage.people[:count] if server is stage.product else []
    wanted = [stage.wanted(TOKENS, CLIENT_RATE) for _ in range(count)]
    errand = {"tokens": TOKENS, "rate": CLIENT_RATE, "seeds": [one.seed for one in wanted]}
    with Crowd(server.url, people, **errand) as crowd:
        began, cpu = time.monotonic(), server.cpu_seconds()
        found = crowd.ask()
        cpu, seconds = server.cpu_seconds() - cpu, time.monotonic() - began
    costs = (
        f"server CPU {cpu * 1e6 / count / TOKENS:.0f} ms per 1,000 tokens, {cpu / seconds:.0%} of a"
        f" core; the clients themselves {found['cpu'] / seconds:.0%}"
    )
    lags, faults = list[float](), list[str]()
    for one, answer in zip(wanted, found["answers"], strict=True):
        if answer["fault"]:
            faults.append(answer["fault"])
        if answer["ended"]:
            lags.append(answer["ended"] - stage.provider.told(one.seed)["last"])
        if answer["id"] and stage.product.stored(answer["id"]) != ("complete", one.text):
            faults.append("what is stored is not what the provider sent")
    return lags, costs, faults


def _ms(values: list[float]) -> str:
    return f"{statistics.median(values) * 1000:.0f} ms"
