"""A growing answer in several vars, so that little is resent when it grows.

Reflex sends the whole value of a changed var. With all blocks in one list an answer of n blocks
would cost n²/2 of them on the wire. Here the newest few are in a list of their own; when that is
full it goes as it is into a small slot, and when all of those are full, they go together into a
large one. So a block that left the newest list is sent twice more, however long the answer gets.
(Beyond some 600 blocks, 35,000 tokens of prose, everything so far goes into the first large slot.)

The open tail, which may itself be long (a program, a list without end), is kept in stretches: one
that is full is appended to the next older one, which takes eight times as much.
"""

SLOTS = 8
"""Small slots, and large ones; also how many blocks the newest list takes."""

LARGE_VARS = tuple(f"large_{number}" for number in range(1, SLOTS + 1))
SMALL_VARS = tuple(f"small_{number}" for number in range(1, SLOTS + 1))

GROUP_VARS = (*LARGE_VARS, *SMALL_VARS, "newest")
"""The vars that hold the finished blocks, oldest first, in the state of the live answer."""

TAIL_VARS = ("tail_oldest", "tail_older", "tail_newer", "tail")
"""The vars that hold the stretches of the open tail, oldest first."""

THOUGHT_VARS = ("thoughts_oldest", "thoughts_old", "thoughts_older", "thoughts_newer", "thoughts")
"""The same for what the model thinks before it answers, which is not split into blocks and may be
longer.
"""

STRETCH = 128
"""How many characters the youngest stretch takes."""

FANOUT = 8
"""How many times more each older stretch takes."""


class BlockGroups:
    """`groups` holds the blocks under the names of their vars; in the order of `GROUP_VARS` they
    are the answer so far.
    """

    def __init__(self) -> None:
        self.groups: dict[str, list[str]] = {name: [] for name in GROUP_VARS}

    def add(self, blocks: list[str]) -> set[str]:
        """Append blocks, and say which groups changed."""
        changed: set[str] = set()
        for block in blocks:
            self.groups["newest"].append(block)
            changed.add("newest")
            if len(self.groups["newest"]) >= SLOTS:
                changed |= self._put_away(self._empty("newest"))
        return changed

    def _put_away(self, blocks: list[str]) -> set[str]:
        if name := self._free(SMALL_VARS):
            self.groups[name] = blocks
            return {name}
        blocks = [*self._empty(*SMALL_VARS), *blocks]
        if name := self._free(LARGE_VARS):
            self.groups[name] = blocks
            return {name, *SMALL_VARS}
        self.groups[LARGE_VARS[0]] = [*self._empty(*LARGE_VARS), *blocks]
        return {*LARGE_VARS, *SMALL_VARS}

    def _free(self, names: tuple[str, ...]) -> str | None:
        return next((name for name in names if not self.groups[name]), None)

    def _empty(self, *names: str) -> list[str]:
        blocks = [block for name in names for block in self.groups[name]]
        for name in names:
            self.groups[name] = []
        return blocks


class TailStretches:
    """`texts` holds the tail under the names of its vars, which are `TAIL_VARS` unless others are
    given; in their order they are the tail so far.
    """

    def __init__(self, names: tuple[str, ...] = TAIL_VARS) -> None:
        self._names = names
        self.texts: dict[str, str] = dict.fromkeys(names, "")

    def restart(self, tail: str) -> set[str]:
        """Begin another tail, and say which stretches changed."""
        changed = {name for name, text in self.texts.items() if text}
        self.texts = dict.fromkeys(self._names, "")
        return changed | self.grow(tail)

    def grow(self, text: str) -> set[str]:
        """Append text to the tail, and say which stretches changed."""
        if not text:
            return set()
        youngest, *older = reversed(self._names)
        self.texts[youngest] += text
        changed, room = {youngest}, STRETCH
        for name in older:
            if len(self.texts[youngest]) <= room:
                break
            self.texts[name] += self.texts[youngest]
            self.texts[youngest] = ""
            changed.add(name)
            youngest, room = name, room * FANOUT
        return changed
