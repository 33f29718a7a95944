"""A growing answer in few lists: nothing is lost or moved, and little is sent again."""

import math

from hypothesis import given
from hypothesis import strategies as st

from chatbot_app.state.block_groups import LEVELS, BlockGroups


def shown(groups: BlockGroups) -> list[str]:
    return [block for level in groups.lists for block in level]


@given(st.lists(st.lists(st.text(max_size=3), max_size=80), max_size=40))
def test_the_lists_together_are_what_was_added(chunks: list[list[str]]) -> None:
    groups, added = BlockGroups(), []
    for chunk in chunks:
        groups.add(chunk)
        added += chunk
        assert shown(groups) == added
        assert len(groups.lists) == LEVELS


@given(st.lists(st.lists(st.just("x"), max_size=30), max_size=40))
def test_every_list_that_changed_is_named(chunks: list[list[str]]) -> None:
    groups = BlockGroups()
    page = [list(level) for level in groups.lists]
    for chunk in chunks:
        for level in groups.add(chunk):
            page[level] = list(groups.lists[level])
        assert page == groups.lists, "a page that takes over only what is named shows it all"


def test_nothing_added_changes_nothing() -> None:
    assert BlockGroups().add([]) == set()


def resent(blocks: int) -> int:
    """How many blocks go over the wire when an answer grows by one at a time."""
    groups, total = BlockGroups(), 0
    for number in range(blocks):
        total += sum(len(groups.lists[level]) for level in groups.add([str(number)]))
    return total


def test_a_long_answer_is_resent_a_few_times_not_in_squares() -> None:
    for blocks in (10, 100, 1_000, 5_000):
        assert resent(blocks) <= 4 * blocks * math.log2(blocks), blocks
