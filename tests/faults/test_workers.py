"""Two workers on one PostgreSQL and one Redis: neither needs to know where an answer lives."""

import contextlib
import http.client
import json
import time
import uuid
from collections.abc import Callable, Iterator

import psutil
import pytest
from playwright.sync_api import expect

from tests.browsers import OpenPage
from tests.e2e import steps
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.faults.visitors import (
    PASSWORD,
    Account,
    Visitor,
    assert_nothing_odd,
    assert_whole,
    counted,
    leave_at_rest,
    seconds_since,
    sign_up,
    wait_stored,
)
from tests.loopback import HOST
from tests.postgres import Postgres
from tests.redis_server import RedisServer
from tests.served import Served
from tests.waiting import SLACK, wait_until
from tests.wire import Tab

SLOW = Answer(tokens=6000, tokens_per_second=100)
AGREE_WITHIN = 1.0 * SLACK
STOPPED_WITHIN = 1.0 * SLACK
INTERRUPTED_WITHIN = 60.0
SEEN_HERE = 0.3
SEEN_AWAY = 2.0
"""Within which a sign-out on one worker is noticed there, and on the other."""


@pytest.fixture(scope="module")
def beat(long: bool) -> float:
    return 3.0 if long else 1.0


@pytest.fixture
def provider(lasting_provider: FakeProvider) -> FakeProvider:
    lasting_provider.forget()
    return lasting_provider


@pytest.fixture(scope="module")
def lasting_pair(
    lasting_provider: FakeProvider,
    postgres_of_its_own: Postgres,
    beat: float,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """Serve with two workers that no test kills."""
    with RedisServer() as redis:
        environment = with_two_workers(redis, beat) | {
            "DATABASE_URL": postgres_of_its_own.create_database(f"pair_{uuid.uuid4().hex}"),
            "MODEL_RETRY_SECONDS": "0.1",
        }
        directory = tmp_path_factory.mktemp("pair")
        with Served(directory, lasting_provider.base_url, **environment) as served:
            wait_for_both(served)
            yield served


@pytest.fixture
def pair(lasting_pair: Served, provider: FakeProvider) -> Iterator[Served]:
    """Share the two workers with the tests that leave them and their Redis as they are."""
    yield lasting_pair
    leave_at_rest(lasting_pair)


@pytest.fixture
def mortal_pair(serve_on: Callable[..., Served], redis_server: RedisServer, beat: float) -> Served:
    """Serve with two workers and a Redis that the test may kill."""
    served = serve_on("postgresql", **with_two_workers(redis_server, beat))
    wait_for_both(served)
    return served


def with_two_workers(redis: RedisServer, beat: float) -> dict[str, str]:
    return {"WORKERS": "2", "REDIS_URL": redis.url, "HEARTBEAT_SECONDS": str(beat)}


def wait_for_both(served: Served) -> None:
    wait_until(lambda: "Open " in served.log, "both workers", 60)


def worker_of(visitor: Visitor) -> psutil.Process:
    return visitor.served.worker_of(visitor.tab.local_port)


def visitor_on(
    served: Served, account: Account, chat_id: str, *, other_than: psutil.Process
) -> Visitor:
    """Open the chat until another worker happens to take the connection."""
    for _ in range(60):
        visitor = Visitor(served, account, chat_id)
        if worker_of(visitor) != other_than:
            return visitor
        visitor.tab.close()
    raise AssertionError("the other worker never took a connection")


def writer_of(served: Served, provider: FakeProvider, index: int) -> psutil.Process:
    return served.writer_to(provider.port, provider.wait_for_request(index).client[1])


def test_a_page_of_one_worker_follows_what_the_other_writes(
    pair: Served, provider: FakeProvider
) -> None:
    gate = Gate(after=250)
    provider.enqueue(Answer(tokens=300, tokens_per_second=100, gate=gate))
    provider.default = SLOW
    account = sign_up(pair)
    with Visitor(pair, account) as asking:
        asking.ask("Tell me")
        writer = writer_of(pair, provider, 0)
        with visitor_on(pair, account, asking.chat_id, other_than=writer) as watching:
            watching.wait_text()
            assert watching.status == "generating"
            gate.open()
            asking.wait_status("complete")
            ended = time.monotonic()
            watching.wait_status("complete")
            assert seconds_since(ended) < AGREE_WITHIN
            assert_whole(watching, provider)
            assert watching.text == asking.text
            # What is asked on the one is seen on the other.
            asking.ask("And now?")
            asked = time.monotonic()
            watching.until(lambda: len(watching.messages) == 4)
            assert seconds_since(asked) < AGREE_WITHIN
            asking.stop()
            watching.wait_status("stopped")
    assert_nothing_odd(pair)


def test_stop_works_from_a_page_of_the_other_worker(pair: Served, provider: FakeProvider) -> None:
    provider.default = SLOW
    account = sign_up(pair)
    with Visitor(pair, account) as asking:
        asking.ask("Tell me a lot")
        writer = writer_of(pair, provider, 0)
        with visitor_on(pair, account, asking.chat_id, other_than=writer) as other:
            other.wait_text()
            clicked = time.monotonic()
            other.stop()
            request = provider.requests[0]
            request.wait_closed_by_client()
            assert request.ended is not None
            assert request.ended - clicked < STOPPED_WITHIN
            asking.wait_status("stopped")
            status, text = pair.message(asking.answer["id"])
            assert status == "stopped"
            assert asking.text == other.text == text
            provider.default = Answer(text="At once.")
            other.ask("The next one?")
            other.wait_status("complete")
            assert_whole(other, provider)
    assert_nothing_odd(pair)


def test_a_killed_workers_answers_are_interrupted_and_the_other_workers_go_on(
    mortal_pair: Served, provider: FakeProvider, beat: float
) -> None:
    provider.default = SLOW
    account = sign_up(mortal_pair)
    visitors: list[Visitor] = []
    writers: list[psutil.Process] = []
    while len(set(writers)) < 2:
        visitor = Visitor(mortal_pair, account)
        visitor.ask(f"Question {len(writers)}")
        visitors.append(visitor)
        writers.append(writer_of(mortal_pair, provider, len(writers)))
        assert len(writers) < 40
    for visitor in visitors:
        visitor.until(lambda visitor=visitor: len(visitor.text) > 1200)
    doomed = writers[0]
    ids = [visitor.answer["id"] for visitor in visitors]

    died = time.monotonic()
    doomed.kill()
    for answer_id, writer, index in zip(ids, writers, range(len(ids)), strict=True):
        if writer == doomed:
            text = wait_stored(mortal_pair, answer_id, "interrupted", INTERRUPTED_WITHIN)
            assert provider.requests[index].text_sent.startswith(text)
            assert len(text) > 300
    assert seconds_since(died) < 9 * beat + 3 * SLACK
    for answer_id, writer in zip(ids, writers, strict=True):
        if writer != doomed:
            assert mortal_pair.message(answer_id)[0] == "generating"

    # A page comes back to whichever worker there is, also to the one that took the dead one's place.
    wait_until(lambda: len(mortal_pair.workers()) == 2, "another worker in its place", 30)
    for visitor, writer in zip(visitors, writers, strict=True):
        visitor.tab.close()
        with Visitor(mortal_pair, account, visitor.chat_id) as back:
            if writer == doomed:
                back.wait_status("interrupted")
                back.resume()
                back.wait_status("generating")
            back.wait_text()
            back.stop()
            assert mortal_pair.message(back.answer["id"]) == ("stopped", back.text)
    assert_nothing_odd(mortal_pair)


def test_stop_ends_the_answer_of_a_dead_worker_at_once_and_the_next_message_works(
    mortal_pair: Served, provider: FakeProvider, beat: float
) -> None:
    provider.default = SLOW
    account = sign_up(mortal_pair)
    with Visitor(mortal_pair, account) as asking:
        asking.ask("Tell me a lot")
        asking.until(lambda: len(asking.text) > 600)
        chat_id = asking.chat_id
    writer_of(mortal_pair, provider, 0).kill()
    with Visitor(mortal_pair, account, chat_id) as back:
        if back.status == "generating":
            back.tab.emit("conversation.stop")
        back.until(
            lambda: back.status in ("stopped", "interrupted")
        )  # by the reaper, if it was first
        assert len(back.text) > 100
        provider.default = Answer(text="At once.")
        back.ask("The next one?")
        back.wait_status("complete")
    assert_nothing_odd(mortal_pair)


def test_two_messages_to_two_workers_at_once_are_one_and_a_hint(
    pair: Served, provider: FakeProvider
) -> None:
    account = sign_up(pair)
    with Visitor(pair, account) as first:
        first.ask("Hello")
        first.wait_status("complete")
        with visitor_on(pair, account, first.chat_id, other_than=worker_of(first)) as second:
            gate = Gate(after=1)
            provider.enqueue(Answer(gate=gate))
            before = [counted(tab) for tab in (first, second)]
            for tab in (first, second):
                tab.say("At once")
            for tab, count in zip((first, second), before, strict=True):
                tab.until(lambda tab=tab, count=count: counted(tab) != count)
            gate.open()  # not before both were heard, or the second might be the next question
            for tab in (first, second):
                tab.until(lambda tab=tab: len(tab.messages) == 4)
                tab.wait_status("complete")
            provider.expect_requests(2)
            for tab in (first, second):
                tab.say("Once more", "the-same-key")
            for tab in (first, second):
                tab.until(lambda tab=tab: len(tab.messages) == 6)
                tab.wait_status("complete")
            provider.expect_requests(3)
    assert_nothing_odd(pair)


def test_redis_restarted_in_mid_answer_loses_nothing(
    mortal_pair: Served, provider: FakeProvider, redis_server: RedisServer
) -> None:
    provider.default = Answer(tokens=500, tokens_per_second=100)
    account = sign_up(mortal_pair)
    with Visitor(mortal_pair, account) as asking:
        answer_id = asking.ask("Go on, whatever happens")
        asking.wait_text()
        try:
            redis_server.stop()
            time.sleep(2)
            assert mortal_pair.is_ready(), "the database is what counts"
        finally:
            redis_server.start()
        asking.tab.wait_closed()  # so that the page comes back and is made anew
        text = wait_stored(mortal_pair, answer_id, "complete")
        assert text == provider.requests[0].text_sent
        with Visitor(mortal_pair, account, asking.chat_id) as back:
            back.wait_status("complete")
            assert_whole(back, provider)
            back.ask("And now?")
            back.wait_status("generating")
            back.stop()
    assert_nothing_odd(mortal_pair)


@pytest.mark.parametrize("first", ["notices.dismiss", "chat_actions.keep", "conversation.open"])
def test_the_token_of_a_tab_shows_a_stranger_nothing_whatever_comes_first(
    pair: Served, provider: FakeProvider, first: str
) -> None:
    """Redis hands out only the states that an event needs; all of them have to be emptied."""
    secret = "the word that only Alice knows"
    alice, bob = sign_up(pair, "Alice"), sign_up(pair, "Bob")
    with Visitor(pair, alice) as visitor:
        visitor.ask(secret)
        visitor.wait_status("complete")
        assert secret in json.dumps(visitor.tab.state())
        boot = visitor.tab.at("/projects").event(first, {})
        token = visitor.tab.token
    with Tab(pair, bob.session, token=token, boot=boot) as stranger:
        stranger.settle()
        assert secret not in "".join(stranger.frames)
        assert alice.project_id not in "".join(stranger.frames)


def test_sigterm_saves_the_answers_of_all_workers(
    mortal_pair: Served, provider: FakeProvider
) -> None:
    provider.default = SLOW
    account = sign_up(mortal_pair)
    visitors = [Visitor(mortal_pair, account) for _ in range(6)]
    ids = [visitor.ask("Tell me a lot") for visitor in visitors]
    for visitor in visitors:
        visitor.wait_text()
    family = mortal_pair.processes()
    assert mortal_pair.terminate() == 0, mortal_pair.log[-3000:]
    # Python's own helper process ends a moment after the one that it helped.
    _gone, left = psutil.wait_procs(family, timeout=5)
    assert not [process for process in left if process.status() != psutil.STATUS_ZOMBIE]
    for visitor in visitors:
        visitor.tab.close()
    for index, answer_id in enumerate(ids):
        status, text = mortal_pair.message(answer_id)
        assert status == "interrupted"
        assert text
        assert any(request.text_sent.startswith(text) for request in provider.requests), index
    assert_nothing_odd(mortal_pair)


def two_browsers(served: Served) -> tuple[Account, Account]:
    """Have one person sign in twice."""
    email = f"{uuid.uuid4().hex}@example.org"
    body = {"name": "Alice", "email": email, "password": PASSWORD}
    registered = served.request("/api/auth/register", method="POST", body=body)
    project_id = json.loads(registered.text)["next"].split("/")[2]
    again = served.request(
        "/api/auth/sign-in", method="POST", body={"email": email, "password": PASSWORD}
    )
    assert again.status == 200, again.text
    return Account(registered.session, project_id), Account(again.session, project_id)


def sign_out(served: Served, account: Account) -> psutil.Process:
    """Sign out; gives the worker that was asked to."""
    connection = http.client.HTTPConnection(HOST, served.port, timeout=10)
    with contextlib.closing(connection):
        connection.connect()
        port: int = connection.sock.getsockname()[1]
        headers = {"cookie": f"session={account.session}", "content-type": "application/json"}
        connection.request("POST", "/api/auth/sign-out", b"{}", headers)
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        return served.worker_of(port)


def is_led_away(visitor: Visitor) -> bool:
    return any("/login" in frame and "_redirect" in frame for frame in visitor.tab.frames)


def test_a_sign_out_ends_what_open_pages_show_on_this_worker_at_once_on_the_other_within_2_s(
    pair: Served, provider: FakeProvider
) -> None:
    provider.default = SLOW
    alice, elsewhere = two_browsers(pair)
    with Visitor(pair, alice) as first:
        first.ask("Tell me a lot")
        with (
            visitor_on(pair, alice, first.chat_id, other_than=worker_of(first)) as second,
            Visitor(pair, elsewhere, first.chat_id) as unconcerned,
        ):
            for visitor in (first, second, unconcerned):
                visitor.wait_text()
            worker = sign_out(pair, alice)
            is_first = worker_of(first) == worker
            here, there = (first, second) if is_first else (second, first)
            here.tab.drain(SEEN_HERE * SLACK)
            shown_here = here.text
            there.tab.drain((SEEN_AWAY - SEEN_HERE) * SLACK)
            shown_there = there.text
            for visitor in (here, there):
                visitor.tab.drain(1.5)
            assert here.text == shown_here
            assert there.text == shown_there
            assert is_led_away(here)
            assert is_led_away(there)
            unconcerned.tab.drain(0.5)
            assert len(unconcerned.text) > len(shown_there), "another sign-in goes on"
            assert not is_led_away(unconcerned)
            unconcerned.stop()


def test_an_idle_page_shows_nothing_of_what_is_said_after_the_sign_out(
    pair: Served, provider: FakeProvider
) -> None:
    provider.default = Answer(text="At once.")
    alice, elsewhere = two_browsers(pair)
    with Visitor(pair, elsewhere) as asking:
        asking.ask("Hello")
        asking.wait_status("complete")
        with (
            Visitor(pair, alice, asking.chat_id) as first,
            visitor_on(pair, alice, asking.chat_id, other_than=worker_of(first)) as second,
        ):
            time.sleep(SEEN_AWAY)  # so that nothing is as fresh as it was at the start
            sign_out(pair, alice)
            time.sleep(SEEN_AWAY)
            secret = f"said-{uuid.uuid4().hex}"
            asking.ask(secret)
            asking.wait_status("complete")
            for idle in (first, second):
                idle.tab.drain(1)
                wait_until(lambda idle=idle: is_led_away(idle), "the page to be led away", 8)
                assert secret not in "".join(idle.tab.frames)
    assert_nothing_odd(pair)


def test_a_temporary_chat_goes_on_at_whichever_worker_its_tab_comes_to(
    pair: Served, provider: FakeProvider, open_page: OpenPage
) -> None:
    stored = pair.query("SELECT count(*) FROM message")
    page = open_page(served=pair)
    steps.sign_up(page, "Alice")
    page.goto(f"{page.url}?temporary=1")
    writers: set[int] = set()
    while len(writers) < 2:
        turn = len(provider.requests)
        assert turn < 40, "the other worker never took a connection"
        steps.expect_chat_ready(page)
        gate = Gate(after=1)
        provider.enqueue(Answer(gate=gate))
        steps.send(page, f"Question {turn}")
        expect(steps.messages(page, "assistant")).to_have_count(turn + 1)
        writers.add(writer_of(pair, provider, turn).pid)
        gate.open()
        steps.expect_status(page, "complete")
        asked = [m["content"] for m in provider.requests[turn].messages if m["role"] == "user"]
        assert asked == [f"Question {n}" for n in range(turn + 1)]
        page.reload()
    expect(steps.messages(page, "user")).to_have_count(len(provider.requests))
    assert pair.query("SELECT count(*) FROM message") == stored
    assert_nothing_odd(pair)
