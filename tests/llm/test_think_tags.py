"""Thoughts between tags at the beginning of an answer, however that is cut into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot_app.llm.think_tags import MOST_BLANKS, ThinkTags

THOUGHT = "<think>\nIs 1 < 2?</ Yes.\n</think>\n\nYes, <think> is a tag."


def told(*pieces: str) -> tuple[str, str]:
    tags = ThinkTags()
    told = [tags.take(piece) for piece in pieces] + [tags.finish()]
    return "".join(thought for thought, _ in told), "".join(text for _, text in told)


@pytest.mark.parametrize("blank", ["", "\n", " \n"])
def test_what_is_between_the_tags_is_thought_and_the_rest_text(blank: str) -> None:
    whole = ("\nIs 1 < 2?</ Yes.\n", "Yes, <think> is a tag.")
    assert told(blank + THOUGHT) == whole
    assert told(*(blank + THOUGHT)) == whole
    for cut in range(len(THOUGHT)):
        assert told(blank, THOUGHT[:cut], THOUGHT[cut:]) == whole


@pytest.mark.parametrize(
    "text",
    ["", " ", "Hello <think>no</think>", "<thin", "<thinking>a</thinking>", "<think", "\n```\n"]
    + ["a", "< think>", " " * MOST_BLANKS + " <think>late</think>"],
)
def test_without_the_tag_at_the_beginning_it_is_all_text(text: str) -> None:
    assert told(text) == told(*text) == ("", text)


def test_a_thought_that_is_not_closed_is_one_to_its_end() -> None:
    assert told("<think>And then</thin") == ("And then</thin", "")


def test_an_empty_thought_is_none() -> None:
    assert told("<think>\n\n</think>\n\nHi") == ("\n\n", "Hi")


def test_text_comes_at_once_where_there_are_no_thoughts() -> None:
    tags = ThinkTags()
    assert [tags.take(piece) for piece in ("Hi", " <think>")] == [("", "Hi"), ("", " <think>")]


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<", "think>", "a", " ", "</"]), max_size=9)
)
def test_nothing_is_lost_but_tags_and_blanks(pieces: list[str]) -> None:
    thought, text = told(*pieces)
    whole = "".join(pieces)
    assert told(whole) == (thought, text)

    def bare(words: str) -> str:
        return "".join(words.split())

    tags = len("<think>") if bare(whole).startswith("<think>") else 0
    assert len(bare(whole)) - len(bare(thought + text)) in (0, tags, tags + len("</think>"))
