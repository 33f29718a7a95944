"""Finished blocks of a growing answer in a few lists, so that little is resent when one is added.

Reflex sends the whole value of a changed var. With all blocks in one list an answer of n blocks
would cost n²/2 of them on the wire. Here a new block goes to the youngest list; a list that is full
is emptied into the next older one, which holds eight times as much. So each block is sent about
four times a level, and there are log₈ n levels.
"""

GROUP_VARS = ("oldest", "older", "newer", "newest")
"""The vars that hold the lists in the state of the live answer."""

LEVELS = len(GROUP_VARS)
FANOUT = 8
"""How many blocks the youngest list takes, and how many times more each older one."""


class BlockGroups:
    """`lists` holds the blocks from the oldest list to the youngest; concatenated they are the
    answer so far.
    """

    def __init__(self) -> None:
        self.lists: list[list[str]] = [[] for _ in range(LEVELS)]

    def add(self, blocks: list[str]) -> set[int]:
        """Append blocks, and say which lists changed (indices into `lists`)."""
        changed: set[int] = set()
        for block in blocks:
            self.lists[-1].append(block)
            changed.add(LEVELS - 1)
            for level in range(LEVELS - 1, 0, -1):
                if len(self.lists[level]) <= FANOUT ** (LEVELS - level):
                    break
                self.lists[level - 1] += self.lists[level]
                self.lists[level] = []
                changed |= {level - 1, level}
        return changed
