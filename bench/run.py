"""Measure the product next to a bare page, and print one table.

Ends with 1 if a target is missed or an answer was not whole.
"""

import argparse
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import crowds, histories, loads, report, searches, streaming, table
from bench.stage import HISTORIES, Stage, staged, step
from bench.table import Row

Scenario = Callable[[Stage], list[Row]]

SCENARIOS: dict[str, Scenario] = {
    "start": loads.starts,
    "memory": loads.memory,
    "session-checks": loads.session_checks,
    "page": loads.page,
    "2000": partial(streaming.at_speed, tokens=2000, times=3),
    "8000": partial(streaming.at_speed, tokens=8000, times=1),
    "once-2000": partial(streaming.at_once, tokens=2000, times=3),
    "once-8000": partial(streaming.at_once, tokens=8000, times=3),
    "once-32000": partial(streaming.at_once, tokens=32000, times=3),
    "earlier": histories.after_many,
    "open": loads.opening,
    "search": searches.searches,
    "browsers-10": partial(crowds.browsers, count=10, times=2),
    "clients-100": partial(crowds.clients, count=100),
    "clients-200": partial(crowds.clients, count=200),
}

COLD = ("start", "memory")
"""What wants processes that have done nothing yet; these come first."""

FULL: dict[str, Scenario] = {
    "32000": partial(streaming.at_speed, tokens=32000, times=1),
    **{f"browsers-{count}": partial(crowds.browsers, count=count, times=2) for count in (1, 5)},
    **{f"clients-{count}": partial(crowds.clients, count=count) for count in (1, 10, 50)},
    **{
        f"after-{length}-{rate}-{tokens}": partial(
            histories.combination, length=length, rate=rate, tokens=tokens
        )
        for length, rate, tokens in itertools.product(
            (0, *HISTORIES), (0, 50, 100), (200, 2000, 8000, 32000)
        )
    },
}
"""What takes long, for `--full` or by name; `after-100-50-2000` is 2,000 tokens at 50/s after 100
messages.
"""


def main() -> None:
    """Measure, print, and end with 1 if a target is missed."""
    options = _options()
    signal.signal(signal.SIGTERM, _leave)
    everything = SCENARIOS | FULL
    if options.list:
        print("\n".join(everything))
        return
    names = options.only or [*(everything if options.full else SCENARIOS)]
    run = {"cores": os.cpu_count(), "load_before": os.getloadavg()[0], "seed": options.seed}
    rows = list[Row]()
    with staged(options.seed) as stage:
        for name in sorted(names, key=lambda name: name not in COLD):
            if name not in COLD:
                stage.warm_up()
            rows += _measured(name, everything[name], stage)
    run["load_after"] = os.getloadavg()[0]
    rows += streaming.growth(rows)
    print(f"{report.circumstances(run)}\n\n{table.plain(rows)}")
    if options.json:
        numbers = run | {"rows": [row.numbers() for row in rows]}
        options.json.write_text(json.dumps(numbers, indent=2, ensure_ascii=False) + "\n")
    if options.write:
        report.write(run, rows)
    sys.exit(any(row.passed is False for row in rows))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument(
        "--only",
        action="append",
        choices=[*SCENARIOS, *FULL],
        metavar="NAME",
        help="may be repeated",
    )
    parser.add_argument("--full", action="store_true", help="also what takes hours")
    parser.add_argument("--list", action="store_true", help="name the scenarios, and do nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers as JSON")
    parser.add_argument("--write", action="store_true", help=f"put the table into {report.NAME}")
    parser.add_argument(
        "--seed", type=int, default=time.time_ns() // 1000 % 10**9, help="of the answers' texts"
    )
    options = parser.parse_args()
    if options.write and options.only:
        parser.error("--write is for a whole run")
    return options


def _leave(_number: int, _frame: object) -> None:
    sys.exit(1)  # and what was started ends too


def _measured(name: str, scenario: Scenario, stage: Stage) -> list[Row]:
    try:
        return scenario(stage)
    except RuntimeError as error:  # one that hangs must not cost the others
        step(f"{name}: {error}")
        return [Row(name, "s", None, [float("nan")], faults=[f"could not be measured: {error}"])]


if __name__ == "__main__":
    main()
