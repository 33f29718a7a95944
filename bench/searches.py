"""Scenario of searching in a hundred thousand messages, on both databases; no page takes part."""

import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from bench import prose
from bench.stage import Stage, step
from bench.table import Row, shown
from chatbot_app import db, migrations
from chatbot_app.models import Chat, Message, now
from chatbot_app.services import search
from tests import crowd
from tests.postgres import Postgres

MESSAGES = 100_000
HERS = 60_000  # of one person; the others have a few each
WORDS = 70  # a message
CHAT = 100  # messages
RARE_EVERY = 6000
TIMES = 15
LIMIT = 0.050
TURNS = 60


def searches(_stage: Stage) -> list[Row]:
    """Search as one who wrote most of it and as one who wrote little."""
    rows = list[Row]()
    with tempfile.TemporaryDirectory(prefix="bench-search-") as directory:
        rows += _on(f"sqlite:///{Path(directory) / 'search.db'}", "SQLite")
    with Postgres() as server:
        rows += _on(server.create_database("search"), "PostgreSQL")
    return rows


def _on(url: str, name: str) -> list[Row]:
    step(f"searching {MESSAGES:,} messages on {name}")
    with _used(url):
        began = time.monotonic()
        hers, few = _fill()
        filled = time.monotonic() - began
        step(f"{name}: filled in {filled:.0f} s")
        people = {"one who wrote most": hers, "one who wrote little": few}
        rows = [_row(name, who, user_id) for who, user_id in people.items()]
        return [*rows, _write_row(name)]


def _row(name: str, who: str, user_id: uuid.UUID) -> Row:
    medians = dict[str, float]()
    for kind, query in QUERIES.items():
        search.find(user_id, query)
        medians[kind] = statistics.median(
            _timed(lambda query=query: search.find(user_id, query)) for _ in range(TIMES)
        )
    each = ", ".join(f"{kind} {shown(seconds, 'ms')}" for kind, seconds in medians.items())
    return Row(
        f"Search in {MESSAGES:,} messages, {name}: {who}",
        "ms",
        LIMIT,
        [max(medians.values())],
        how=f"the slowest kind of query, each the median of {TIMES}: {each}",
    )


QUERIES = {
    "a rare word": "zanzibar",
    "a common word": "the",
    "three common words": "the and with ",
    "the beginning of a word": "st",
    "a long beginning": "zanzi",
    "a phrase": '"of the"',
    "an old common word": "formerly",
    "nothing": "xylophone",
}


def _timed(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _fill() -> tuple[uuid.UUID, uuid.UUID]:
    """Put everybody's messages in; one person's are among the newest and the oldest."""
    rng = random.Random("search")
    vocabulary = " ".join("".join(prose.pieces(400, seed)) for seed in range(300)).split(" ")
    rows = crowd.Rows()
    hers, few = rows.person(), rows.person()
    home, little = rows.project(hers), rows.project(few)
    others = [rows.project(rows.person()) for _ in range(1000)]
    for number in range(MESSAGES // CHAT):
        project = home if number % 5 < 3 else rng.choice(others)
        rows.chat(little if number == MESSAGES // CHAT // 2 else project, CHAT)
    for number, message in enumerate(rows.messages):
        words = rng.choices(vocabulary, k=WORDS)
        words += ["Zanzibar"] * (number % RARE_EVERY == 7) + ["formerly"] * (number < HERS)
        message["content"] = " ".join(words)
    crowd.store(rows.tables)
    crowd.count()
    return hers, few


def _write_row(name: str) -> Row:
    """What the index costs who asks: a question stored, and an answer's end."""
    with_index = _turns()
    with db.connections().writing.begin() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        for trigger in ("message_said", "message_changed"):
            on = "" if is_sqlite else " ON message"
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}{on}")
    without = _turns()
    return Row(
        f"A turn is written, {name}: what the index adds",
        "ms",
        None,
        [max(0.0, with_index - without)],
        how=f"{shown(with_index, 'ms')} with it, {shown(without, 'ms')} without: a question and an"
        f" answer of {WORDS * 6} words, the median of {TURNS} turns",
    )


def _turns() -> float:
    with db.session() as session:
        chat = session.execute(sa.select(Chat.id).limit(1)).scalar_one()
    texts = ["".join(prose.pieces(WORDS * 8, 500_000 + number)) for number in range(TURNS)]

    def turn(text: str) -> None:
        question = Message(chat_id=chat, role="user", status="complete", content=text[:400])
        answer = Message(chat_id=chat, role="assistant", status="generating")
        with db.session(write=True) as session:
            session.add_all([question, answer])
        with db.session(write=True) as session:
            ended = sa.update(Message).where(Message.id == answer.id)  # pyright: ignore
            session.execute(ended.values(content=text, status="complete", ended_at=now()))

    return statistics.median(_timed(lambda text=text: turn(text)) for text in texts)


@contextmanager
def _used(url: str) -> Iterator[None]:
    db.configure(url)
    try:
        migrations.migrate()
        yield
    finally:
        db.configure(None)
