"""Splits markdown into its top-level blocks, also while it is still growing. Pure.

Finished blocks never change again, so they can be sent and rendered once; only the tail is open.
Nothing is rendered here and nothing is lost: the blocks and the tail joined are the text.

Where blocks begin is markdown-it-py's to say, never our own guess. That guess (`_may_begin`) only
decides when it is worth asking. So the blocks of a text do not depend on how it was cut into
pieces: asking early or late finds the same ones. This rests on a property of CommonMark (appendix,
"Phase 1: block structure"): the last top-level block may still change with the next line, but
those before it can't. Reference definitions, the exception, are treated as paragraphs here. A
footnote (`[^1]: …`) is a block with all that is indented below it.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.fence import make_fence_rule
from markdown_it.token import Token

PARSED_PER_CHARACTER = 3
"""How often a character may be looked at on average while the text grows. This bounds the whole
work, whatever the text: without it, one endless list would cost the square of its length. Prose
takes 2.
"""

PARSED_FOR_FREE = 4096
"""Characters that may be parsed besides, so that the first blocks of a text are found at once."""

_LINE_END = re.compile(r"\r\n?|\n")
_LIST_MARKER = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])(?:\s|$)")
_NOTE = re.compile(r"\[\^[^\]\s\[]{1,200}\]:")
_STANDS_ALONE = frozenset({"heading_open", "hr", "fence", "math_block"})
_CONTINUES_WITH = {"blockquote_open": ">", "table_open": "|"}

_math_fence = make_fence_rule(
    markers=("$",),
    token_type="math_block",  # noqa: S106 (a name in markdown-it)
    disallow_marker_in_info=("$",),
    min_markers=2,
)


def _math_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula between lines of `$$`. A line with more on it is left to the paragraph it is in."""
    first = state.src[state.bMarks[start] : state.eMarks[start]]
    return not first.strip("$ \t") and _math_fence(state, start, end, silent)


def _note(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A footnote: the line that names it, what goes on right below, what is indented after that."""
    if state.is_code_block(start) or not _NOTE.match(
        state.src, state.bMarks[start] + state.tShift[start], state.eMarks[start]
    ):
        return False
    if silent:
        return True
    line = after = start + 1
    ends_it = state.md.block.ruler.getRules("paragraph")
    outside, state.parentType = state.parentType, "paragraph"  # the rules ask what they would end
    while line < end:
        if not state.isEmpty(line):
            is_inside = state.sCount[line] - state.blkIndent >= 4
            goes_on = line == after and not any(rule(state, line, end, True) for rule in ends_it)
            if not is_inside and not goes_on:
                break
            after = line + 1
        line += 1
    state.parentType = outside
    token = state.push("note", "", 0)
    token.map = [start, after]
    state.line = after
    return True


def _block_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table").disable("reference")
    ends_these = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "math_block", _math_block, {"alt": ends_these})
    parser.block.ruler.before("fence", "note", _note, {"alt": ends_these})
    return parser


_PARSER = _block_parser()


def split(text: str) -> list[str]:
    """Split a whole text into its top-level blocks, each with the blank lines behind it.

    The blocks joined are the text. Takes some 20 ms for 100,000 characters.
    """
    starts = [0, *(block.start for block in _parse(text)[1:]), len(text)]
    return [text[a:b] for a, b in pairwise(starts) if a < b]


class BlockSplitter:
    """Splits a text that comes in pieces: takes each once and gives each finished block once.

    However the text is cut, all blocks together are those of `split`. A block is finished when the
    next one has begun with a complete line; it may be given somewhat later than that.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._seen = 0
        self._line: list[str] = []
        self._open: _Block | None = None
        self._fence: re.Pattern[str] | None = None
        self._after_blank = False
        self._is_worth_parsing = False
        self._budget = PARSED_FOR_FREE

    @property
    def tail(self) -> str:
        """The rest that no block given so far holds."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def feed(self, text: str) -> list[str]:
        """Take the next piece of the text; give the blocks that are known to be finished now."""
        ends_in_cr = bool(self._pieces) and self._pieces[-1].endswith("\r")
        if text:
            self._pieces.append(text)
            self._line.append(text)
            self._budget += PARSED_PER_CHARACTER * len(text)
        if not ends_in_cr and "\n" not in text and "\r" not in text:
            return []
        complete = self._look_at_lines()
        if not self._is_worth_parsing or complete > self._budget:
            return []
        return self._take_finished(complete)

    def finish(self) -> list[str]:
        """The text is complete: give what is left of it. The splitter starts anew."""
        blocks = split(self.tail)
        self.__init__()
        return blocks

    def _look_at_lines(self) -> int:
        """Note what the new complete lines may mean; give where in the tail the last one ends."""
        text = "".join(self._line)
        begin = 0
        for line_end in _LINE_END.finditer(text):
            # A CR at the end may be the first half of a CRLF.
            if line_end.end() == len(text) and line_end[0] == "\r":
                break
            line = text[begin : line_end.start()]
            begin = line_end.end()
            if self._may_begin(line):
                self._is_worth_parsing = True
            self._after_blank = not line.strip(" \t")
        # Only the line that is not complete yet is looked at again, never the whole tail.
        self._line = [text[begin:]]
        self._seen += begin
        return self._seen

    def _may_begin(self, line: str) -> bool:
        """Whether a new block could begin with this line. A wrong yes costs time, a wrong no delay."""
        stripped = line.strip(" \t")
        if self._fence is not None:
            if self._fence.fullmatch(line):
                self._fence = None
            return False
        if not stripped:
            return False
        if self._open is None:
            return True
        kind = self._open.token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            is_inside = line[0] in " \t" or _LIST_MARKER.match(line) is not None
            return not is_inside and (self._after_blank or line[0] in "#`~$>|<[")
        if self._after_blank or kind in _STANDS_ALONE:
            return True
        if stripped[0] == _CONTINUES_WITH.get(kind):
            return False
        return stripped[0] in "#`~$>|<[" or _LIST_MARKER.match(line) is not None

    def _take_finished(self, complete: int) -> list[str]:
        tail = self.tail
        self._budget -= complete
        self._is_worth_parsing = False
        blocks = _parse(tail[:complete])
        if not blocks:
            return []
        starts = [0, *(block.start for block in blocks[1:])]
        rest = tail[starts[-1] :]
        self._pieces = [rest]
        self._seen -= starts[-1]
        self._open = blocks[-1]
        self._fence = _closing_line(self._open, rest[: self._seen])
        return [tail[a:b] for a, b in pairwise(starts)]


@dataclass(frozen=True)
class _Block:
    start: int
    """Where its first line begins, in characters."""

    token: Token
    """The token that opens it."""


def _parse(text: str) -> list[_Block]:
    """The top-level blocks of the text, in order."""
    line_starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
    tokens: list[Token] = []
    # Of markdown-it's two phases the first is enough. As it expects, line ends are made one kind
    # (the number of lines stays the same) and NUL is replaced.
    source = _LINE_END.sub("\n", text).replace("\0", "\ufffd")
    _PARSER.block.parse(source, _PARSER, {}, tokens)
    return [
        _Block(line_starts[token.map[0]], token)
        for token in tokens
        if token.level == 0 and token.nesting >= 0 and token.map is not None
    ]


def _closing_line(block: _Block, text: str) -> re.Pattern[str] | None:
    """What the line looks like that closes the fence of this block; None if it isn't an open fence."""
    if block.token.type not in ("fence", "math_block"):
        return None
    markup = block.token.markup
    closing = re.compile(rf" {{0,3}}{re.escape(markup[0])}{{{len(markup)},}}[ \t]*")
    lines = _LINE_END.split(text.strip())
    return None if len(lines) > 1 and closing.fullmatch(lines[-1]) else closing
