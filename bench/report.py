"""The page for readers, `docs/performance.md`: its words are written by hand, its table from here."""

from typing import Any

from bench import table
from bench.processes import ROOT
from bench.table import Row

NAME = "docs/performance.md"
BEGIN, END = "<!-- measured -->\n", "<!-- /measured -->\n"


def circumstances(run: dict[str, Any]) -> str:
    """Say under what circumstances was measured."""
    return (
        f"{run['cores']} cores, shared by browser, servers and provider; load"
        f" {run['load_before']:.1f} before and {run['load_after']:.1f} after; seed {run['seed']}."
    )


def write(run: dict[str, Any], rows: list[Row]) -> None:
    """Replace what stands between the marks."""
    page = ROOT / NAME
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    measured = f"\n{table.markdown(rows)}\n\n{circumstances(run)}\n\n"
    page.write_text(f"{before}{BEGIN}{measured}{END}{after}")
