"""No handler blocks the loop: what is slow for one person is not slow for the others."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator

import pytest

from chatbot_app import db, security
from chatbot_app.models import User
from tests.conftest import PASSWORD, Person
from tests.security.conftest import newcomer
from tests.security.handlers import Handler
from tests.security.test_matrix import named
from tests.served import Served
from tests.wire import Tab, vars_of

CLICKS = 20
QUICK = 1.0  # seconds; generous, for the machine may be busy with other tests
SLOW_COST = 13  # half a second of work or more
HELD = 3.0
WRITERS = 10  # more than the database has threads


def click(tab: Tab, handlers: list[Handler]) -> float:
    """Click on something that only reads; gives how long the answer took."""
    began = time.monotonic()
    assert vars_of(tab.send(named(handlers, "projects.load")))
    return time.monotonic() - began


@contextlib.contextmanager
def held_write_lock(server: Served) -> Iterator[threading.Event]:
    """Keep every other writer waiting for a while; gives what is set when that is over."""
    taken, over = threading.Event(), threading.Event()

    def hold() -> None:
        path = server.data / "chatbot.db"
        with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            taken.set()
            over.wait(HELD)
            over.set()
            holder.execute("ROLLBACK")

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        assert taken.wait(30)
        yield over
    finally:
        over.set()
        holding.join()


def test_others_click_on_while_passwords_are_hashed(
    server: Served, handlers: list[Handler], stranger: Person
) -> None:
    slow = newcomer("Slow")
    with db.session(write=True) as session:
        user = session.get(User, slow.id)
        assert user is not None
        user.password_hash = security.hash_password(PASSWORD, cost=SLOW_COST)

    statuses: list[int] = []

    def sign_in() -> None:
        body = {"email": slow.email, "password": PASSWORD}
        statuses.append(server.request("/api/auth/sign-in", method="POST", body=body).status)

    with Tab(server, stranger.token) as tab:
        guests = [threading.Thread(target=sign_in) for _ in range(4)]
        for guest in guests:
            guest.start()
        took = [click(tab, handlers) for _ in range(CLICKS)]
        for guest in guests:
            guest.join(30)
    assert statuses == [200] * 4
    assert max(took) < QUICK


@pytest.mark.parametrize("writers", [1, WRITERS])
def test_others_click_on_while_writers_wait_for_a_lock(
    server: Served, handlers: list[Handler], stranger: Person, writers: int
) -> None:
    people = [newcomer(f"Writer{number}") for number in range(writers)]
    with contextlib.ExitStack() as tabs:
        writing = [tabs.enter_context(Tab(server, one.token)) for one in people]
        reading = tabs.enter_context(Tab(server, stranger.token))
        took: list[float] = []
        with held_write_lock(server) as over:
            for tab in writing:
                tab.emit(named(handlers, "profile.rename"), form={"name": "Renamed"})
            while not over.is_set():
                took.append(click(reading, handlers))
        for tab in writing:
            assert tab.state()["session.name"] == "Renamed", "whoever waited got through"
        assert max(took) < QUICK, f"of {len(took)} clicks"
