"""Realistic markdown of any length, always the same: what a model might write in a test."""

import re

_TOKENS = re.compile(r"\s*\w{1,6}|\s*[^\w\s]{1,3}|\s+")

_PASSAGES = (
    "# Harbour notes {n}\n\nThe ferry leaves at seven, unless the fog has other plans. Naïve visitors "
    "arrive at eight and meet the gulls instead — 鷗が三羽, as the sign in the café says.\n\n",
    "What to bring:\n\n- a warm coat\n- two sandwiches\n  - one for now\n  - one for the way back\n"
    "- a **map**, for `gps` is of little use at sea\n\n",
    "```python\ndef tide(hour: int) -> float:\n    # Two highs and two lows a day.\n\n"
    "    return 2.5 * math.cos(hour / 12.4 * 2 * math.pi)\n```\n\n",
    "| Port | Distance | Fare |\n| :-- | --: | --: |\n| Møre | 12 km | 40 € |\n| Skagen | 31 km | 95 € |\n\n",
    "> “It always looks nearer than it is,” the captain said. 🌊🚢\n\nNobody answered; the *engine* did.\n\n",
    "1. Cast off.\n2. Keep the light on the left.\n\n   It blinks every five seconds.\n3. Wave.\n\n",
    "The depth is $d = 3.2$ at low water, and in general\n\n$$\nd(t) = d_0 + a \\cos(\\omega t)\n$$\n\n",
)


def tokens_of(text: str) -> list[str]:
    """Cut a text into pieces about as long as a model's tokens; joined, they are the text."""
    return _TOKENS.findall(text)


def sample_text(tokens: int) -> str:
    """Markdown with prose, lists, code, tables, formulas and unicode, of exactly this many tokens."""
    pages, pieces = 1, list[str]()
    while len(pieces) <= tokens:
        pages *= 2
        pieces = tokens_of("".join(map(_page, range(1, pages))))
    return "".join(pieces[:tokens])


def _page(number: int) -> str:
    return "".join(_PASSAGES).replace("{n}", str(number))
