"""Everything a provider can do wrong: the exact text, or a failure that a person can read."""

import pytest

from tests.fake_provider import Answer, FakeProvider
from tests.faults.visitors import Visitor, assert_nothing_odd, assert_whole, sign_up
from tests.loopback import free_port
from tests.served import Served

PIECES = ("Grüße ", "von der ", "Küste 🌊, ", "das Ende.")
ATTEMPTS = 3  # MODEL_RETRIES and the first


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory):
    """Serve one product with short patience for all of these."""
    with (
        FakeProvider() as fake,
        Served(
            tmp_path_factory.mktemp("providers"),
            fake.base_url,
            MODEL_RETRY_SECONDS="0.1",
            MODEL_FIRST_TOKEN_SECONDS="1",
            MODEL_SILENCE_SECONDS="1",
        ) as served,
    ):
        yield served, fake, sign_up(served)


@pytest.fixture
def visitor(running):
    served, fake, account = running
    fake.requests.clear()
    with Visitor(served, account) as one:
        yield one
    assert_nothing_odd(served)


@pytest.fixture
def provider(running) -> FakeProvider:
    return running[1]


@pytest.mark.parametrize(
    ("fault", "reason", "attempts"),
    [
        pytest.param(Answer(status=400), "did not accept", 2, id="400"),
        pytest.param(Answer(status=401), "refused the API key", 1, id="401"),
        pytest.param(Answer(status=404), "does not know", 1, id="404"),
        pytest.param(Answer(status=429), "too many", ATTEMPTS, id="429"),
        pytest.param(
            Answer(status=429, headers={"Retry-After": "60"}), "in 60 seconds", 1, id="429 for long"
        ),
        pytest.param(Answer(status=500), "problem of its own", ATTEMPTS, id="500"),
        pytest.param(Answer(status=503), "problem of its own", ATTEMPTS, id="503"),
        pytest.param(Answer(tokens=0, ending="cut"), "broke off", ATTEMPTS, id="cut before text"),
        pytest.param(Answer(tokens=0), "without writing anything", 1, id="empty"),
        pytest.param(Answer(ending="bad_json", stop_after=0), "not an answer", 1, id="bad JSON"),
        pytest.param(Answer(ending="long_line", stop_after=0), "not an answer", 1, id="10 MB line"),
        pytest.param(Answer(body="<html>", status=200), "not an answer", 1, id="no stream"),
        pytest.param(Answer(response_delay=30), "did not begin", 1, id="no first token"),
    ],
)
def test_no_answer_is_failed_with_a_reason_and_retry_works(
    visitor: Visitor, provider: FakeProvider, fault: Answer, reason: str, attempts: int
) -> None:
    provider.default = fault
    answer_id = visitor.ask("Hello")
    visitor.wait_status("failed")
    assert reason in visitor.answer["error"], visitor.answer["error"]
    assert visitor.text == ""
    provider.expect_requests(attempts)
    provider.default = Answer(pieces=PIECES)
    assert visitor.retry() != answer_id
    visitor.wait_status("complete")
    assert_whole(visitor, provider)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param(Answer(pieces=PIECES, stop_after=3, ending="cut"), "broke off", id="cut"),
        pytest.param(Answer(pieces=PIECES, stop_after=3, ending="nothing"), "broke off", id="end"),
        pytest.param(
            Answer(pieces=PIECES, stop_after=3, ending="stall"), "fell silent", id="stall"
        ),
        pytest.param(
            Answer(pieces=PIECES, stop_after=3, ending="error"), "problem of its own", id="error"
        ),
        pytest.param(
            Answer(pieces=PIECES, stop_after=3, ending="bad_json"), "not an answer", id="bad JSON"
        ),
        pytest.param(
            Answer(pieces=PIECES, stop_after=3, ending="long_line"), "not an answer", id="long line"
        ),
        pytest.param(
            Answer(pieces=PIECES, stop_after=3, finish_reason="length"),
            "allowed length",
            id="length",
        ),
    ],
)
def test_text_before_a_fault_is_kept_and_not_asked_for_again(
    visitor: Visitor, provider: FakeProvider, fault: Answer, reason: str
) -> None:
    provider.default = fault
    visitor.ask("Hello")
    visitor.wait_status("interrupted")
    text = "".join(PIECES[:3])
    assert visitor.text == text
    assert visitor.served.message(visitor.answer["id"]) == ("interrupted", text)
    assert reason in visitor.answer["error"], visitor.answer["error"]
    provider.expect_requests(1)
    provider.default = Answer(pieces=PIECES[3:])
    visitor.resume()
    visitor.wait_status("complete")
    assert visitor.text == "".join(PIECES)
    assert visitor.served.message(visitor.answer["id"]) == ("complete", "".join(PIECES))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Answer(pieces=PIECES, bytes_per_write=1), id="one byte at a time"),
        pytest.param(Answer(pieces=PIECES, bytes_per_write=7), id="split characters"),
        pytest.param(Answer(pieces=PIECES, line_end="\r\n"), id="CRLF"),
        pytest.param(Answer(pieces=PIECES, line_end="\r"), id="CR"),
        pytest.param(Answer(pieces=PIECES, comments=True), id="comments"),
        pytest.param(Answer(pieces=PIECES, ending="no_done"), id="no DONE"),
        pytest.param(Answer(pieces=PIECES, ending="only_done"), id="only DONE"),
        pytest.param(Answer(pieces=PIECES, escape_unicode=True), id="escapes"),
        pytest.param(Answer(tokens=8000), id="flood"),
        pytest.param(
            Answer(pieces=PIECES, first_token_delay=3, comment_every=0.2), id="slow with comments"
        ),
    ],
)
def test_an_odd_stream_is_read_to_the_byte(
    visitor: Visitor, provider: FakeProvider, answer: Answer
) -> None:
    provider.default = answer
    visitor.ask("Hello")
    if answer.first_token_delay:
        visitor.wait_status("failed")
        assert "did not begin" in visitor.answer["error"], "comments are no sign of the model"
        return
    visitor.wait_status("complete")
    assert visitor.text == answer.full_text
    assert_whole(visitor, provider)


@pytest.mark.parametrize("faults", [1, 2])
def test_a_fault_that_passes_before_the_first_token_is_not_seen(
    visitor: Visitor, provider: FakeProvider, faults: int
) -> None:
    provider.default = Answer(pieces=PIECES)
    provider.enqueue(*[Answer(status=503)] * faults)
    visitor.ask("Hello")
    visitor.wait_status("complete")
    assert_whole(visitor, provider)
    provider.expect_requests(faults + 1)


def test_a_provider_that_is_not_there_is_told_and_found_when_it_is(
    running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    port = free_port()
    away = f"http://127.0.0.1:{port}/v1"
    with (
        Served(tmp_path_factory.mktemp("away"), away, MODEL_RETRY_SECONDS="0.1") as served,
        Visitor(served, sign_up(served)) as visitor,
    ):
        visitor.ask("Anybody home?")
        visitor.wait_status("failed")
        assert "can't be reached" in visitor.answer["error"]
        with FakeProvider(port=port) as back:
            visitor.retry()
            visitor.wait_status("complete")
            assert_whole(visitor, back)
