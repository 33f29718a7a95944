"""The client against a fake provider: the exact text, the right request, and no patience without end."""

import asyncio
from dataclasses import replace

import pytest

from chatbot_app.errors import ModelError
from chatbot_app.llm import Prompt, Thought, Usage, openai_compatible
from chatbot_app.llm.openai_compatible import OpenAICompatible
from tests.fake_answers import Ending
from tests.fake_provider import Answer, FakeProvider, Gate, sample_text
from tests.llm.asking import KEY, PROMPT, ask, ask_in_vain, hear


async def test_the_provider_gets_the_messages_the_model_and_the_key(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    await ask(model)
    request = provider.requests[0]
    assert request.messages == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
    ]
    assert (request.model, request.temperature) == ("big-model", None)
    assert request.body["stream"] is True
    assert request.headers["authorization"] == f"Bearer {KEY}"


async def test_a_projects_own_model_and_temperature_are_used(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    await ask(model, Prompt(messages=PROMPT.messages, model="small-model", temperature=0.0))
    assert (provider.requests[0].model, provider.requests[0].temperature) == ("small-model", 0.0)


async def test_a_local_server_without_a_key_can_be_used(provider: FakeProvider) -> None:
    model = OpenAICompatible("m", base_url=provider.base_url, api_key="")
    assert await ask(model)
    await model.aclose()


@pytest.mark.parametrize("bytes_per_write", [None, 1, 7, 1000])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
async def test_the_text_is_exact_however_the_stream_is_cut(
    provider: FakeProvider, model: OpenAICompatible, bytes_per_write: int | None, line_end: str
) -> None:
    answer = Answer(
        text="Grüße, 鷗 und 🌊!\n\n```\ncode\n```\r\n",
        bytes_per_write=bytes_per_write,
        line_end=line_end,  # pyright: ignore[reportArgumentType]
        comments=True,
    )
    provider.enqueue(answer)
    assert await ask(model) == answer.full_text


async def test_a_long_answer_at_full_speed_is_exact(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    provider.enqueue(Answer(tokens=20_000))
    assert await ask(model) == sample_text(20_000)


async def test_an_emoji_sent_as_two_halves_is_whole(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    provider.enqueue(Answer(pieces=("a\ud83c", "\udf0ab\0"), escape_unicode=True))
    assert await ask(model) == "a🌊b\ufffd"


@pytest.mark.parametrize("ending", ["no_done", "only_done"])
async def test_one_sign_of_the_end_is_enough(
    provider: FakeProvider, model: OpenAICompatible, ending: Ending
) -> None:
    provider.enqueue(Answer(text="All of it.", ending=ending))
    assert await ask(model) == "All of it."


@pytest.mark.parametrize("ending", ["complete", "no_done"])
async def test_an_answer_that_reached_its_length_keeps_its_text_and_count_and_says_so(
    provider: FakeProvider, model: OpenAICompatible, ending: Ending
) -> None:
    counted = {"prompt_tokens": 9, "completion_tokens": 4}
    provider.enqueue(
        Answer(text="Cut at the lim", finish_reason="length", usage=counted, ending=ending)
    )
    pieces = list[object]()
    with pytest.raises(ModelError, match="allowed length") as caught:
        async for piece in model.stream(PROMPT):
            pieces.append(piece)
    assert caught.value.kind == "length"
    assert "".join(map(str, pieces[:-1])) == "Cut at the lim"
    assert pieces[-1] == Usage(9, 4)

    await ask(model)
    assert provider.requests[0].client == provider.requests[1].client


async def test_a_whole_body_that_reached_its_length_is_told_as_well(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    choice = {"message": {"content": "Cut at the lim"}, "finish_reason": "length"}
    provider.enqueue(Answer(body={"choices": [choice]}))
    text, failure = await ask_in_vain(model)
    assert (text, failure.kind) == ("Cut at the lim", "length")


@pytest.mark.parametrize("bytes_per_write", [None, 1, 1000])
@pytest.mark.parametrize(
    "answer",
    [
        Answer(text="42", reasoning=("Let me", " think")),
        Answer(text="42", reasoning=("Let me", " think"), reasoning_field="reasoning"),
        Answer(pieces=("<thi", "nk>Let me", " think</", "think>\n", "\n42")),
    ],
    ids=["reasoning_content", "reasoning", "tags"],
)
async def test_thoughts_are_told_and_no_part_of_the_answer(
    provider: FakeProvider, model: OpenAICompatible, answer: Answer, bytes_per_write: int | None
) -> None:
    provider.enqueue(replace(answer, bytes_per_write=bytes_per_write))
    assert (await hear(model))[:2] == ("Let me think", "42")


async def test_thoughts_come_before_the_model_has_finished_them(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    gate = Gate(after=1)
    provider.enqueue(Answer(text="42", reasoning=("Let me", " think"), thought_gate=gate))
    stream = model.stream(PROMPT)
    assert await anext(stream) == Thought("Let me")
    gate.open()
    assert await anext(stream) == Thought(" think")
    await stream.aclose()


async def test_thoughts_that_could_not_be_stored_are_mended(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    halves = ("a\ud83c", "\udf0ab\0", "\ud83c")
    provider.enqueue(Answer(text="Hi", reasoning=halves, escape_unicode=True))
    assert (await hear(model))[:2] == ("a🌊b\ufffd\ufffd", "Hi")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(pieces=(), reasoning=("Let me", " think")),
        Answer(pieces=("<think>Let me", " think")),
    ],
)
async def test_thoughts_without_an_answer_are_told_and_said_to_be_no_answer(
    provider: FakeProvider, model: OpenAICompatible, answer: Answer
) -> None:
    provider.enqueue(answer)
    thoughts = list[str]()
    with pytest.raises(ModelError, match="wrote no answer"):
        async for piece in model.stream(PROMPT):
            assert isinstance(piece, Thought)
            thoughts.append(piece.text)
    assert "".join(thoughts) == "Let me think"


@pytest.mark.parametrize("ending", ["complete", "no_done", "open"])
async def test_what_the_answer_took_comes_last(
    provider: FakeProvider,
    model: OpenAICompatible,
    ending: Ending,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(openai_compatible, "LAST_WORDS_SECONDS", 0.2)
    counted = {"prompt_tokens": 9, "completion_tokens": 4}
    provider.enqueue(Answer(text="Hi", usage=counted, ending=ending))
    pieces = [piece async for piece in model.stream(PROMPT)]
    assert pieces[-1] == Usage(9, 4)
    assert "".join(map(str, pieces[:-1])) == "Hi"
    assert provider.requests[0].body["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("status", [400, 422])
async def test_a_provider_that_refuses_to_count_is_asked_without_and_remembered(
    provider: FakeProvider, model: OpenAICompatible, status: int
) -> None:
    provider.enqueue(Answer(status=status), Answer(text="Hi"))
    assert await ask(model) == "Hi"
    assert await ask(model)
    asked = ["stream_options" in request.body for request in provider.requests]
    assert asked == [True, False, False]


async def test_a_refusal_for_another_reason_is_no_refusal_to_count(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    provider.enqueue(Answer(status=400), Answer(status=400))
    assert (await ask_in_vain(model))[1].kind == "bad_request"
    await ask(model)
    assert "stream_options" in provider.requests[2].body


async def test_a_provider_that_does_not_stream_is_understood(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    choice = {"message": {"content": "At once."}, "finish_reason": "stop"}
    provider.enqueue(Answer(body={"choices": [choice]}))
    assert await ask(model) == "At once."


async def test_the_first_token_is_shown_before_the_second_exists(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    gate = Gate(after=1)
    provider.enqueue(Answer(pieces=("first", "second"), gate=gate))
    stream = model.stream(PROMPT)
    assert await anext(stream) == "first"
    gate.open()
    assert await anext(stream) == "second"
    assert await anext(stream, None) is None


async def test_the_next_answer_uses_the_same_connection(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    await ask(model)
    await ask(model)
    assert provider.requests[0].client == provider.requests[1].client


async def test_closing_the_answer_closes_the_connection(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    provider.enqueue(Answer(pieces=("a", "b"), gate=Gate(after=1)))
    stream = model.stream(PROMPT)
    assert await anext(stream) == "a"
    await stream.aclose()
    await asyncio.to_thread(provider.requests[0].wait_closed_by_client, 1.0)


@pytest.mark.parametrize("gate", [Gate(after=0), Gate(after=1)], ids=["before text", "in text"])
async def test_cancelling_the_reader_closes_the_connection(
    provider: FakeProvider, model: OpenAICompatible, gate: Gate
) -> None:
    provider.enqueue(Answer(pieces=("a", "b"), gate=gate))
    reader = asyncio.create_task(ask(model))
    request = await asyncio.to_thread(provider.wait_for_request)
    await asyncio.to_thread(gate.wait_reached)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await asyncio.to_thread(request.wait_closed_by_client, 1.0)


async def test_cancelling_before_the_response_began_closes_the_connection(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    provider.enqueue(Answer(response_delay=60))
    reader = asyncio.create_task(ask(model))
    request = await asyncio.to_thread(provider.wait_for_request)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await asyncio.to_thread(request.wait_closed_by_client, 1.0)


def impatient(
    provider: FakeProvider, *, first: float = 60, silence: float = 60
) -> OpenAICompatible:
    return OpenAICompatible(
        "m",
        base_url=provider.base_url,
        api_key=KEY,
        first_token_timeout=first,
        silence_timeout=silence,
    )


@pytest.mark.parametrize("answer", [Answer(response_delay=60), Answer(first_token_delay=60)])
async def test_a_model_that_does_not_begin_is_given_up(
    provider: FakeProvider, answer: Answer
) -> None:
    provider.enqueue(answer)
    model = impatient(provider, first=0.2)
    _, failure = await ask_in_vain(model)
    assert failure.kind == "timeout"
    assert "did not begin its answer within 0.2 seconds" in failure.message
    await asyncio.to_thread(provider.requests[0].wait_closed_by_client)
    await model.aclose()


async def test_comments_do_not_hide_that_a_model_does_not_begin(provider: FakeProvider) -> None:
    provider.enqueue(Answer(first_token_delay=60, comment_every=0.02))
    model = impatient(provider, first=0.2)
    _, failure = await ask_in_vain(model)
    assert "did not begin" in failure.message
    await model.aclose()


async def test_a_model_that_falls_silent_is_given_up_and_its_text_kept(
    provider: FakeProvider,
) -> None:
    provider.enqueue(Answer(pieces=("Once", " upon"), ending="stall"))
    model = impatient(provider, silence=0.2)
    text, failure = await ask_in_vain(model)
    assert text == "Once upon"
    assert failure.kind == "timeout"
    assert "fell silent for 0.2 seconds" in failure.message
    await asyncio.to_thread(provider.requests[0].wait_closed_by_client)
    await model.aclose()


async def test_a_slow_reader_is_not_mistaken_for_a_silent_model(provider: FakeProvider) -> None:
    provider.enqueue(Answer(pieces=("a", "b", "c")))
    model = impatient(provider, first=0.2, silence=0.2)
    text = ""
    async for piece in model.stream(PROMPT):
        await asyncio.sleep(0.3)
        text += piece if isinstance(piece, str) else ""
    assert text == "abc"
    await model.aclose()
