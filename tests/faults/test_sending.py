"""Double clicks, replays, two tabs at once, and Stop: one question is one row and one request."""

import threading
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from tests.fake_provider import Answer, FakeProvider, Gate
from tests.faults.visitors import (
    Visitor,
    assert_nothing_odd,
    assert_whole,
    counted,
    leave_at_rest,
    seconds_since,
    sign_up,
    wait_stored,
)
from tests.served import Served
from tests.waiting import SLACK

SLOW = Answer(tokens=2000, tokens_per_second=100)
CLOSED_WITHIN = 1.0 * SLACK
"""Seconds from Stop to the end of the provider's connection."""


@pytest.fixture
def provider(lasting_provider: FakeProvider) -> FakeProvider:
    lasting_provider.forget()
    return lasting_provider


@pytest.fixture
def served(lasting_served: Served, provider: FakeProvider) -> Iterator[Served]:
    yield lasting_served
    leave_at_rest(lasting_served)


@pytest.fixture
def questions(served: Served) -> Callable[[], int]:
    """Count the questions that were stored since the test began."""

    def count() -> int:
        [(stored,)] = served.query("SELECT count(*) FROM message WHERE role = 'user'")
        return int(stored)

    before = count()
    return lambda: count() - before


def test_an_event_that_is_repeated_asks_once(
    served: Served, provider: FakeProvider, questions: Callable[[], int]
) -> None:
    chats = served.query("SELECT count(*) FROM chat")[0][0]
    gate = Gate(after=2)
    provider.enqueue(Answer(gate=gate))
    key = uuid.uuid4().hex
    with Visitor(served, sign_up(served)) as visitor:
        for _ in range(5):
            visitor.say("Only once, please", key)
        visitor.until(lambda: visitor.tab.vars.get("conversation.accepted") == 5)
        assert len(visitor.messages) == 2
        visitor.chat_id = visitor.tab.vars["conversation.open_chat_id"]
        visitor.load()
        gate.open()
        visitor.wait_status("complete")
        visitor.say("Only once, please", key)
        visitor.until(lambda: visitor.tab.vars["conversation.accepted"] == 6)
        assert len(visitor.messages) == 2
        assert_whole(visitor, provider)
    assert questions() == 1
    assert served.query("SELECT count(*) FROM chat") == [(chats + 1,)]
    provider.expect_requests(1)


def test_a_message_sent_again_by_a_page_that_was_reloaded_asks_once(
    served: Served, provider: FakeProvider, questions: Callable[[], int]
) -> None:
    account, key = sign_up(served), uuid.uuid4().hex
    with Visitor(served, account) as first:
        first.say("Was it sent?", key)
        provider.wait_for_request(0)
        first.tab.abort()
    with Visitor(served, account) as second:
        second.ask("Was it sent?", key)
        second.wait_status("complete")
        assert_whole(second, provider)
    assert questions() == 1
    provider.expect_requests(1)


def test_one_message_from_many_tabs_at_the_same_moment_asks_once(
    served: Served, provider: FakeProvider, questions: Callable[[], int]
) -> None:
    account, key = sign_up(served), uuid.uuid4().hex
    tabs = [Visitor(served, account) for _ in range(6)]
    at_once(lambda tab: tab.say("Only once, please", key), tabs)
    for tab in tabs:
        tab.until(lambda tab=tab: tab.tab.vars.get("conversation.accepted", 0) > 0)
    assert {tab.tab.vars["conversation.open_chat_id"] for tab in tabs} != {""}
    assert len({tab.tab.vars["conversation.open_chat_id"] for tab in tabs}) == 1
    provider.wait_for_request(0).wait_ended()
    assert questions() == 1
    provider.expect_requests(1)
    for tab in tabs:
        tab.tab.close()


def test_of_two_messages_at_the_same_moment_one_is_asked_and_one_is_told_to_wait(
    served: Served, provider: FakeProvider, questions: Callable[[], int]
) -> None:
    account = sign_up(served)
    with Visitor(served, account) as first:
        first.ask("Hello")
        first.wait_status("complete")
        for round_ in range(1, 6):
            gate = Gate(after=1)
            provider.enqueue(Answer(gate=gate))
            with Visitor(served, account, first.chat_id) as second:
                pair = [first, second]
                before = [counted(tab) for tab in pair]
                at_once(lambda tab: tab.say("At once", uuid.uuid4().hex), pair)
                provider.wait_for_request(round_)
                for tab, count in zip(pair, before, strict=True):
                    tab.until(lambda tab=tab, count=count: counted(tab) != count)
                gate.open()  # not before both were heard, or the second might be the next question
                for tab in pair:
                    so_far = 2 * (round_ + 1)
                    tab.until(lambda tab=tab, least=so_far: len(tab.messages) >= least)
                    tab.wait_status("complete")
                refused = [
                    counted(tab)[1] - count[1] for tab, count in zip(pair, before, strict=True)
                ]
                assert sorted(refused) == [0, 1]
        provider.expect_requests(6)
        assert questions() == 6
    assert_nothing_odd(served)


def test_a_double_click_on_retry_and_on_continue_asks_once(
    served: Served, provider: FakeProvider
) -> None:
    provider.default = SLOW
    with Visitor(served, sign_up(served)) as visitor:
        visitor.ask("Hello")
        visitor.wait_text()
        visitor.stop()
        former = visitor.answer["id"]
        for handler, more in (("resume", {}), ("retry", {"model": ""})):
            asked = len(provider.requests)
            for _ in range(3):
                visitor.tab.emit(f"conversation.{handler}", message_id=former, **more)
            visitor.tab.settle()
            visitor.wait_status("generating")
            provider.wait_for_request(asked)
            visitor.wait_text()
            visitor.stop()
            provider.expect_requests(asked + 1)
            assert visitor.notice == ""
        assert len(visitor.messages) == 2
    assert_nothing_odd(served)


def test_stop_from_another_tab_leaves_the_provider_and_the_next_message_works_at_once(
    served: Served, provider: FakeProvider
) -> None:
    provider.enqueue(SLOW)
    account = sign_up(served)
    with Visitor(served, account) as asking:
        asking.ask("Tell me a lot")
        asking.wait_text()
        with Visitor(served, account, asking.chat_id) as other:
            clicked = time.monotonic()
            other.stop()
            request = provider.wait_for_request(0)
            request.wait_closed_by_client()
            assert request.ended is not None
            assert request.ended - clicked < CLOSED_WITHIN
        asking.wait_status("stopped")
        status, text = served.message(asking.answer["id"])
        assert status == "stopped"
        assert asking.text == text
        assert request.text_sent.startswith(text)
        asking.ask("And now?")
        asking.wait_status("complete")
        assert_whole(asking, provider)
    assert_nothing_odd(served)


def test_stop_before_the_first_token(served: Served, provider: FakeProvider) -> None:
    provider.enqueue(Answer(response_delay=60))
    with Visitor(served, sign_up(served)) as visitor:
        visitor.ask("Are you there?")
        request = provider.wait_for_request(0)
        clicked = time.monotonic()
        visitor.stop()
        request.wait_closed_by_client(CLOSED_WITHIN)
        assert seconds_since(clicked) < CLOSED_WITHIN
        visitor.ask("And now?")
        visitor.wait_status("complete")


def test_stop_while_a_failed_request_waits_to_be_sent_again(
    serve_on: Callable[..., Served], provider: FakeProvider
) -> None:
    served = serve_on("sqlite", MODEL_RETRY_SECONDS="30")
    provider.enqueue(Answer(status=429, headers={"Retry-After": "25"}))
    with Visitor(served, sign_up(served)) as visitor:
        visitor.ask("Hello")
        provider.wait_for_request(0)
        visitor.stop()
        time.sleep(0.5)
        provider.expect_requests(1)


@pytest.mark.parametrize("what", ["chat", "project"])
def test_deleting_in_mid_answer_leaves_the_provider_and_nothing_to_see(
    what: str, served: Served, provider: FakeProvider
) -> None:
    chats, messages = visible_chats(served), served.query("SELECT count(*) FROM message")
    provider.enqueue(SLOW)
    account = sign_up(served)
    with Visitor(served, account) as visitor:
        visitor.ask("Tell me a lot")
        visitor.wait_text()
        if what == "chat":
            visitor.tab.send("rail.load")
            visitor.tab.send("chat_actions.ask_to_delete", chat_id=visitor.chat_id)
            visitor.tab.send("chat_actions.delete")
        else:
            page = "/projects/[project_id]"
            visitor.tab.at(page, project_id=account.project_id).send("project_settings.load")
            form = {"confirmation": "General assistant"}
            visitor.tab.send("project_settings.delete", form=form)
        provider.wait_for_request(0).wait_closed_by_client(CLOSED_WITHIN)
    for table in ("answer_run", "message_chunk"):
        assert served.query(f"SELECT count(*) FROM {table}") == [(0,)], table
    # A chat may come back for a while, a project may not.
    assert visible_chats(served) == chats
    if what == "project":
        assert served.query("SELECT count(*) FROM message") == messages


def test_closing_every_tab_changes_nothing(served: Served, provider: FakeProvider) -> None:
    provider.enqueue(Answer(tokens=150, tokens_per_second=100))
    account = sign_up(served)
    with Visitor(served, account) as visitor:
        answer_id = visitor.ask("Go on without me")
    text = wait_stored(served, answer_id, "complete")
    assert text == provider.requests[0].text_sent == Answer(tokens=150).full_text


def visible_chats(served: Served) -> int:
    [(count,)] = served.query("SELECT count(*) FROM chat WHERE deleted_at IS NULL")
    return int(count)


def at_once(act: object, tabs: list[Visitor]) -> None:
    """Have all of them act at the same moment."""
    start = threading.Barrier(len(tabs))

    def run(tab: Visitor) -> None:
        start.wait()
        act(tab)  # type: ignore[operator]

    threads = [threading.Thread(target=run, args=(tab,)) for tab in tabs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
