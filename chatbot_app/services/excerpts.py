"""What was looked for, taken apart, and where it stands in a text that was found. Pure.

A word here is what it is to the index: a run of letters and digits, whatever their case and accents.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import chain

from chatbot_app.repositories.search import Words
from chatbot_app.schemas import TextPart

BEFORE, AFTER = 50, 150
"""Characters of an excerpt in front of the first hit, and from it on."""

_PHRASE_OR_WORD = re.compile(r'"([^"]*)"?|([^\s"]+)')
_MAY_GO_ON = re.compile(r"([^\W_]{2}|[^\W_\x00-\x7f])\Z")
_SIGNS = re.compile(r"\*\*|`+|^#{1,6} |(?<=\n)#{1,6} ")  # of markdown, where it is not drawn
_NO_WORD = r"[\W_]"
_MARK = "[\u0300-\u036f]*"  # an accent that follows its letter


def wanted(query: str) -> list[Words]:
    """Take apart what was typed: words, phrases in quotes, and at the end a word that may still be
    going on. A single letter is no beginning of anything yet, but where it is a word by itself.
    """
    found: list[Words] = []
    for match in _PHRASE_OR_WORD.finditer(_plain(query)):
        phrase, word = str(match[1] or ""), str(match[2] or "")
        if any(c.isalnum() for c in phrase + word):
            goes_on = match.end() == len(query) and _MAY_GO_ON.search(match[0]) is not None
            found.append(Words(phrase or word, goes_on))
    return found


def excerpt(text: str, looked_for: Sequence[Words]) -> list[TextPart]:
    """Cut out the place of the first hit, with all hits in it told apart."""
    pattern = _pattern(tuple(looked_for))
    first = pattern.search(text)
    at = first.start() if first else 0
    start = _word_start(text, max(0, at - BEFORE))
    end = min(len(text), max(at + AFTER, first.end() if first else 0))
    stretch = text[start:end]
    return _parts(stretch, pattern, "…" if start else "", "…" if end < len(text) else "")


def marked(line: str, looked_for: Sequence[Words]) -> list[TextPart]:
    """Tell the hits in a line apart."""
    return _parts(line, _pattern(tuple(looked_for)), "", "")


def is_in(looked_for: Sequence[Words]) -> Callable[[str], bool]:
    """Make what says of a line whether all that was looked for is in it."""
    patterns = [_pattern((words,)) for words in looked_for]

    def holds_all(line: str) -> bool:
        return all(pattern.search(line) for pattern in patterns)

    return holds_all


def _plain(query: str) -> str:
    # No database can hold these, so that nothing is found by them.
    return re.sub("[\x00\ud800-\udfff]", " ", query)


def _word_start(text: str, at: int) -> int:
    blank = text.find(" ", at, at + BEFORE // 2) if at else -1
    return blank + 1 if blank >= 0 else at


def _parts(text: str, pattern: re.Pattern[str], before: str, after: str) -> list[TextPart]:
    pieces: list[tuple[str, bool]] = [(before, False)]
    end = 0
    for match in pattern.finditer(text):
        pieces += [(text[end : match.start()], False), (match[0], True)]
        end = match.end()
    pieces += [(text[end:], False), (after, False)]
    shown = ((_SIGNS.sub("", piece), is_hit) for piece, is_hit in pieces)
    return [TextPart(re.sub(r"\s+", " ", piece), is_hit) for piece, is_hit in shown if piece]


@cache
def _letters() -> dict[str, str]:
    """Under each letter all that are the same but for case and accents."""
    same: defaultdict[str, str] = defaultdict(str)
    for code in chain(range(0x80, 0x250), range(0x370, 0x530), range(0x1E00, 0x2000)):
        bare = _bare(chr(code))
        if len(bare) == 1 and chr(code).isalpha():
            same[bare] += chr(code)
    return dict(same)


def _bare(text: str) -> str:
    parts = unicodedata.normalize("NFD", text)
    return "".join(c for c in parts if not unicodedata.combining(c)).lower()


@lru_cache(maxsize=100)
def _pattern(looked_for: tuple[Words, ...]) -> re.Pattern[str]:
    # Long ones first, that of two that begin alike the longer one is marked.
    each = sorted({_one(words) for words in looked_for}, key=len, reverse=True)
    return re.compile("|".join(each) or r"(?!)", re.IGNORECASE)


def _one(words: Words) -> str:
    letters = _letters()
    tokens = [
        "".join(f"[{re.escape(c)}{letters.get(c, '')}]{_MARK}" for c in _bare(token))
        for token in re.findall(r"[^\W_]+", unicodedata.normalize("NFC", words.text))
    ]
    end = "" if words.is_prefix else r"(?![^\W_])"
    return rf"(?<![^\W_]){f'{_NO_WORD}+'.join(tokens)}{end}"
