"""Many people for a long time: memory does not climb."""

import statistics
import threading
import time
import uuid

import pytest

from tests.fake_provider import Answer, FakeProvider
from tests.faults.visitors import Visitor, assert_nothing_odd, sign_up
from tests.served import Served

GROWTH = 0.10
"""How much more memory may be used at the end than after the first third, as a share."""


def test_memory_does_not_climb(
    served: Served, provider: FakeProvider, long: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the number of answers and not by the clock: a slow machine takes as many to warm up."""
    sockets, rounds, pause = (100, 360, 10.0) if long else (20, 9, 1.0)
    provider.default = Answer(tokens=60, tokens_per_second=100)
    account = sign_up(served)
    visitors = [Visitor(served, account) for _ in range(sockets)]
    answered = [0] * sockets
    failures: list[str] = []

    def chat(place: int, visitor: Visitor) -> None:
        try:
            for asked in range(rounds):
                if asked % 3 == 0:  # a new chat now and then, as people do
                    visitor.chat_id = ""
                    visitor.load()
                # A write may wait for half a minute while the disk is busy with something else.
                visitor.ask(f"Question {asked}", uuid.uuid4().hex, seconds=60)
                visitor.wait_status("complete", seconds=60)
                assert visitor.text == Answer(tokens=60).full_text
                answered[place] += 1
                visitor.tab.frames.clear()
                time.sleep(pause)
        except (AssertionError, OSError) as error:
            failures.append(str(error))

    threads = [
        threading.Thread(target=chat, args=(place, visitor))
        for place, visitor in enumerate(visitors)
    ]
    for thread in threads:
        thread.start()
    samples: list[tuple[float, float]] = []
    while any(thread.is_alive() for thread in threads):
        memory = sum(p.memory_full_info().uss for p in served.processes()) / 1e6
        samples.append((sum(answered) / (sockets * rounds), memory))
        provider.requests[:-sockets] = []
        time.sleep(pause / 5)
    for visitor in visitors:
        visitor.tab.close()
    assert not failures
    third = statistics.median(memory for part, memory in samples if 1 / 3 < part < 1 / 2)
    last = statistics.median(memory for part, memory in samples if part > 0.9)
    with capsys.disabled():
        print(
            f"\n{sockets} sockets, {sum(answered)} answers: {samples[0][1]:.0f} MB at first,"
            f" {third:.0f} MB after a third, {last:.0f} MB at the end"
        )
    assert last < (1 + GROWTH) * third
    assert_nothing_odd(served)
