"""Guessing is slowed down: for one account, from one address, and for nobody else."""

from collections.abc import Callable
from contextlib import ExitStack

import limits.storage.memory
import pytest

from chatbot_app.errors import TooManyAttempts, WrongCredentials
from chatbot_app.services import throttle

MINUTE = 60


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.moment = 1_000_000.0

    def time(self) -> float:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(limits.storage.memory, "time", clock)
    monkeypatch.setattr(throttle, "time", clock)
    return clock


def guess(email: str = "alice@example.org", address: str = "203.0.113.7") -> None:
    """Get a password wrong."""
    with pytest.raises(WrongCredentials), throttle.signing_in(email, address):
        raise WrongCredentials


def enter(email: str = "alice@example.org", address: str = "203.0.113.7") -> None:
    """Get a password right."""
    with throttle.signing_in(email, address):
        pass


def test_the_sixth_guess_at_an_account_has_to_wait(clock: Clock):
    for _ in range(5):
        guess()

    with pytest.raises(TooManyAttempts, match="try again in 15 minutes") as refusal:
        enter()
    assert refusal.value.retry_after == 15 * MINUTE


def test_the_owner_gets_in_once_the_first_guess_is_fifteen_minutes_old(clock: Clock):
    guess()
    clock.moment += 10 * MINUTE
    for _ in range(4):
        guess(address="203.0.113.8")

    with pytest.raises(TooManyAttempts, match="in 5 minutes"):
        enter()
    clock.moment += 5 * MINUTE + 1
    enter()


def test_waiting_is_not_prolonged_by_trying(clock: Clock):
    for _ in range(5):
        guess()
    for _ in range(30):
        clock.moment += 30
        if clock.moment < 1_000_000 + 15 * MINUTE:
            with pytest.raises(TooManyAttempts):
                enter()
    clock.moment += 1

    enter()


def test_signing_in_rightly_never_counts(clock: Clock):
    for _ in range(200):
        enter()


def test_signing_in_rightly_in_between_does_not_free_the_address(clock: Clock):
    for number in range(50):
        guess(email=f"person{number}@example.org")
        if number < 49:
            enter(email="mallory@example.org")

    with pytest.raises(TooManyAttempts):
        enter(email="mallory@example.org")


def test_others_are_untouched(clock: Clock):
    for _ in range(5):
        guess()

    enter(email="charlie@example.org")
    enter(email="charlie@example.org", address="198.51.100.1")


def test_one_address_may_guess_fifty_times_over_all_accounts(clock: Clock):
    for number in range(50):
        guess(email=f"person{number}@example.org")

    with pytest.raises(TooManyAttempts):
        enter(email="fresh@example.org")
    enter(email="fresh@example.org", address="198.51.100.1")


def test_guessing_in_parallel_is_no_way_around(clock: Clock):
    with ExitStack() as under_way:
        for host in range(5):
            attempt = throttle.signing_in("alice@example.org", f"203.0.113.{host}")
            under_way.enter_context(attempt)

        with pytest.raises(TooManyAttempts, match="in a moment"):
            enter()

    enter()  # none of the five was wrong


def test_an_error_of_ours_counts_for_nobody(clock: Clock):
    for _ in range(20):
        with pytest.raises(RuntimeError), throttle.signing_in("alice@example.org", "203.0.113.7"):
            raise RuntimeError("the database is away")

    enter()


def test_confirming_ones_password_is_throttled_too(clock: Clock):
    for _ in range(5):
        with pytest.raises(WrongCredentials), throttle.confirming("alice"):
            raise WrongCredentials

    with pytest.raises(TooManyAttempts), throttle.confirming("alice"):
        pass
    with throttle.confirming("charlie"):
        pass


def test_registrations_are_counted_by_address(clock: Clock, registrations: int):
    for _ in range(registrations):
        throttle.register("203.0.113.7")

    with pytest.raises(TooManyAttempts):
        throttle.register("203.0.113.7")
    throttle.register("198.51.100.1")


@pytest.fixture
def registrations(settings: Callable[..., None]) -> int:
    """Say how many registrations one address may try."""
    settings(REGISTRATIONS_PER_ADDRESS=7)
    return 7
