"""The server dies or is stopped in mid-answer, at any moment, and comes back."""

import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.fake_provider import Answer, FakeProvider, Gate, RecordedRequest
from tests.faults.visitors import (
    Visitor,
    assert_nothing_odd,
    assert_whole,
    leave_at_rest,
    seconds_since,
    sign_up,
    wait_stored,
)
from tests.served import Served
from tests.waiting import SLACK, wait_until

LOST_AT_MOST = 1.0 * SLACK
"""Seconds of an answer that a crash may cost."""

SLOW = Answer(tokens=4000, tokens_per_second=100)


class Watch:
    """Notes how much of an answer the provider has sent, and when."""

    def __init__(self, request: RecordedRequest) -> None:
        self._request = request
        self._notes: list[tuple[float, int]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._note, daemon=True)
        self._thread.start()

    def _note(self) -> None:
        while not self._over.wait(0.01):
            self._notes.append((time.monotonic(), len(self._request.text_sent)))

    def sent_until(self, moment: float) -> int:
        """Characters sent before this moment of `time.monotonic()`."""
        return max((length for when, length in self._notes if when <= moment), default=0)

    def end(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.fixture
def provider(lasting_provider: FakeProvider) -> FakeProvider:
    lasting_provider.forget()
    return lasting_provider


@pytest.fixture
def served(lasting_served: Served, provider: FakeProvider) -> Iterator[Served]:
    """Share one server: a test that kills it starts it again."""
    yield lasting_served
    leave_at_rest(lasting_served)


@pytest.fixture
def repetitions(long: bool) -> int:
    return 20 if long else 4


def assert_all_but_the_last_moment(
    text: str, request: RecordedRequest, watch: Watch, died: float
) -> None:
    assert request.text_sent.startswith(text), "what is stored is what was sent"
    assert len(text) >= watch.sent_until(died - LOST_AT_MOST), "more than a second is missing"


def test_a_killed_server_loses_no_question_and_a_moment_of_text_at_most(
    served: Served, provider: FakeProvider, repetitions: int
) -> None:
    provider.default = SLOW
    account = sign_up(served)
    for turn in range(repetitions):
        with Visitor(served, account) as visitor:
            answer_id = visitor.ask(f"Question {turn}")
            request = provider.wait_for_request(turn)
            watch = Watch(request)
            time.sleep(random.uniform(0.0, 3.0))
            died = time.monotonic()
            served.kill()
        watch.end()
        served.start()
        text = wait_stored(served, answer_id, "interrupted")
        assert_all_but_the_last_moment(text, request, watch, died)
        with Visitor(served, account, visitor.chat_id) as back:
            assert [m["role"] for m in back.messages] == ["user", "assistant"]
            assert back.messages[0]["blocks"] == [f"Question {turn}"]
            assert (back.status, back.text) == ("interrupted", text)
        assert_nothing_odd(served)
    assert served.query("SELECT count(*) FROM message WHERE status = 'generating'") == [(0,)]


def journalled(served: Served) -> str:
    """What the journal holds, of all answers."""
    chunks = served.query("SELECT text FROM message_chunk ORDER BY seq")
    return "".join(text for (text,) in chunks)


def test_a_server_killed_in_mid_thought_keeps_the_thoughts(
    served: Served, provider: FakeProvider
) -> None:
    gate = Gate(after=2)
    provider.default = Answer(reasoning=("Let me ", "think. ", "So."), thought_gate=gate)
    account = sign_up(served)
    with Visitor(served, account) as visitor:
        answer_id = visitor.ask("A question")
        gate.wait_reached()
        wait_until(lambda: journalled(served) == "Let me think. ", "the journal")
        served.kill()
    served.start()
    assert wait_stored(served, answer_id, "interrupted") == ""
    with Visitor(served, account, visitor.chat_id) as back:
        assert back.answer["reasoning"] == "Let me think. "


def test_what_broke_off_can_be_continued_and_tried_again(
    served: Served, provider: FakeProvider
) -> None:
    provider.enqueue(
        SLOW,
        Answer(pieces=("and so ", "it went on.")),
        SLOW,
        Answer(text="Another answer."),
    )
    account = sign_up(served)
    with Visitor(served, account) as visitor:
        answer_id = visitor.ask("Tell me all of it")
        visitor.until(lambda: len(visitor.text) > 600)
        served.kill()
    served.start()
    with Visitor(served, account, visitor.chat_id) as visitor:
        broken = visitor.text
        assert len(broken) > 0
        visitor.resume()
        visitor.wait_status("complete")
        assert visitor.answer["id"] == answer_id
        assert visitor.text == broken + "and so it went on."
        assert served.message(answer_id) == ("complete", visitor.text)
        sent = provider.requests[1].messages
        assert sent[-2] == {"role": "assistant", "content": broken}

        second = visitor.ask("Again")
        visitor.until(lambda: len(visitor.text) > 600)
        served.kill()
    served.start()
    with Visitor(served, account, visitor.chat_id) as visitor:
        assert visitor.answer["id"] == second
        third = visitor.retry()
        visitor.wait_status("complete")
        assert_whole(visitor, provider)
        assert (visitor.answer["version"], visitor.answer["versions"]) == (2, 2)
        assert served.message(second)[0] == "interrupted"
        assert visitor.answer["id"] == third
    assert_nothing_odd(served)


def test_sigterm_in_mid_answer_saves_all_of_the_text_and_ends_cleanly(
    served: Served, provider: FakeProvider, repetitions: int
) -> None:
    provider.default = SLOW
    account = sign_up(served)
    said_before = len(served.log)
    for turn in range(repetitions):
        with Visitor(served, account) as visitor:
            answer_id = visitor.ask(f"Question {turn}")
            request = provider.wait_for_request(turn)
            time.sleep(random.uniform(0.0, 2.0))
            asked = time.monotonic()
            assert served.terminate() == 0, served.log[-4000:]
            assert seconds_since(asked) < 10
        request.wait_closed_by_client()
        assert "Traceback" not in served.log[said_before:], served.log[-4000:]
        status, text = served.message(answer_id)
        assert status == "interrupted"
        assert request.text_sent.startswith(text)
        # What the provider put into the socket while the server was about to hang up.
        assert len(request.text_sent) - len(text) <= 0.5 * SLACK * 100 * 6
        assert_nothing_odd(served)
        served.start()
    with Visitor(served, account, visitor.chat_id) as back:
        assert (back.status, back.text) == ("interrupted", text)


def test_an_answer_that_ends_within_the_grace_is_whole(
    serve_on: Callable[..., Served], provider: FakeProvider
) -> None:
    served = serve_on("sqlite", SHUTDOWN_SECONDS="10")
    provider.default = Answer(tokens=150, tokens_per_second=100)
    account = sign_up(served)
    with Visitor(served, account) as visitor:
        answer_id = visitor.ask("Be quick")
        provider.wait_for_request(0)
        assert served.terminate() == 0
    assert served.message(answer_id) == ("complete", provider.requests[0].text_sent)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_orphan_ends_and_a_live_answer_is_left_alone(
    kind: str, serve_on: Callable[..., Served], provider: FakeProvider, long: bool
) -> None:
    """On SQLite at once, for nobody else can be writing; on PostgreSQL when its worker was not heard
    of for five beats.
    """
    beat = 3.0 if long else 0.4
    served = serve_on(kind, HEARTBEAT_SECONDS=str(beat))
    # Longer than all of this takes.
    provider.default = Answer(tokens=int(100 * (25 * beat + 20)), tokens_per_second=100)
    account = sign_up(served)
    with Visitor(served, account) as visitor:
        orphan = visitor.ask("Left behind")
        visitor.wait_text()
        served.kill()
    served.start()
    back = time.monotonic()
    with Visitor(served, account) as other:
        alive = other.ask("Alive")
        wait_stored(served, orphan, "interrupted", seconds=10 * beat + 5)
        took = seconds_since(back)
        assert took < (0 if kind == "sqlite" else 9 * beat) + 2 * SLACK, f"it took {took:.1f} s"
        time.sleep(8 * beat)
        assert served.message(alive)[0] == "generating"
        other.stop()
    assert_nothing_odd(served)


def test_two_servers_on_one_file_are_refused(
    served: Served, tmp_path_factory: pytest.TempPathFactory
) -> None:
    second = Served(
        tmp_path_factory.mktemp("second"),
        DATA_DIR=str(served.data),
        DATABASE_URL=served.database_url,
    )
    second.launch()
    assert second.wait_ended() != 0
    assert "already" in second.log
    wait_until(served.is_ready, "the first to be ready still", 5)
