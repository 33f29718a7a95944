"""The client against a fake provider: the exact text, or a failure that a person understands."""

import asyncio
import email.utils
import json
import logging
import socket
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from chatbot_app.errors import ModelError
from chatbot_app.llm import OpenAICompatible, Prompt, PromptMessage
from tests.fake_answers import Ending
from tests.fake_provider import Answer, FakeProvider, Gate, sample_text

KEY = "sk-canary-4711"
PROMPT = Prompt(messages=(PromptMessage("system", "Be kind."), PromptMessage("user", "Hi")))


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as running:
        yield running


@pytest.fixture
async def model(provider: FakeProvider) -> AsyncIterator[OpenAICompatible]:
    client = OpenAICompatible("big-model", base_url=provider.base_url, api_key=KEY)
    yield client
    await client.aclose()


async def ask(model: OpenAICompatible, prompt: Prompt = PROMPT) -> str:
    return "".join([piece async for piece in model.stream(prompt)])


async def ask_in_vain(model: OpenAICompatible) -> tuple[str, ModelError]:
    """The text that came before the failure, and the failure."""
    pieces: list[str] = []
    with pytest.raises(ModelError) as caught:
        async for piece in model.stream(PROMPT):
            pieces.append(piece)
    assert KEY not in caught.value.message
    return "".join(pieces), caught.value


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


async def test_an_answer_at_its_length_limit_counts_as_complete(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    provider.enqueue(Answer(text="Cut at the lim", finish_reason="length"))
    assert await ask(model) == "Cut at the lim"


async def test_thoughts_are_no_part_of_the_answer(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    provider.enqueue(Answer(text="42", reasoning=("Let me", " think")))
    assert await ask(model) == "42"


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


CONTEXT_CODE = {"error": {"message": f"too long {KEY}", "code": "context_length_exceeded"}}
CONTEXT_WORDS = {"error": {"message": "This endpoint's maximum context length is 4096 tokens."}}
NO_QUOTA = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (400, None, "bad_request", "did not accept"),
        (400, CONTEXT_CODE, "too_long", "Start a new chat"),
        (400, CONTEXT_WORDS, "too_long", "longer than the model can read"),
        (413, "Too large", "too_long", "longer than the model can read"),
        (422, {"detail": [{"loc": ["body"]}]}, "bad_request", "did not accept"),
        (401, {"error": {"message": f"Wrong key: {KEY}"}}, "unauthorized", "OPENAI_API_KEY"),
        (403, f"Forbidden for {KEY}", "unauthorized", "OPENAI_API_KEY"),
        (402, None, "out_of_credit", "no credit left"),
        (429, NO_QUOTA, "out_of_credit", "no credit left"),
        (404, None, "not_found", "“big-model”"),
        (408, None, "timeout", "took too long"),
        (429, None, "rate_limited", "in a moment"),
        (500, None, "server_error", "a problem of its own"),
        (503, "<html>Service unavailable</html>", "server_error", "a problem of its own"),
        (504, None, "timeout", "took too long"),
        (529, None, "server_error", "a problem of its own"),
        (302, None, "bad_request", "did not accept"),
    ],
)
async def test_a_refusal_says_what_happened_and_what_to_do(
    provider: FakeProvider,
    model: OpenAICompatible,
    status: int,
    body: dict[str, object] | str | None,
    kind: str,
    words: str,
) -> None:
    provider.enqueue(Answer(status=status, body=body))
    _, failure = await ask_in_vain(model)
    assert (failure.kind, failure.status) == (kind, 502)
    assert words in failure.message
    assert str(status) not in failure.message
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("header", "seconds", "words"),
    [
        ("7", 7, "in 7 seconds"),
        ("0.2", 0.2, "in 1 second."),
        ("90", 90, "in 90 seconds"),
        ("600", 600, "in 10 minutes"),
        ("9000", 9000, "in 3 hours"),
        ("-5", 0, "in 1 second."),
        ("soon", None, "in a moment"),
        ("nan", None, "in a moment"),
    ],
)
async def test_too_many_requests_says_when_to_try_again(
    provider: FakeProvider,
    model: OpenAICompatible,
    header: str,
    seconds: float | None,
    words: str,
) -> None:
    provider.enqueue(Answer(status=429, headers={"Retry-After": header}))
    _, failure = await ask_in_vain(model)
    assert failure.retry_after == seconds
    assert words in failure.message


async def test_too_many_requests_understands_a_date(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    date = email.utils.formatdate(time.time() + 3600, usegmt=True)
    provider.enqueue(Answer(status=429, headers={"Retry-After": date}))
    _, failure = await ask_in_vain(model)
    assert failure.retry_after == pytest.approx(3600, abs=60)  # pyright: ignore[reportUnknownMemberType]


async def test_a_server_that_is_not_running_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    model = OpenAICompatible("m", base_url=f"http://127.0.0.1:{port}/v1", api_key=KEY)
    _, failure = await ask_in_vain(model)
    assert failure.kind == "unreachable"
    assert "Check that it is running" in failure.message
    await model.aclose()


async def test_a_name_that_does_not_exist_is_said_to_be_unknown() -> None:
    model = OpenAICompatible("m", base_url="http://nowhere.invalid/v1", api_key=KEY)
    _, failure = await ask_in_vain(model)
    assert failure.kind == "unreachable"
    assert "name could not be found" in failure.message
    await model.aclose()


async def test_a_server_without_tls_behind_https_is_said_so(provider: FakeProvider) -> None:
    address = provider.base_url.replace("http:", "https:")
    model = OpenAICompatible("m", base_url=address, api_key=KEY)
    _, failure = await ask_in_vain(model)
    assert failure.kind == "unreachable"
    assert "secure connection" in failure.message
    await model.aclose()


async def test_a_web_page_instead_of_a_stream_points_to_the_address(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    provider.enqueue(Answer(body="<!doctype html>\n<title>Hello</title>"))
    _, failure = await ask_in_vain(model)
    assert failure.kind == "malformed"
    assert "/v1" in failure.message


async def test_an_error_object_with_status_200_is_an_error(
    provider: FakeProvider, model: OpenAICompatible
) -> None:
    provider.enqueue(Answer(body={"error": {"message": f"No. {KEY}", "code": 402}}))
    _, failure = await ask_in_vain(model)
    assert failure.kind == "out_of_credit"


FAULTS: list[tuple[Ending, str]] = [
    ("nothing", "cut"),
    ("cut", "cut"),
    ("bad_json", "malformed"),
    ("error", "server_error"),
    ("long_line", "malformed"),
]


@pytest.mark.parametrize(("ending", "kind"), FAULTS)
@pytest.mark.parametrize("stop_after", [0, 5])
async def test_a_stream_that_breaks_off_keeps_its_text_and_says_why(
    provider: FakeProvider, model: OpenAICompatible, ending: Ending, kind: str, stop_after: int
) -> None:
    answer = Answer(ending=ending, stop_after=stop_after)
    provider.enqueue(answer)
    text, failure = await ask_in_vain(model)
    assert text == "".join(answer.all_pieces[:stop_after])
    assert failure.kind == kind
    assert failure.message.endswith(".")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"message": f"Rate limit for {KEY}", "code": 429}, "rate_limited"),
        ({"message": "Too long", "code": "context_length_exceeded"}, "too_long"),
        ({"message": "Provider disconnected", "code": 502}, "server_error"),
        ({"message": "?", "type": "server_error", "code": None}, "server_error"),
    ],
)
async def test_an_error_inside_the_stream_is_told_by_its_code(
    provider: FakeProvider, model: OpenAICompatible, error: dict[str, object], kind: str
) -> None:
    provider.enqueue(Answer(ending="error", stop_after=1, error=error))
    _, failure = await ask_in_vain(model)
    assert failure.kind == kind


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (Answer(pieces=()), "empty", "without writing anything"),
        (Answer(pieces=("\n", " ")), "empty", "without writing anything"),
        (Answer(pieces=(), ending="only_done"), "empty", "without writing anything"),
        (Answer(pieces=(), reasoning=("Hm",), finish_reason="length"), "empty", "allowed length"),
        (Answer(pieces=(), finish_reason="content_filter"), "filtered", "content filter"),
    ],
)
async def test_an_empty_answer_is_a_failure(
    provider: FakeProvider, model: OpenAICompatible, answer: Answer, kind: str, words: str
) -> None:
    provider.enqueue(answer)
    _, failure = await ask_in_vain(model)
    assert failure.kind == kind
    assert words in failure.message


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
        text += piece
    assert text == "abc"
    await model.aclose()


async def test_no_key_and_no_words_of_the_provider_reach_the_log(
    provider: FakeProvider, model: OpenAICompatible, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    provider.enqueue(Answer(status=401, body={"error": {"message": f"Wrong key: {KEY}"}}))
    provider.enqueue(Answer(body=json.dumps({"error": f"Wrong key: {KEY}"})))
    for _ in range(2):
        with pytest.raises(ModelError) as caught:
            await ask(model)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert KEY not in caplog.text
