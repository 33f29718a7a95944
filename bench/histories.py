"""Scenarios of answers in chats where much was said before."""

import statistics
from collections.abc import Callable

from bench.pages import Seen
from bench.stage import HISTORIES, Stage, step
from bench.table import Row, shown

LIMIT = 1.2
TOKENS = 200
SPEED = 100
TIMES = 5

LAGS: dict[str, tuple[Callable[[Seen], float], float]] = {
    "Enter to the request at the provider": (lambda seen: seen.to_provider, 0.045),
    "whole in the page": (lambda seen: seen.lag, 0.060),
}
"""What a person waits for, with the limits of a new chat. It can't be compared with a new chat's:
there, the model is sent a sentence, and here thousands of words."""

COMPARED: dict[str, Callable[[Seen], float]] = {
    "server CPU": lambda seen: seen.cpu,
    "main thread": lambda seen: seen.main_thread,
}


def after_many(stage: Stage) -> list[Row]:
    """The same short answers in a new chat, and in chats with many earlier messages."""
    lengths = (0, *HISTORIES)
    step(f"{TOKENS} tokens at {SPEED}/s after {lengths} messages, {TIMES} times each")
    seen: dict[int, list[Seen]] = {length: [] for length in lengths}
    for _ in range(TIMES):
        for length, those in seen.items():
            those.append(stage.product_answer(stage.wanted(TOKENS, SPEED), length))
    rows = list[Row]()
    for length in HISTORIES:
        rows += [_lag(length, what, seen) for what in LAGS]
        rows += [_against(length, what, seen[length], seen[0]) for what in COMPARED]
        rows[-1].faults = [fault for one in seen[length] for fault in one.faults]
    return rows


def _lag(length: int, what: str, seen: dict[int, list[Seen]]) -> Row:
    of, limit = LAGS[what]
    former = shown(statistics.median(map(of, seen[0])), "ms")
    return Row(
        f"After {length:,} messages: {what}",
        "ms",
        limit,
        [of(one) for one in seen[length]],
        how=f"{former} in a new chat; {TIMES} answers of {TOKENS} tokens at {SPEED}/s",
    )


def _against(length: int, what: str, here: list[Seen], empty: list[Seen]) -> Row:
    # Processor time is counted in steps of 10 ms: the mean tells more of it than the median.
    middle = statistics.mean if what == "server CPU" else statistics.median
    cost, former = (middle(map(COMPARED[what], those)) for those in (here, empty))
    return Row(
        f"After {length:,} messages, against a new chat: {what}",
        "×",
        LIMIT,
        [cost / former],
        how=f"{shown(cost, 'ms')} against {shown(former, 'ms')}; the {middle.__name__} of {TIMES}"
        f" answers of {TOKENS} tokens at {SPEED}/s",
    )


def combination(stage: Stage, length: int, rate: int, tokens: int) -> list[Row]:
    """One answer of this length and speed (0: all at once), after so many messages."""
    speed = f"at {rate}/s" if rate else "at once"
    name = f"{tokens:,} tokens {speed} after {length:,} messages"
    step(name)
    seen = stage.product_answer(stage.wanted(tokens, rate), length)
    per_thousand = 1000 / tokens
    how = (
        f"longest time without a change {shown(seen.gap, 'ms')}; per 1,000 tokens"
        f" {shown(seen.cpu * per_thousand, 'ms')} server CPU and"
        f" {shown(seen.main_thread * per_thousand, 'ms')} main thread; {seen.wire:.2f} bytes on the"
        f" wire and {seen.payload:.2f} of payload per byte of answer; tasks over 50 ms"
        f" {shown(seen.long_tasks, 'ms')} in sum"
    )
    whole = seen.lag if rate else seen.lag_of_all
    return [Row(f"{name}: whole", "s", None, [whole], how=how, faults=seen.faults)]
