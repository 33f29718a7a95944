"""Rows of figures with their limits, for people and for programs."""

import statistics
import textwrap
from dataclasses import dataclass, field
from typing import Any, Literal

Unit = Literal["ms", "s", "MB", "kB", "B/B", "/s", "×"]


def shown(value: float, unit: Unit) -> str:
    """Write a figure; times are given in seconds."""
    match unit:
        case "ms":
            return f"{value * 1000:.{0 if value >= 0.01 else 1}f} ms"
        case "s" | "MB":
            return f"{value:.{1 if value >= 10 else 2}f} {unit}"
        case "kB":
            return f"{value:.0f} kB"
        case "B/B":
            return f"{value:.2f}"
        case "/s":
            return f"{value:.0f}/s"
        case "×":
            return f"×{value:.2f}"


def _plainly(limit: float, unit: Unit) -> str:
    match unit:
        case "ms":
            return f"{limit * 1000:g} ms"
        case "B/B":
            return f"{limit:g}"
        case "×":
            return f"×{limit:g}"
        case _:
            return f"{limit:g} {unit}"


@dataclass
class Row:
    """One figure: measured so many times in the product, and in the bare page where it has one."""

    what: str
    unit: Unit
    limit: float | None
    product: list[float]
    bare: list[float] = field(default_factory=list[float])
    how: str = ""
    faults: list[str] = field(default_factory=list[str])

    @property
    def measured(self) -> float:
        """The median of what was measured."""
        return statistics.median(self.product)

    @property
    def passed(self) -> bool | None:
        """Whether the limit is kept; None where there is none."""
        if self.faults:
            return False
        return None if self.limit is None else self.measured <= self.limit

    def cells(self) -> list[str]:
        """What stands in the columns of the table."""
        floor = shown(statistics.median(self.bare), self.unit) if self.bare else "–"
        limit = "" if self.limit is None else f"≤ {_plainly(self.limit, self.unit)}"
        verdict = {True: "pass", False: "FAIL", None: ""}[self.passed]
        return [self.what, limit, shown(self.measured, self.unit), floor, verdict]

    def explained(self) -> str:
        """How it was measured, each measurement by itself, and what was not as it has to be."""
        parts = [self.how]
        if len(self.product) > 1:
            single = ", ".join(shown(value, self.unit) for value in self.product)
            parts.append(f"median of {single}")
        return "; ".join([*filter(None, parts), *self.faults])

    def numbers(self) -> dict[str, Any]:
        """All of it, for programs."""
        median = statistics.median(self.bare) if self.bare else None
        return vars(self) | {"median": self.measured, "bare_median": median, "passed": self.passed}


HEAD = ["What", "Target", "Measured", "Bare page", "Verdict"]


def plain(rows: list[Row]) -> str:
    """The table for a terminal, with how each row was measured beneath it."""
    cells = [HEAD, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    hows = ["", *(row.explained() for row in rows)]
    lines = list[str]()
    for line, how in zip(cells, hows, strict=True):
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        lines.append("  ".join(padded).rstrip())
        lines += textwrap.wrap(how, 110, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def markdown(rows: list[Row]) -> str:
    """The table for a page."""
    cells = [HEAD, [":--", "--:", "--:", "--:", ":--"], *(row.cells() for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
