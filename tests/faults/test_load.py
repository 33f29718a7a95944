"""Many people for a long time: memory does not climb, and nobody waits for another's password."""

import statistics
import threading
import time
import uuid

import pytest

from tests.fake_provider import Answer, FakeProvider
from tests.faults.visitors import PASSWORD, Visitor, assert_nothing_odd, sign_up
from tests.served import Served

LOOP_P99 = 0.2  # seconds
SIGN_INS = 20
GROWTH = 0.10
"""How much more memory may be used at the end than after the first third, as a share."""


def test_memory_does_not_climb(
    served: Served, provider: FakeProvider, long: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    sockets, seconds, pause = (100, 3600.0, 10.0) if long else (20, 24.0, 2.0)
    provider.default = Answer(tokens=60, tokens_per_second=100)
    account = sign_up(served)
    visitors = [Visitor(served, account) for _ in range(sockets)]
    began = time.monotonic()
    failures: list[str] = []

    def chat(visitor: Visitor) -> None:
        try:
            asked = 0
            while time.monotonic() - began < seconds:
                if asked % 3 == 0:  # a new chat now and then, as people do
                    visitor.chat_id = ""
                    visitor.load()
                # A write may wait for half a minute while the disk is busy with something else.
                visitor.ask(f"Question {asked}", uuid.uuid4().hex, seconds=60)
                visitor.wait_status("complete", seconds=60)
                assert visitor.text == Answer(tokens=60).full_text
                asked += 1
                visitor.tab.frames.clear()
                time.sleep(pause)
        except (AssertionError, OSError) as error:
            failures.append(str(error))

    threads = [threading.Thread(target=chat, args=(visitor,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    samples: list[tuple[float, float]] = []
    while (passed := time.monotonic() - began) < seconds:
        memory = sum(p.memory_full_info().uss for p in served.processes()) / 1e6
        samples.append((passed, memory))
        provider.requests[:-sockets] = []
        time.sleep(seconds / 60)
    for thread in threads:
        thread.join()
    for visitor in visitors:
        visitor.tab.close()
    third = [memory for passed, memory in samples if seconds / 3 < passed < seconds / 2]
    last = [memory for passed, memory in samples if passed > seconds * 0.9]
    with capsys.disabled():
        print(
            f"\n{sockets} sockets for {seconds:.0f} s: {samples[0][1]:.0f} MB at first,"
            f" {statistics.median(third):.0f} MB after a third, {statistics.median(last):.0f} MB"
            f" at the end, {served.query('SELECT count(*) FROM message')[0][0]} messages"
        )
    assert not failures
    assert statistics.median(last) < (1 + GROWTH) * statistics.median(third)
    assert_nothing_odd(served)


def test_a_burst_of_sign_ins_holds_up_nobody(
    served: Served, provider: FakeProvider, capsys: pytest.CaptureFixture[str]
) -> None:
    served.terminate()
    served.environment["BCRYPT_COST"] = "12"
    served.start()
    email = f"{uuid.uuid4().hex}@example.org"
    body = {"name": "Alice", "email": email, "password": PASSWORD}
    assert served.request("/api/auth/register", method="POST", body=body).status == 201
    provider.default = Answer(tokens=400, tokens_per_second=100)
    with Visitor(served, sign_up(served)) as visitor:
        visitor.ask("Go on")
        visitor.wait_text()
        statuses: list[int] = []

        def come_in() -> None:
            form = {"email": email, "password": PASSWORD}
            response = served.request("/api/auth/sign-in", method="POST", body=form, timeout=60)
            statuses.append(response.status)

        people = [threading.Thread(target=come_in) for _ in range(SIGN_INS)]
        for one in people:
            one.start()
        alive, ready = [], []
        while any(one.is_alive() for one in people):
            for path, times in (("/healthz", alive), ("/readyz", ready)):
                began = time.monotonic()
                assert served.request(path).status == 200
                times.append(time.monotonic() - began)
            time.sleep(0.01)
        for one in people:
            one.join()
        visitor.wait_status("complete")
        assert visitor.text == provider.requests[0].text_sent
    p99 = statistics.quantiles(alive, n=100, method="inclusive")[98]
    queries = statistics.quantiles(ready, n=100, method="inclusive")[98]
    with capsys.disabled():
        print(
            f"\n{SIGN_INS} sign-ins: p99 of the loop {p99 * 1000:.0f} ms,"
            f" of a query {queries * 1000:.0f} ms, of {len(alive)} looks"
        )
    assert statuses == [200] * SIGN_INS
    assert p99 < LOOP_P99
    assert queries < 2 * LOOP_P99
