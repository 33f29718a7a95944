"""Scenarios of one answer in a new chat, in one page."""

from collections.abc import Callable
from dataclasses import dataclass, field

from bench.pages import Seen
from bench.stage import Pair, Stage, step
from bench.table import Row, Unit
from bench.wanted import Wanted

SPEED = 100
LINEAR = 4.5
"""How much four times the tokens may cost."""


@dataclass(frozen=True)
class Figure:
    """One thing to read off an answer, and its targets by the answer's length."""

    what: str
    unit: Unit
    read: Callable[[Seen], float]
    how: str
    limits: dict[int, float] = field(default_factory=dict[int, float])
    limit: float | None = None
    """The target where `limits` has none of its own."""
    has_floor: bool = True

    def row(self, name: str, pair: Pair) -> Row:
        """The row of these answers."""
        limit = self.limits.get(pair.product[0].wanted.tokens, self.limit)
        bare = [*map(self.read, pair.bare)] if self.has_floor else []
        product = [*map(self.read, pair.product)]
        return Row(f"{name}: {self.what}", self.unit, limit, product, bare, self.how)


def _thousands(seen: Seen) -> float:
    return seen.wanted.tokens / 1000


WHOLE = Figure(
    "whole in the page",
    "ms",
    lambda seen: seen.lag,
    "last piece written by the provider to all text painted and the answer marked complete",
    {2000: 0.060, 8000: 0.080},
)

FIGURES = (
    Figure(
        "Enter to the request at the provider",
        "ms",
        lambda seen: seen.to_provider,
        "keydown to the whole request read by the provider; the message is stored before",
        limit=0.045,
    ),
    Figure(
        "first token",
        "ms",
        lambda seen: seen.first,
        "first piece written by the provider to the first text in the page (DOM)",
        limit=0.010,
    ),
    WHOLE,
    Figure(
        "longest time without a change",
        "ms",
        lambda seen: seen.gap,
        "between two changes of the answer's text (DOM), from the first to the last",
        limit=0.100,
    ),
    Figure(
        "changes of the text per second",
        "/s",
        lambda seen: seen.updates / seen.wanted.tokens * SPEED,
        "MutationObserver's batches in which the answer's text changed",
    ),
    Figure(
        "bytes on the wire per byte of answer",
        "B/B",
        lambda seen: seen.wire,
        "the kernel's bytes_sent of the server's connections (deflated in the product, not in the"
        " bare page), from Enter to 1 s after the end",
        {2000: 3.0, 8000: 3.5, 32000: 5.0},
    ),
    Figure(
        "websocket payload per byte of answer",
        "B/B",
        lambda seen: seen.payload,
        "characters of all messages on the page's websockets, inflated",
        has_floor=False,
    ),
    Figure(
        "server CPU per 1,000 tokens",
        "ms",
        lambda seen: seen.cpu / _thousands(seen),
        "user and system of all its processes, from Enter to 1 s after the end",
        limit=0.350,
    ),
    Figure(
        "main thread per 1,000 tokens",
        "ms",
        lambda seen: seen.main_thread / _thousands(seen),
        "Chromium's TaskDuration, painting without a GPU included",
        limit=1.0,
    ),
    Figure(
        "main thread's processor time per 1,000 tokens",
        "ms",
        lambda seen: seen.main_thread_cpu / _thousands(seen),
        "Chromium's ThreadTime: of the time above, what it had a core for",
    ),
    Figure(
        "tasks over 50 ms, in sum",
        "ms",
        lambda seen: seen.long_tasks,
        "their whole durations, by PerformanceObserver",
        {8000: 0.100},
    ),
)

AT_ONCE = Figure(
    "whole in the page",
    "s",
    lambda seen: seen.lag_of_all,
    "first piece written by the provider, which writes as fast as it is read, to all text painted"
    " and the answer marked complete",
    {2000: 0.35, 8000: 0.8},
)


def at_speed(stage: Stage, tokens: int, times: int) -> list[Row]:
    """An answer of so many tokens at 100 a second."""
    return _rows(stage, Wanted(tokens, SPEED, 0), times, f"{tokens:,} tokens at {SPEED}/s", FIGURES)


def at_once(stage: Stage, tokens: int, times: int) -> list[Row]:
    """An answer of so many tokens that comes all at once."""
    return _rows(stage, Wanted(tokens, 0, 0), times, f"{tokens:,} tokens at once", (AT_ONCE,))


def _rows(
    stage: Stage, what: Wanted, times: int, name: str, figures: tuple[Figure, ...]
) -> list[Row]:
    step(f"{name}, {times} times in the product and in the bare page")
    pair = stage.answers(what, times)
    rows = {figure.what: figure.row(name, pair) for figure in figures}
    faults = rows[WHOLE.what].faults
    faults += [fault for seen in pair.product + pair.bare for fault in seen.faults]
    return [*rows.values()]


def growth(rows: list[Row]) -> list[Row]:
    """What 32,000 tokens cost against 8,000, in all, for what both were measured of."""
    short, long = (f"{tokens:,} tokens " for tokens in (8000, 32000))
    costs = ("whole in the page", " per byte of answer", " per 1,000 tokens")
    measured = {row.what: row.measured for row in rows if row.what.endswith(costs)}
    found = list[Row]()
    for what, cost in measured.items():
        former = measured.get(what.replace(long, short))
        if not what.startswith(long) or not former:
            continue
        head = what.partition(" per ")[0]
        # What is said of a token or of a byte is had four times as often.
        factor = cost / former * (1 if head == what else 4)
        name = f"32,000 against 8,000 tokens {head.removeprefix(long)}"
        found.append(Row(name, "×", LINEAR, [factor], how="in all; ×4 is linear"))
    return found
