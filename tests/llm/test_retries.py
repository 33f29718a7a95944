"""Asking again: a fault that passes is never seen, any other is told at once, and no text comes
twice.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Callable
from types import SimpleNamespace

import pytest

from chatbot_app.config import get_settings
from chatbot_app.errors import ModelError
from chatbot_app.llm import DemoModel, OfferedModel, Prompt, choose, retries
from chatbot_app.llm.openai_compatible import OpenAICompatible
from chatbot_app.llm.retries import Retrying
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.llm.asking import KEY, PROMPT, ask, ask_in_vain, hear

SHORT = 0.05
"""The longest wait, in seconds, where a test really waits."""


@pytest.fixture
def patient(model: OpenAICompatible) -> Retrying:
    return Retrying(model, retries=2, longest_wait=SHORT)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited before each further attempt; nobody really waits."""
    asked: list[float] = []

    async def sleep(seconds: float) -> None:
        asked.append(seconds)

    monkeypatch.setattr(retries, "asyncio", SimpleNamespace(sleep=sleep))
    return asked


class Watched:
    """A model whose answers take a moment to be closed, and that says what was closed."""

    name = "watched"
    is_demo = False

    def __init__(self) -> None:
        self.is_closed = False
        self.answer_is_closed = False

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            await asyncio.sleep(0)
            self.answer_is_closed = True

    async def list_models(self) -> tuple[OfferedModel, ...]:
        return ()

    async def aclose(self) -> None:
        self.is_closed = True


def asked_again(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name == retries.__name__]


async def until_it_waits(caplog: pytest.LogCaptureFixture) -> None:
    async with asyncio.timeout(10):
        while not asked_again(caplog):  # noqa: ASYNC110 - records tell nobody that they came
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    "fault",
    [
        Answer(status=429),
        Answer(status=429, headers={"Retry-After": "0.02"}),
        Answer(status=500),
        Answer(status=503, body="<html>Service unavailable</html>"),
        Answer(ending="cut", stop_after=0),
        Answer(ending="nothing", stop_after=0),
        Answer(ending="cut", stop_after=0, reasoning=("Let me", " think")),
        Answer(ending="error", stop_after=0),
        Answer(ending="error", stop_after=0, error={"message": "Slow down", "code": 429}),
    ],
    ids=lambda fault: f"{fault.status} {fault.ending}",
)
async def test_a_fault_that_passes_is_not_seen(
    provider: FakeProvider, patient: Retrying, fault: Answer
) -> None:
    answer = Answer(text="Grüße, one answer and no more.")
    provider.enqueue(fault, fault, answer)
    assert await ask(patient) == answer.full_text
    assert len(provider.requests) == 3
    assert all(request.messages[-1]["content"] == "Hi" for request in provider.requests)


async def test_thoughts_of_a_failed_attempt_are_apart_from_the_next(
    provider: FakeProvider, patient: Retrying
) -> None:
    provider.enqueue(Answer(ending="cut", stop_after=0, reasoning=("Let me",)))
    provider.enqueue(Answer(text="42", reasoning=("I will",)))
    assert (await hear(patient))[:2] == ("Let me\n\nI will", "42")


async def test_a_provider_that_was_just_starting_gives_its_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.socket() as reserved:
        # Bound and not listening: connections are refused, and nobody else takes the port.
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        client = OpenAICompatible("m", base_url=f"http://127.0.0.1:{port}/v1", api_key=KEY)
        reader = asyncio.create_task(ask(Retrying(client, retries=100, longest_wait=SHORT)))
        await until_it_waits(caplog)
        with FakeProvider(port=port, default=Answer(text="Here I am.")) as provider:
            assert await reader == "Here I am."
            assert len(provider.requests) == 1
        await client.aclose()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Answer(status=405), "bad_request"),
        (Answer(status=401), "unauthorized"),
        (Answer(status=402), "out_of_credit"),
        (Answer(status=404), "not_found"),
        (Answer(status=408), "timeout"),
        (Answer(status=413), "too_long"),
        (Answer(status=429, body={"error": {"code": "insufficient_quota"}}), "out_of_credit"),
        (Answer(body="<!doctype html>"), "malformed"),
        (Answer(pieces=()), "empty"),
        (Answer(pieces=(), finish_reason="content_filter"), "filtered"),
    ],
)
async def test_a_fault_that_stays_is_told_after_one_request(
    provider: FakeProvider, patient: Retrying, fault: Answer, kind: str
) -> None:
    provider.enqueue(fault)
    _, failure = await ask_in_vain(patient)
    assert failure.kind == kind
    assert len(provider.requests) == 1


async def test_when_no_attempt_succeeds_the_last_fault_is_told(
    provider: FakeProvider, patient: Retrying
) -> None:
    provider.enqueue(Answer(status=503), Answer(status=503), Answer(status=429))
    _, failure = await ask_in_vain(patient)
    assert failure.kind == "rate_limited"
    assert not isinstance(failure.__context__, ModelError)
    assert len(provider.requests) == 3


async def test_a_fault_that_stays_ends_the_attempts_early(
    provider: FakeProvider, patient: Retrying
) -> None:
    provider.enqueue(Answer(status=503), Answer(status=401))
    _, failure = await ask_in_vain(patient)
    assert failure.kind == "unauthorized"
    assert len(provider.requests) == 2


@pytest.mark.parametrize("ending", ["cut", "error"])
async def test_an_answer_that_broke_off_is_not_begun_again(
    provider: FakeProvider, patient: Retrying, ending: str
) -> None:
    provider.enqueue(Answer(pieces=("Once", " upon"), ending=ending))  # pyright: ignore[reportArgumentType]
    text, failure = await ask_in_vain(patient)
    assert text == "Once upon"
    assert failure.kind in {"cut", "server_error"}
    assert len(provider.requests) == 1


async def test_an_answer_that_reached_its_length_is_not_begun_again(
    provider: FakeProvider, patient: Retrying
) -> None:
    provider.enqueue(Answer(text="Once upon", finish_reason="length"))
    text, failure = await ask_in_vain(patient)
    assert (text, failure.kind) == ("Once upon", "length")
    assert len(provider.requests) == 1


async def test_a_count_before_a_fault_that_may_pass_is_no_beginning_of_an_answer(
    provider: FakeProvider, patient: Retrying
) -> None:
    counted = 'data: {"choices": [], "usage": {"prompt_tokens": 9}}\n\n'
    provider.enqueue(Answer(body=counted + 'data: {"error": {"code": 503}}\n\n'))
    provider.enqueue(Answer(text="Yes."))
    assert await ask(patient) == "Yes."


async def test_an_answer_that_broke_off_after_a_retry_is_not_begun_again(
    provider: FakeProvider, patient: Retrying
) -> None:
    provider.enqueue(Answer(status=503), Answer(pieces=("Once",), ending="cut"))
    text, failure = await ask_in_vain(patient)
    assert (text, failure.kind) == ("Once", "cut")
    assert len(provider.requests) == 2


async def test_each_answer_has_all_its_attempts(provider: FakeProvider, patient: Retrying) -> None:
    for _ in range(2):
        provider.enqueue(Answer(status=503), Answer(status=503), Answer(text="Yes."))
        assert await ask(patient) == "Yes."


@pytest.mark.parametrize("status", [429, 503])
async def test_a_provider_that_asks_for_too_much_time_is_not_asked_again(
    provider: FakeProvider, model: OpenAICompatible, waits: list[float], status: int
) -> None:
    provider.enqueue(Answer(status=status, headers={"Retry-After": "11"}))
    _, failure = await ask_in_vain(Retrying(model, retries=2, longest_wait=10))
    assert failure.retry_after == 11
    assert "in 11 seconds" in failure.message
    assert waits == []
    assert len(provider.requests) == 1


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("10", 10), ("0.25", 0.25)])
async def test_the_provider_gets_the_time_it_asks_for(
    provider: FakeProvider,
    model: OpenAICompatible,
    waits: list[float],
    header: str,
    seconds: float,
) -> None:
    provider.enqueue(Answer(status=429, headers={"Retry-After": header}))
    assert await ask(Retrying(model, retries=2, longest_wait=10))
    assert waits == [seconds]


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "0"}], ids=["none named", "none left"])
async def test_each_wait_is_twice_as_long_up_to_the_longest(
    provider: FakeProvider,
    model: OpenAICompatible,
    waits: list[float],
    headers: dict[str, str],
) -> None:
    provider.default = Answer(status=503, headers=headers)
    await ask_in_vain(Retrying(model, retries=5, longest_wait=6))
    for wait, whole in zip(waits, [1, 2, 4, 6, 6], strict=True):
        assert whole / 2 <= wait <= whole


async def test_not_all_who_were_refused_come_back_at_once(
    provider: FakeProvider, model: OpenAICompatible, waits: list[float]
) -> None:
    provider.default = Answer(status=503)
    await ask_in_vain(Retrying(model, retries=20, longest_wait=1))
    assert len(set(waits)) > 15
    assert max(waits) - min(waits) > 0.2


async def test_it_really_waits(provider: FakeProvider, model: OpenAICompatible) -> None:
    provider.enqueue(Answer(status=429, headers={"Retry-After": "0.2"}))
    assert await ask(Retrying(model, retries=1, longest_wait=0.2))
    first, second = provider.requests
    assert first.ended
    assert second.started - first.ended > 0.15


async def test_cancelling_while_it_waits_ends_it_at_once_and_for_good(
    provider: FakeProvider, model: OpenAICompatible, caplog: pytest.LogCaptureFixture
) -> None:
    provider.enqueue(Answer(status=429, headers={"Retry-After": "0.5"}))
    stream = Retrying(model, retries=2, longest_wait=1).stream(PROMPT)
    reader = asyncio.ensure_future(anext(stream))
    await until_it_waits(caplog)
    reader.cancel()
    async with asyncio.timeout(0.3):
        with pytest.raises(asyncio.CancelledError):
            await reader
        await stream.aclose()
    await asyncio.sleep(0.6)
    assert len(provider.requests) == 1


async def test_cancelling_in_a_later_attempt_closes_its_connection(
    provider: FakeProvider, patient: Retrying
) -> None:
    gate = Gate(after=0)
    provider.enqueue(Answer(status=503), Answer(gate=gate))
    reader = asyncio.create_task(ask(patient))
    await asyncio.to_thread(gate.wait_reached)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    await asyncio.to_thread(provider.requests[1].wait_closed_by_client, 1.0)
    assert len(provider.requests) == 2


async def test_closing_the_answer_closes_the_models_own_before_it_returns() -> None:
    model = Watched()
    stream = Retrying(model, retries=2, longest_wait=SHORT).stream(PROMPT)
    assert await anext(stream) == "a"
    await stream.aclose()
    assert model.answer_is_closed


async def test_each_retry_is_one_warning_without_anybodys_words(
    provider: FakeProvider, patient: Retrying, caplog: pytest.LogCaptureFixture
) -> None:
    fault = Answer(status=503, body={"error": {"message": f"Overloaded by {KEY}"}})
    provider.enqueue(fault, fault)
    assert await ask(patient)
    lines = [record.getMessage() for record in asked_again(caplog)]
    assert [line.split("s ", 1)[1] for line in lines] == [
        "(server_error), retry 1 of 2",
        "(server_error), retry 2 of 2",
    ]
    assert {record.levelname for record in asked_again(caplog)} == {"WARNING"}
    assert all(not record.exc_info for record in asked_again(caplog))


async def test_it_passes_for_the_model_behind_it() -> None:
    model = Watched()
    patient = Retrying(model, retries=2, longest_wait=SHORT)
    assert (patient.name, patient.is_demo) == ("watched", False)
    assert Retrying(DemoModel(), retries=2, longest_wait=SHORT).is_demo
    await patient.aclose()
    assert model.is_closed


@pytest.mark.parametrize("count", [0, 1, 3])
async def test_the_settings_say_how_often_and_how_long(
    provider: FakeProvider,
    settings: Callable[..., None],
    waits: list[float],
    count: int,
) -> None:
    settings(
        OPENAI_BASE_URL=provider.base_url,
        OPENAI_MODEL="m",
        MODEL_RETRIES=count,
        MODEL_RETRY_SECONDS=0.5,
    )
    provider.default = Answer(status=503)
    model = await choose(get_settings())
    await ask_in_vain(model)
    assert len(provider.requests) == 1 + count
    assert len(waits) == count
    assert all(0.25 <= wait <= 0.5 for wait in waits)
    await model.aclose()
