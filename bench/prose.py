"""Answers as a model might write them: markdown of any length, another one for each seed.

Seeded, so that whoever knows the seed knows the text. It hardly repeats itself: words come from a
vocabulary of some two thousand by Zipf's law (frequency ∝ 1 / rank), as in real prose, so it
deflates about as real prose does.
"""

import functools
import itertools
import random
import re
from collections.abc import Callable, Iterator

_TOKENS = re.compile(r" ?\w{1,7}|[^\w\s]{1,3}|\n+| +")

FUNCTION_WORDS = """the of and to a in is that it for was on are as with be this by or from at an not
    have but which you they one all were when we there can more if no out so what up some would
    other into than then its time only could these two may first any like now such our over most
    even also after many before must through back where much well down should because each just
    those how too still being between never last under while again same often both here every
    without against during until however since though why almost within once therefore"""

ONSETS = "b c d f g h l m n p r s t v w br ch cl cr dr fl gr pl pr sh sl sp st th tr"
NUCLEI = "a e i o u a e i o ea ai ou ee oo ie"
CODAS = ["", "", "", "", "n", "r", "l", "t", "s", "d", "m", "ck", "nd", "nt", "st", "rd"]
ENDINGS = ["", "", "", "", "s", "s", "ed", "ing", "er", "ly", "al", "ive", "ion", "ment", "ous"]
VOCABULARY = 2000


@functools.cache
def _words() -> tuple[list[str], list[float]]:
    """The vocabulary, most frequent first, and the cumulated weights to draw by."""
    rng = random.Random("vocabulary")
    words: dict[str, None] = dict.fromkeys(FUNCTION_WORDS.split())
    onsets, nuclei = ONSETS.split(), NUCLEI.split()
    while len(words) < VOCABULARY:
        parts = rng.choices((1, 2, 3), (4, 5, 1))[0]
        syllables = [
            rng.choice(onsets) + rng.choice(nuclei) + rng.choice(CODAS) for _ in range(parts)
        ]
        words["".join(syllables) + rng.choice(ENDINGS)] = None
    weights = itertools.accumulate(1 / (rank + 2.7) for rank in range(len(words)))
    return list(words), list(weights)


def _some(rng: random.Random, fewest: int, most: int) -> list[str]:
    words, weights = _words()
    return rng.choices(words, cum_weights=weights, k=rng.randint(fewest, most))


def _name(rng: random.Random) -> str:
    return "_".join(rng.choices(_words()[0][150:], k=rng.choice((1, 1, 2))))


def _sentence(rng: random.Random) -> str:
    words = _some(rng, 7, 22)
    if rng.random() < 0.35:
        words[rng.randrange(2, 5)] += ","
    if rng.random() < 0.12:
        at = rng.randrange(len(words))
        words[at] = f"**{words[at].rstrip(',')}**"
    if rng.random() < 0.1:
        words[rng.randrange(len(words))] = f"`{_name(rng)}`"
    if rng.random() < 0.08:
        words[rng.randrange(len(words))] = str(rng.randrange(2, 3000))
    words[0] = words[0].capitalize()
    return " ".join(words) + rng.choices(".?!:", (90, 5, 2, 3))[0]


def _paragraph(rng: random.Random) -> str:
    return " ".join(_sentence(rng) for _ in range(rng.randint(2, 6)))


def _heading(rng: random.Random) -> str:
    return (
        f"{'#' * rng.randint(2, 3)} {' '.join(_some(rng, 2, 6)).capitalize()}\n\n{_paragraph(rng)}"
    )


def _list(rng: random.Random) -> str:
    is_numbered = rng.random() < 0.4
    items = list[str]()
    for number in range(1, rng.randint(3, 7)):
        mark = f"{number}." if is_numbered else "-"
        lead = f"**{' '.join(_some(rng, 1, 3))}**: " if rng.random() < 0.5 else ""
        items.append(f"{mark} {lead}{_sentence(rng)}")
    return "\n".join(items)


def _code(rng: random.Random) -> str:
    lines = [f"def {_name(rng)}({_name(rng)}: int, {_name(rng)}: str) -> float:"]
    for _ in range(rng.randint(3, 12)):
        call = f"{_name(rng)}({_name(rng)}, {rng.randrange(1000)})"
        shape = rng.choice(("{n} = {c}", "if {n} > {c}:\n        {n} += 1", "return {c}", "# {w}"))
        filled = shape.format(n=_name(rng), c=call, w=" ".join(_some(rng, 4, 9)))
        lines.append(f"    {filled}")
    return "\n".join(["```python", *lines, "```"])


def _table(rng: random.Random) -> str:
    def row() -> str:
        return f"| {' '.join(_some(rng, 1, 3))} | {rng.randrange(1000)} | {' '.join(_some(rng, 1, 4))} |"

    return "\n".join([row(), "| :-- | --: | :-- |", *(row() for _ in range(rng.randint(2, 7)))])


SHAPES: tuple[Callable[[random.Random], str], ...] = (_paragraph, _heading, _list, _code, _table)
SHARES = (58, 16, 16, 6, 4)
"""How often each shape of block comes, in percent."""


def _pieces(rng: random.Random) -> Iterator[str]:
    yield from tokens_of(_paragraph(rng))
    while True:
        shape = rng.choices(SHAPES, SHARES)[0]
        yield from tokens_of(f"\n\n{shape(rng)}")


def tokens_of(text: str) -> list[str]:
    """Cut a text into pieces about as long as a model's tokens; joined, they are the text."""
    return _TOKENS.findall(text)


@functools.lru_cache(maxsize=512)
def pieces(tokens: int, seed: int) -> tuple[str, ...]:
    """The answer of this seed, in exactly so many pieces; the last can be seen."""
    return (*itertools.islice(_pieces(random.Random(seed)), tokens - 1), ".")
