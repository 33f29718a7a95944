"""Scenarios of one answer in one page."""

from collections.abc import Callable

from bench.pages import Seen
from bench.stage import Pair, Stage, step
from bench.table import Row, Unit
from bench.wanted import Wanted

SPEED = 100

LAG_LIMITS = {2000: 0.060, 8000: 0.080}
LAG_AT_ONCE_LIMITS = {2000: 0.35, 8000: 0.8}
WIRE_LIMITS = {2000: 3.0, 8000: 3.5, 32000: 5.0}


def at_speed(stage: Stage, tokens: int, times: int) -> list[Row]:
    """An answer of so many tokens at 100 a second, in a new chat."""
    step(f"{tokens:,} tokens at {SPEED}/s, {times} times each in the product and in the bare page")
    pair = stage.answers(Wanted(tokens, SPEED, 0), times)
    name = f"{tokens:,} tokens at {SPEED}/s"
    thousands = tokens / 1000
    limits = LAG_LIMITS.get(tokens)
    rows = [
        _row(
            pair,
            f"{name}: Enter to the request at the provider",
            "ms",
            0.045,
            lambda seen: seen.to_provider,
            "keydown to the whole request read by the provider; the message is stored before",
        ),
        _row(
            pair,
            f"{name}: first token",
            "ms",
            0.010,
            lambda seen: seen.first,
            "first piece written by the provider to the first text in the page (DOM)",
        ),
        _row(
            pair,
            f"{name}: whole in the page",
            "ms",
            limits,
            lambda seen: seen.lag,
            "last piece written by the provider to all text painted and the answer marked complete",
        ),
        _row(
            pair,
            f"{name}: longest time without a change",
            "ms",
            0.100,
            lambda seen: seen.gap,
            "between two changes of the answer's text (DOM), from the first to the last;"
            f" {pair.product[0].updates} changes, in the bare page {pair.bare[0].updates}",
        ),
        _row(
            pair,
            f"{name}: bytes on the wire per byte of answer",
            "B/B",
            WIRE_LIMITS.get(tokens),
            lambda seen: seen.wire,
            "the kernel's bytes_sent of the server's connections (deflated in the product, not in"
            " the bare page), from Enter to 1 s after the end",
        ),
        _row(
            pair,
            f"{name}: server CPU per 1,000 tokens",
            "ms",
            0.350,
            lambda seen: seen.cpu / thousands,
            "user and system of all its processes, from Enter to 1 s after the end",
        ),
        _row(
            pair,
            f"{name}: main thread per 1,000 tokens",
            "ms",
            1.0,
            lambda seen: seen.main_thread / thousands,
            "Chromium's TaskDuration, painting without a GPU included",
        ),
        _row(
            pair,
            f"{name}: tasks over 50 ms, in sum",
            "ms",
            0.1 if tokens == 8000 else None,
            lambda seen: seen.long_tasks,
            f"longest {max(seen.longest_task for seen in pair.product) * 1000:.0f} ms",
        ),
    ]
    rows[2].faults = [fault for seen in pair.product + pair.bare for fault in seen.faults]
    return rows


def at_once(stage: Stage, tokens: int, times: int) -> list[Row]:
    """An answer of so many tokens that comes all at once, in a new chat."""
    step(f"{tokens:,} tokens at once, {times} times each")
    pair = stage.answers(Wanted(tokens, 0, 0), times)
    row = _row(
        pair,
        f"{tokens:,} tokens at once: whole in the page",
        "s",
        LAG_AT_ONCE_LIMITS.get(tokens),
        lambda seen: seen.lag_of_all,
        "first piece written by the provider, which writes as fast as it is read, to all text"
        " painted and the answer marked complete",
    )
    row.faults = [fault for seen in pair.product + pair.bare for fault in seen.faults]
    return [row]


def _row(
    pair: Pair,
    what: str,
    unit: Unit,
    limit: float | None,
    figure: Callable[[Seen], float],
    how: str,
) -> Row:
    return Row(what, unit, limit, [*map(figure, pair.product)], [*map(figure, pair.bare)], how)
