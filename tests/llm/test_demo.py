"""The demo model: a good first impression that never pretends to be more than it is."""

import asyncio
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatbot_app.llm import DemoModel, Prompt, PromptMessage, Thought
from chatbot_app.llm.context import estimate_tokens
from chatbot_app.llm.demo import answer, quote


def prompt(question: str, system: str = "") -> Prompt:
    messages = [PromptMessage("user", question)]
    if system:
        messages.insert(0, PromptMessage("system", system))
    return Prompt(messages=tuple(messages))


def kinds(text: str) -> set[str]:
    """The kinds of markdown blocks in a text."""
    return {token.type for token in MarkdownIt("commonmark").enable("table").parse(text)}


QUESTIONS = ["Hello!", "a table", "python code", "a math formula", "a long essay", "", "a\nb"]


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_answer_says_that_it_is_a_demo_and_how_to_connect_a_model(question: str) -> None:
    text = answer(prompt(question))
    assert "demo model" in text
    for needed in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_MODEL", ".env", "restart"):
        assert needed in text


@pytest.mark.parametrize("question", QUESTIONS)
async def test_pieces_make_up_the_same_answer_every_time(question: str) -> None:
    model = DemoModel(tokens_per_second=1e9)
    pieces = [piece async for piece in model.stream(prompt(question))]
    assert all(pieces)
    assert "".join(map(str, pieces)) == answer(prompt(question))
    await model.aclose()


async def test_words_come_one_by_one_at_the_speed_that_was_set() -> None:
    began = time.monotonic()
    stream = DemoModel(tokens_per_second=100).stream(prompt("Hello!"))
    pieces = [await anext(stream) for _ in range(11)]
    await stream.aclose()
    assert time.monotonic() - began >= 0.1
    assert max(len(str(piece)) for piece in pieces) < 12


async def test_a_question_about_thinking_is_thought_about_first() -> None:
    asked = prompt("Think about it: what is your reason?")
    pieces = [piece async for piece in DemoModel(tokens_per_second=1e9).stream(asked)]
    kinds_of = [isinstance(piece, Thought) for piece in pieces]
    assert kinds_of == sorted(kinds_of, reverse=True)
    assert "demo" in "".join(piece.text for piece in pieces if isinstance(piece, Thought))
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == answer(asked)


async def test_an_answer_can_be_stopped_in_the_middle() -> None:
    stream = DemoModel(tokens_per_second=0.001).stream(prompt("Hello!"))
    await anext(stream)
    waiting = asyncio.create_task(anext(stream, None))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_a_greeting_gets_a_short_answer_with_a_list() -> None:
    text = answer(prompt("Hello!"))
    assert "Hello!" in text
    assert "bullet_list_open" in kinds(text)
    assert estimate_tokens(text) < 400


def test_each_topic_gets_what_was_asked_for_and_all_can_be_had_at_once() -> None:
    assert "table_open" in kinds(answer(prompt("Show me a table")))
    assert "```python" in answer(prompt("Write some Python code"))
    formula = answer(prompt("a math formula please"))
    assert "$$\n" in formula and re.search(r"\$[^$\n]+\$", formula)
    everything = answer(prompt("a TABLE, code, and a formula"))
    assert "table_open" in kinds(everything)
    assert "```python" in everything and "$$\n" in everything


def test_a_long_answer_is_about_two_thousand_tokens_of_structured_prose() -> None:
    text = answer(prompt("Tell me a long story"))
    assert 1500 < estimate_tokens(text) < 2500
    assert text.count("\n## ") >= 5


def test_words_inside_other_words_do_not_count() -> None:
    assert "table_open" not in kinds(answer(prompt("a stable, comfortable chair")))


def test_the_last_question_is_answered() -> None:
    messages = (PromptMessage("user", "a table"), PromptMessage("assistant", "| a |"))
    text = answer(Prompt(messages=(*messages, PromptMessage("user", "thank you"))))
    assert "thank you" in text
    assert "table_open" not in kinds(text)


def test_the_system_prompt_is_acknowledged() -> None:
    assert "You are a pirate" in answer(prompt("Hello!", system="You are a pirate."))
    assert "system prompt reached me" not in answer(prompt("Hello!", system=" "))


def test_a_long_question_is_quoted_briefly() -> None:
    quoted = quote("word " * 10_000)
    assert len(quoted) < 100
    assert quoted.endswith("…”")


@pytest.mark.parametrize(
    "hostile",
    ["```\n<script>", "[a](javascript:x)", "![](http://evil/x.png)", "<b>", "$$\nx", "| a |", "# a"]
    + ["\n\n---\n", "**b", "https://evil.example", "&lt;", "\\", "\u202ereversed\0"],
)
def test_what_was_asked_never_acts_as_markup(hostile: str) -> None:
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    inline = parser.parse(f"You wrote: {quote(hostile)}.")
    assert [token.type for token in inline] == ["paragraph_open", "inline", "paragraph_close"]
    assert {token.type for token in inline[1].children or []} == {"text"}


@given(st.text(max_size=60))
def test_whatever_is_asked_leaves_the_rest_of_the_answer_as_it_is(question: str) -> None:
    quoted = quote(question)
    assert "\n" not in quoted
    assert kinds(f"You wrote: {quoted}. Then.") == {"paragraph_open", "inline", "paragraph_close"}
