"""A growing answer in several vars: nothing is lost or moved, and little is sent again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_app.state.block_groups import (
    FANOUT,
    GROUP_VARS,
    STRETCH,
    TAIL_VARS,
    THOUGHT_VARS,
    BlockGroups,
    TailStretches,
)


def shown(groups: BlockGroups) -> list[str]:
    return [block for name in GROUP_VARS for block in groups.groups[name]]


def tail_of(stretches: TailStretches) -> str:
    return "".join(stretches.texts[name] for name in TAIL_VARS)


@given(st.lists(st.lists(st.text(max_size=3), max_size=200), max_size=20))
def test_the_groups_together_are_what_was_added(chunks: list[list[str]]) -> None:
    groups, added = BlockGroups(), []
    for chunk in chunks:
        groups.add(chunk)
        added += chunk
        assert shown(groups) == added
        assert set(groups.groups) == set(GROUP_VARS)


@given(st.lists(st.lists(st.just("x"), max_size=200), max_size=20))
def test_every_group_that_changed_is_named(chunks: list[list[str]]) -> None:
    groups = BlockGroups()
    page = {name: list(blocks) for name, blocks in groups.groups.items()}
    for chunk in chunks:
        for name in groups.add(chunk):
            page[name] = list(groups.groups[name])
        assert page == groups.groups, "a page that takes over only what is named shows it all"


def test_nothing_added_changes_nothing() -> None:
    assert BlockGroups().add([]) == set()


def resent(blocks: int) -> int:
    """How many blocks go over the wire when an answer grows by one at a time."""
    groups, total = BlockGroups(), 0
    for number in range(blocks):
        total += sum(len(groups.groups[name]) for name in groups.add([str(number)]))
    return total


def test_a_block_is_sent_a_few_times_however_long_the_answer_gets() -> None:
    for blocks in (10, 100, 600, 1_200):
        assert resent(blocks) <= 7 * blocks, blocks
    assert resent(5_000) <= 12 * 5_000


@given(st.lists(st.tuples(st.text(max_size=300), st.booleans()), max_size=60))
def test_the_stretches_together_are_the_tail(pieces: list[tuple[str, bool]]) -> None:
    stretches, tail, page = TailStretches(), "", dict.fromkeys(TAIL_VARS, "")
    for text, begins_anew in pieces:
        tail = text if begins_anew else tail + text
        changed = stretches.restart(text) if begins_anew else stretches.grow(text)
        assert tail_of(stretches) == tail
        page |= {name: stretches.texts[name] for name in changed}
        assert page == stretches.texts, "a page that takes over only what is named shows it all"


@pytest.mark.parametrize("names", [TAIL_VARS, THOUGHT_VARS], ids=["tail", "thoughts"])
def test_a_long_tail_is_sent_a_few_times_not_in_squares(names: tuple[str, ...]) -> None:
    for length in (1_000, 20_000, 200_000):
        stretches, sent = TailStretches(names), 0
        for _ in range(0, length, 20):
            sent += sum(len(stretches.texts[name]) for name in stretches.grow("x" * 20))
        youngest = length * STRETCH / 20 / 2  # half a stretch at each step
        older = length * (len(names) - 1) * FANOUT
        assert sent <= youngest + older, length
