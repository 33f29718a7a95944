"""When the provider fails: people read what happened and what to do, and keep the text that came."""

import email.utils
import json
import logging
import socket
import time

import pytest

from chatbot_app.errors import ModelError
from chatbot_app.llm.openai_compatible import OpenAICompatible
from tests.fake_answers import Ending
from tests.fake_provider import Answer, FakeProvider
from tests.llm.asking import KEY, ask, ask_in_vain

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
    provider.default = Answer(status=status, body=body)
    _, failure = await ask_in_vain(model)
    assert (failure.kind, failure.status) == (kind, 502)
    assert words in failure.message
    assert str(status) not in failure.message
    may_be_the_count = kind == "bad_request" and status in (400, 422)
    assert len(provider.requests) == (2 if may_be_the_count else 1)


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
