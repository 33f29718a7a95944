"""Splitting markdown into blocks: nothing lost, nothing cut apart, whatever the pieces."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatbot_app import markdown
from chatbot_app.markdown import BlockSplitter, split
from tests.sample_text import sample_text, tokens_of

LINES = st.sampled_from(
    [
        "", " ", "\t", "word", "two words", "  indented", "    code", "\ttab", "# Title", "===", "---",
        "- item", "  - nested", "  more of the item", "+ other", "* star", "1. one", "2) two", "10. ten",
        "> quote", ">", "> - quoted item", "```", "```py", "~~~", "````", "  ```", "   ~~~", "    ```",
        "$$", "$$ x", "  $$", "$$$", "x $$", "| a | b |", "|---|---|", "| 1 | 2 |", "a | b", "--- | ---",
        "<div>", "</div>", "<!-- a", "-->", "<pre>", "</pre>", "<b>", "[a]: /url", '[b]: /url "open', 'shut"',
        "***", "\u2028", "\x0b", "\0", "ж🌊", "- ```", "1. ~~~", "-", "- $$", ">```",
        "[^1]: note", "[^a]:", "  [^b]: x", "    goes on",
    ]
)  # fmt: skip
LINE_ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r", "\n\n"])
DOCUMENTS = st.one_of(
    st.lists(st.tuples(LINES, LINE_ENDS), max_size=30).map(
        lambda lines: "".join(line + end for line, end in lines)
    ),
    st.text(alphabet="ab \t\n\r`~$|>#-+*1.)<[]:/\"'=!\\", max_size=120),
)


def cut(text: str, sizes: list[int]) -> list[str]:
    """Cut the text into pieces of these sizes, over and over."""
    pieces: list[str] = []
    while text:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(text[:size])
        text = text[size:]
    return pieces


def fed(pieces: list[str]) -> list[str]:
    splitter = BlockSplitter()
    blocks = [block for piece in pieces for block in splitter.feed(piece)]
    return blocks + splitter.finish()


@settings(max_examples=600, deadline=None)
@given(text=DOCUMENTS, sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8))
@example(text="word\n[^1]: note\n2) two\n", sizes=[1])
@example(text='para\n\n[a]: /url "title\ngoes on"\n\nend', sizes=[1])
@example(text="a\r\nb\r\n\r\nc", sizes=[2])
def test_blocks_are_the_same_however_the_text_was_cut(text: str, sizes: list[int]) -> None:
    assert fed(cut(text, sizes)) == split(text)


@settings(max_examples=300, deadline=None)
@given(text=DOCUMENTS, sizes=st.lists(st.integers(1, 40), min_size=1, max_size=8))
def test_not_a_character_is_lost_at_any_moment(text: str, sizes: list[int]) -> None:
    splitter, blocks, so_far = BlockSplitter(), list[str](), ""
    for piece in cut(text, sizes):
        blocks += splitter.feed(piece)
        so_far += piece
        assert "".join(blocks) + splitter.tail == so_far
    blocks += splitter.finish()
    assert "".join(blocks) == "".join(split(text)) == text
    assert all(blocks)


@settings(max_examples=300, deadline=None)
@given(text=DOCUMENTS)
def test_blocks_are_found_as_soon_as_late(text: str) -> None:
    """Never hidden by the economy: with the budget used up, the blocks are still the same."""
    splitter = BlockSplitter()
    splitter._budget = -len(text) * 2  # pyright: ignore[reportPrivateUsage]
    blocks = [block for character in text for block in splitter.feed(character)]
    assert blocks + splitter.finish() == split(text)


@pytest.mark.parametrize(
    "block",
    [
        "A paragraph\nof two lines.\n\n",
        "## Heading\n",
        "Heading\n=======\n",
        "- one\n- two\n\n  with a second paragraph\n\n- three, after blank lines\n\n",
        "1. one\n\n   ```py\n   a = 1\n\n   b = 2\n   ```\n\n2. two\n\n",
        "- item\n\n  $$\n  x\n\n  y\n  $$\n\n- item\n\n",
        "| a | b |\n| - | - |\n| 1 | 2 |\n",
        "```python\na = 1\n\n# b\n\n- c\n```\n\n",
        "~~~~\n~~~\n```\n\n~~~~\n",
        "> quote\n>\n> - goes on\nlazily\n\n",
        "<div>\n<p>html</p>\n</div>\n\n",
        "<pre>\n\nhtml\n\n</pre>\n",
        "$$\nx = 1\n\ny = 2\n$$\n",
        "    indented code\n\n    goes on\n\n",
        "---\n",
        "[^1]: A note\nthat goes on.\n\n    And on:\n\n    ```\n    code\n    ```\n\n",
    ],
)
def test_a_block_is_never_cut_and_keeps_its_blank_lines(block: str) -> None:
    text = f"Before.\n\n{block}# After\n"
    assert split(text) == ["Before.\n\n", block, "# After\n"]
    assert fed(list(text)) == ["Before.\n\n", block, "# After\n"]


def test_blank_lines_at_the_beginning_belong_to_the_first_block() -> None:
    assert split("\n\nfirst\n\nsecond") == ["\n\nfirst\n\n", "second"]
    assert split("\n \n") == ["\n \n"]
    assert split("") == []


def test_a_formula_directly_under_a_paragraph_is_a_block_of_its_own() -> None:
    assert split("It holds:\n$$\nx\n\ny\n$$\nfor all.") == [
        "It holds:\n",
        "$$\nx\n\ny\n$$\n",
        "for all.",
    ]


def test_each_footnote_is_a_block_of_its_own() -> None:
    assert split("Said.[^1]\n[^1]: One.\n[^2]: Two,\n  lazily.\n# Next") == [
        "Said.[^1]\n",
        "[^1]: One.\n",
        "[^2]: Two,\n  lazily.\n",
        "# Next",
    ]


def test_an_unclosed_formula_on_one_line_does_not_swallow_the_rest() -> None:
    assert split("$$ x = 1\n\nThe rest.") == ["$$ x = 1\n\n", "The rest."]


def test_finished_paragraphs_are_given_while_the_next_is_written() -> None:
    splitter = BlockSplitter()
    assert splitter.feed("One.\n\n") == []
    assert splitter.feed("Two") == []
    assert splitter.feed(".\n") == ["One.\n\n"]
    assert splitter.tail == "Two.\n"


def test_a_list_waits_for_what_follows_it() -> None:
    splitter = BlockSplitter()
    assert splitter.feed("- one\n- two\n\n") == []
    assert splitter.feed("- three\n\n") == []
    assert splitter.feed("Then prose.\n") == ["- one\n- two\n\n- three\n\n"]


@pytest.mark.parametrize("fence", ["```", "~~~~"])
def test_an_open_fence_keeps_all_that_comes_until_it_closes(fence: str) -> None:
    splitter = BlockSplitter()
    splitter.feed("Look:\n\n")
    assert splitter.feed(f"{fence}python\n") == ["Look:\n\n"]
    assert splitter.feed("a = 1\n\n``\n    ```\n# no heading\n\nno prose\n") == []
    assert splitter.feed(f"{fence}\n") == []
    assert splitter.feed("Done.\n") == [
        f"{fence}python\na = 1\n\n``\n    ```\n# no heading\n\nno prose\n{fence}\n"
    ]


def test_a_fence_right_after_blank_lines_counts_as_open() -> None:
    splitter = BlockSplitter()
    assert splitter.feed("\n\n```\n") == []
    assert splitter.feed("# no heading\n\nno prose\n\n") == []


def test_a_splitter_can_be_used_again_after_finish() -> None:
    splitter = BlockSplitter()
    splitter.feed("```\nopen")
    assert splitter.finish() == ["```\nopen"]
    assert splitter.tail == ""
    assert splitter.feed("New.\n\nText.\n") == ["New.\n\n"]


def test_a_realistic_answer_comes_in_many_small_blocks() -> None:
    text = sample_text(4000)
    splitter = BlockSplitter()
    longest_tail, blocks = 0, list[str]()
    for token in tokens_of(text):
        blocks += splitter.feed(token)
        longest_tail = max(longest_tail, len(splitter.tail))
    assert blocks + splitter.finish() == split(text)
    assert len(blocks) > 100
    assert longest_tail < 600


PROSE = "A sentence of some length, as they come.\n\n"
LONG_INPUTS = {
    "prose": PROSE * 4800,
    "hard-wrapped prose": PROSE.replace("\n\n", "\n") * 5000,
    "one giant fence": "```py\n" + "x = [1, 2, 3]\n\n" * 13_000,
    "one giant list": "- an item with some words in it\n\n" * 6000,
    "one giant list with text in it": "- an item\n\n  and its text\n> lazy\n" * 5000,
    "one giant table": "| a | b |\n| - | - |\n" + "| some | words |\n" * 12_000,
    "one giant quote": "> quoted words\n>\n" * 11_000,
    "one giant html block": "<!--\n" + "# not a heading\n\n" * 11_000,
    "one giant formula": "$$\n" + "x = 1\n\n" * 28_000,
    "one giant footnote": "[^1]: A note.\n\n" + "    goes on\n\n" * 13_000,
    "many footnotes": "[^1]: A note.\n" * 12_000,
    "one line": "word " * 40_000,
    "false fences": "- item\n```x`y\n" * 14_000,
    "realistic": sample_text(50_000),
}


@pytest.mark.parametrize("text", LONG_INPUTS.values(), ids=LONG_INPUTS.keys())
def test_the_work_grows_with_the_text_and_not_with_its_square(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(text) > 150_000
    parsed = joined = 0
    parse = markdown._parse  # pyright: ignore[reportPrivateUsage]
    tail = BlockSplitter.tail

    def parsing(tail: str) -> object:
        nonlocal parsed
        parsed += len(tail)
        return parse(tail)

    def joining(splitter: BlockSplitter) -> str:
        nonlocal joined
        whole = tail.__get__(splitter)
        joined += len(whole)
        return whole

    monkeypatch.setattr(markdown, "_parse", parsing)
    monkeypatch.setattr(BlockSplitter, "tail", property(joining))
    splitter = BlockSplitter()
    blocks = [block for piece in cut(text, [31]) for block in splitter.feed(piece)]
    blocks += splitter.finish()
    assert "".join(blocks) == text
    assert parsed < 5 * len(text)
    assert joined < 5 * len(text)
