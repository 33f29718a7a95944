"""Measure the product next to a bare page, and print one table.

Ends with 1 if a limit is missed or an answer was not whole.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import streaming, table
from bench.stage import Stage, staged, step
from bench.table import Row

Scenario = Callable[[Stage], list[Row]]

SCENARIOS: dict[str, Scenario] = {
    "2000": lambda stage: streaming.at_speed(stage, 2000, 3),
    "8000": lambda stage: streaming.at_speed(stage, 8000, 1),
    "once-2000": lambda stage: streaming.at_once(stage, 2000, 5),
    "once-8000": lambda stage: streaming.at_once(stage, 8000, 5),
}


def main() -> None:
    """Measure, print, and end with 1 if a limit is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.run", description=__doc__)
    parser.add_argument("--only", action="append", choices=[*SCENARIOS], metavar="NAME")
    parser.add_argument("--list", action="store_true", help="name the scenarios, and do nothing")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the numbers as JSON")
    parser.add_argument("--seed", type=int, default=time.time_ns() // 1000 % 10**9)
    options = parser.parse_args()
    if options.list:
        print("\n".join(SCENARIOS))
        return
    load = os.getloadavg()[0]
    rows = list[Row]()
    with staged(options.seed) as stage:
        for name in options.only or SCENARIOS:
            step(name)
            rows += SCENARIOS[name](stage)
    print(f"{os.cpu_count()} cores, load {load:.1f} before; seed {options.seed}.\n")
    print(table.plain(rows))
    if options.json:
        numbers = {"cores": os.cpu_count(), "load": load, "seed": options.seed}
        numbers["rows"] = [row.numbers() for row in rows]
        options.json.write_text(json.dumps(numbers, indent=2, ensure_ascii=False) + "\n")
    sys.exit(any(row.passed is False for row in rows))


if __name__ == "__main__":
    main()
