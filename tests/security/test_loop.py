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
from tests.security.served import Handler, Server, Tab, vars_of
from tests.security.test_matrix import named

CLICKS = 20
QUICK = 1.0  # seconds; generous, for the machine may be busy with other tests
SLOW_COST = 13  # half a second of work or more
HELD = 3.0
WRITERS = 10  # more than the database has threads


def clicks(tab: Tab, handlers: list[Handler]) -> list[float]:
    """Click around without writing anything; gives how long each answer took."""
    took = []
    for name in ("projects.load", "profile.load") * (CLICKS // 2):
        began = time.monotonic()
        updates = tab.send(named(handlers, name))
        took.append(time.monotonic() - began)
        assert vars_of(updates)
    return took


@contextlib.contextmanager
def held_write_lock(server: Server) -> Iterator[None]:
    """Keep every other writer waiting, as a slow write of somebody else would."""
    path = server.data / "chatbot.db"
    with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")


def test_others_click_on_while_passwords_are_hashed(
    server: Server, handlers: list[Handler], stranger: Person
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
        took = clicks(tab, handlers)
        for guest in guests:
            guest.join(30)
    assert statuses == [200] * 4
    assert max(took) < QUICK


@pytest.mark.parametrize("writers", [1, WRITERS])
def test_others_click_on_while_writers_wait_for_a_lock(
    server: Server, handlers: list[Handler], stranger: Person, writers: int
) -> None:
    people = [newcomer(f"Writer{number}") for number in range(writers)]
    with contextlib.ExitStack() as tabs:
        writing = [tabs.enter_context(Tab(server, one.token)) for one in people]
        reading = tabs.enter_context(Tab(server, stranger.token))
        with held_write_lock(server):
            until = time.monotonic() + HELD
            for tab in writing:
                tab.emit(named(handlers, "profile.rename"), form={"name": "Renamed"})
            took: list[float] = []
            while time.monotonic() < until and max([0.0, *took]) < QUICK:
                took += clicks(reading, handlers)
        assert max(took) < QUICK, f"after {len(took)} clicks"
        for tab in writing:
            assert tab.state()["session.name"] == "Renamed", "whoever waited got through"
