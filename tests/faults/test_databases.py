"""The database goes away and comes back, has many writers, or runs out of room."""

import sqlite3
import threading
import time
from collections.abc import Callable

import pytest

from tests.fake_provider import Answer, FakeProvider
from tests.faults.visitors import (
    Visitor,
    assert_nothing_odd,
    assert_whole,
    seconds_since,
    sign_up,
    wait_stored,
)
from tests.postgres import Postgres
from tests.served import Served
from tests.small_disk import mounted
from tests.waiting import wait_until

SLOW = Answer(tokens=1000, tokens_per_second=100)
NOT_READY_WITHIN = 5.0
READY_AGAIN_WITHIN = 10.0


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_postgresql_restarted_in_mid_answer_costs_nothing(
    mode: str,
    serve_on: Callable[..., Served],
    postgres_of_its_own: Postgres,
    provider: FakeProvider,
    long: bool,
) -> None:
    served = serve_on("postgresql")
    account = sign_up(served)
    away = 20.0 if long else 3.0
    provider.default = Answer(tokens=int(100 * (away + 6)), tokens_per_second=100)
    with Visitor(served, account) as visitor:
        answer_id = visitor.ask("Go on, whatever happens")
        visitor.until(lambda: len(visitor.text) > 300)
        try:
            postgres_of_its_own.stop(mode)  # type: ignore[arg-type]
            stopped = time.monotonic()
            wait_until(lambda: served.readyz() == 503, "/readyz to say 503", NOT_READY_WITHIN)
            assert seconds_since(stopped) < NOT_READY_WITHIN
            time.sleep(away - seconds_since(stopped) if away > seconds_since(stopped) else 0)
        finally:
            postgres_of_its_own.start()
        back = time.monotonic()
        wait_until(served.is_ready, "/readyz to say 200", READY_AGAIN_WITHIN)
        assert seconds_since(back) < READY_AGAIN_WITHIN
        visitor.wait_status("complete", seconds=30)
        assert_whole(visitor, provider)
        assert visitor.answer["id"] == answer_id
        visitor.ask("And now?")
        visitor.wait_status("generating")
        visitor.stop()
    assert_nothing_odd(served)


def test_an_answer_that_ends_while_postgresql_is_away_is_stored_when_it_is_back(
    serve_on: Callable[..., Served], postgres_of_its_own: Postgres, provider: FakeProvider
) -> None:
    served = serve_on("postgresql")
    provider.default = Answer(tokens=100, tokens_per_second=100)
    with Visitor(served, sign_up(served)) as visitor:
        answer_id = visitor.ask("Be quick")
        visitor.wait_text()
        try:
            postgres_of_its_own.stop("immediate")
            provider.requests[0].wait_ended()
            time.sleep(1)
        finally:
            postgres_of_its_own.start()
        assert wait_stored(served, answer_id, "complete") == provider.requests[0].text_sent
        visitor.wait_status("complete")
        assert_whole(visitor, provider)
    assert_nothing_odd(served)


def test_what_is_sent_while_postgresql_is_away_is_refused_kindly_and_asked_once_later(
    serve_on: Callable[..., Served], postgres_of_its_own: Postgres, provider: FakeProvider
) -> None:
    served = serve_on("postgresql")
    with Visitor(served, sign_up(served)) as visitor:
        visitor.ask("Hello")
        visitor.wait_status("complete")
        try:
            postgres_of_its_own.stop("fast")
            visitor.say("Is anybody there?", "key-1")
            visitor.until(lambda: visitor.notice != "", seconds=20)
            assert "can't be reached" in visitor.notice
        finally:
            postgres_of_its_own.start()
        wait_until(served.is_ready, "/readyz to say 200", READY_AGAIN_WITHIN)
        visitor.ask("Is anybody there?", "key-1")
        visitor.wait_status("complete")
        assert len(visitor.messages) == 4
    provider.expect_requests(2)
    assert_nothing_odd(served)


def test_twenty_writers_at_once_on_sqlite_and_nobody_waits_in_vain(
    served: Served, provider: FakeProvider, long: bool
) -> None:
    rounds = 20 if long else 4
    provider.default = Answer(tokens=30)
    visitors = [Visitor(served, sign_up(served, f"Writer{n}")) for n in range(20)]
    failures: list[str] = []

    def write(visitor: Visitor) -> None:
        try:
            for number in range(rounds):
                visitor.ask(f"Question {number}", seconds=60)
                visitor.wait_status("complete", seconds=60)
                assert visitor.text == Answer(tokens=30).full_text
        except (AssertionError, OSError) as error:
            failures.append(f"{error} / {visitor.notice}")

    threads = [threading.Thread(target=write, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for visitor in visitors:
        visitor.tab.close()
    assert not failures
    assert "locked" not in served.log
    assert served.query("SELECT count(*) FROM message") == [(20 * rounds * 2,)]
    assert_nothing_odd(served)


def test_a_full_disk_refuses_kindly_breaks_nothing_and_works_again_with_room(
    provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("full")
    with mounted(directory / "disk", megabytes=8) as disk:
        data = disk.path / "data"
        served = Served(directory, provider.base_url, DATA_DIR=str(data))
        with served:
            account = sign_up(served)
            provider.enqueue(Answer(tokens=400, tokens_per_second=100))
            with Visitor(served, account) as visitor:
                answer_id = visitor.ask("Go on while the disk fills up")
                visitor.until(lambda: len(visitor.text) > 300)
                disk.fill()
                with Visitor(served, account) as other:
                    other.say("x" * 100_000)
                    other.until(lambda: other.notice != "", seconds=30)
                    assert "disk is full" in other.notice
                    assert other.messages == []
                provider.requests[0].wait_ended(15)
                served.assert_alive()
                # What is there can still be read, by somebody who comes now.
                with Visitor(served, account, visitor.chat_id) as reader:
                    assert len(reader.messages) == 2
                disk.make_room()
                text = wait_stored(served, answer_id, "complete")
                assert text == provider.requests[0].text_sent
                visitor.wait_status("complete")
                assert_whole(visitor, provider)
                visitor.ask("And now?")
                visitor.wait_status("complete")
            assert_nothing_odd(served)
        with sqlite3.connect(data / "chatbot.db") as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.close()
