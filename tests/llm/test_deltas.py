"""Reading chunks of chat completions as the providers really send them."""

import json

import pytest

from chatbot_app.llm import deltas
from chatbot_app.llm.deltas import Delta, Malformed, StorableText
from chatbot_app.llm.protocol import Usage


def read(**choice: object) -> Delta:
    return deltas.read(json.dumps({"choices": [choice]}))


def test_the_text_of_a_chunk_is_read() -> None:
    assert read(delta={"content": "Hi"}, finish_reason=None).text == "Hi"


def test_chunks_without_text_are_signs_of_life_only() -> None:
    for delta in ({"role": "assistant"}, {"content": None}, {"reasoning": None}, {}, None):
        assert read(delta=delta) == Delta(is_from_model=True)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_a_thought_is_no_text(name: str) -> None:
    assert read(delta={"content": "", name: "Hm"}) == Delta(is_from_model=True, thought="Hm")


def test_a_thought_under_both_names_is_thought_once() -> None:
    assert read(delta={"reasoning_content": "Hm", "reasoning": "Hm"}).thought == "Hm"


def test_a_thought_that_is_no_string_is_left_out() -> None:
    assert read(delta={"content": "Hi", "reasoning": {"effort": 1}}) == Delta(
        is_from_model=True, text="Hi"
    )


def test_a_usage_chunk_says_what_the_answer_took() -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
    chunk = json.dumps({"choices": [], "usage": counted})
    assert deltas.read(chunk) == Delta(usage=Usage(9, 4))
    assert deltas.read('{"choices": null}') == Delta()


@pytest.mark.parametrize(
    "usage",
    ["null", "3", "[]", '"9"', "{}", '{"total_tokens": 9}', '{"prompt_tokens": 1.5}']
    + ['{"prompt_tokens": "9", "completion_tokens": true}']
    + ['{"prompt_tokens": -1, "completion_tokens": 1099511627776}'],
)
def test_a_count_that_makes_no_sense_is_none(usage: str) -> None:
    assert deltas.read(f'{{"choices": [], "usage": {usage}}}') == Delta()


def test_a_refusal_is_shown_as_text() -> None:
    assert read(delta={"content": None, "refusal": "I can't."}).text == "I can't."


@pytest.mark.parametrize("thinking", ["Hm", [{"type": "text", "text": "Hm"}]])
def test_content_in_parts_is_joined_without_the_thoughts(thinking: object) -> None:
    parts = [{"type": "thinking", "thinking": thinking}, {"type": "text", "text": "Hi"}]
    delta = read(delta={"content": parts})
    assert (delta.text, delta.thought) == ("Hi", "Hm")


def test_a_completion_that_was_not_streamed_is_read_whole() -> None:
    delta = read(message={"role": "assistant", "content": "All."}, finish_reason="stop")
    assert (delta.text, delta.finish_reason) == ("All.", "stop")


@pytest.mark.parametrize(
    "data",
    ["", "{", "[]", "1", '{"choices": 3}', '{"choices": [3]}', "[" * 100_000]
    + ['{"choices": [{"delta": {"content": 3}}]}', '{"choices": [{"delta": {"content": [3]}}]}'],
)
def test_nonsense_is_malformed(data: str) -> None:
    with pytest.raises(Malformed):
        deltas.read(data)


def test_an_emoji_cut_into_its_surrogates_is_put_together() -> None:
    text = StorableText()
    pieces = [text.take(piece) for piece in ("a\ud83c", "\udf0a", "b\ud83c\udf0a\ud83c", "\udf0ac")]
    assert pieces + [text.finish()] == ["a", "🌊", "b🌊", "🌊c", ""]


def test_what_could_not_be_stored_is_replaced() -> None:
    text = StorableText()
    assert text.take("a\0b\udf0ac\ud83cd") == "a\ufffdb\ufffdc\ufffdd"
    assert text.take("\ud83c") == ""
    assert text.take("x") == "\ufffdx"
    assert text.take("y\ud83c") == "y"
    assert text.finish() == "\ufffd"
