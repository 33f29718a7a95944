"""Searching one's own chats: what is found, by whom, and that the index is always exact."""

import uuid
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from chatbot_app import db
from chatbot_app.errors import InvalidInput
from chatbot_app.models import Chat, Message, MessageSearch, now
from chatbot_app.repositories import chats as chat_rows
from chatbot_app.repositories import search as search_rows
from chatbot_app.schemas import Found, TextPart
from chatbot_app.services import accounts, chats, excerpts, projects, purge, search, turns
from tests.conftest import Person, end, say

HOSTILE = (
    "",
    " ",
    "\x00",
    "\ud800",
    '"',
    '"""',
    "*",
    "a*",
    "-a",
    "a OR b",
    "NEAR(a b)",
    "AND",
    "NOT a",
    "words : a",
    "owner : a",
    "{words owner} : a",
    "^a",
    "a + b",
    "(",
    ")",
    "';--",
    "%",
    "\\",
    "!&|<->:*",
    "'a':*",
    "…—“”",
    "🌊",
    "\u0301",
    "\u200b",
    "a\x00b",
)


def texts(found: Found) -> list[str]:
    return ["".join(part.text for part in hit.excerpt) for hit in found.messages]


def hits(parts: list[TextPart]) -> list[str]:
    return [part.text for part in parts if part.is_hit]


def index() -> list[tuple[object, ...]]:
    """Read what the index holds: each word of each message, and where it stands."""
    with db.session(write=True) as session:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            return _instances(connection, "message_words")
        rows = connection.execute(
            sa.text("SELECT message_id, user_id, words::text FROM message_search ORDER BY id")
        )
        return [tuple(row) for row in rows]


def fresh_index() -> list[tuple[object, ...]]:
    """Make what the index should hold anew from the messages."""
    with db.session(write=True) as session:
        connection = session.connection()
        said = "FROM message_search s JOIN message m ON m.id = s.message_id WHERE m.content <> ''"
        if connection.dialect.name == "sqlite":
            for statement in (
                "CREATE VIRTUAL TABLE again USING fts5(words, owner, content='',"
                " tokenize='unicode61 remove_diacritics 2')",
                f"INSERT INTO again (rowid, words, owner) SELECT s.id, m.content, s.user_id {said}",
            ):
                connection.execute(sa.text(statement))
            try:
                return _instances(connection, "again")
            finally:
                connection.execute(sa.text("DROP TABLE again"))
        rows = connection.execute(
            sa.text(
                f"SELECT m.id, s.user_id, words_of(m.content, s.user_id)::text {said} ORDER BY s.id"
            )
        )
        return [tuple(row) for row in rows]


def _instances(connection: sa.Connection, table: str) -> list[tuple[object, ...]]:
    connection.execute(
        sa.text(f"CREATE VIRTUAL TABLE temp.seen USING fts5vocab(main, {table}, instance)")
    )
    rows = connection.execute(sa.text("SELECT term, doc, col, offset FROM temp.seen"))
    found = sorted(tuple(row) for row in rows)
    connection.execute(sa.text("DROP TABLE temp.seen"))
    return found


def expect_exact_index() -> None:
    assert index() == fresh_index()
    with db.session() as session:
        indexed = set(session.exec(select(MessageSearch.message_id)))
        said = set(session.exec(select(Message.id).where(col(Message.content) != "")))
    assert indexed == said


def test_all_words_have_to_occur_and_the_last_may_go_on(alice: Person) -> None:
    say(alice, "When does the ferry leave?", "The Ferry leaves at seven.")

    assert len(search.find(alice.id, "ferry").messages) == 2
    assert texts(search.find(alice.id, "seven ferry ")) == ["The Ferry leaves at seven."]
    assert texts(search.find(alice.id, "ferry sev")) == ["The Ferry leaves at seven."]
    assert texts(search.find(alice.id, "sev ferry")) == []
    assert texts(search.find(alice.id, "sev ")) == []
    assert texts(search.find(alice.id, '"at seven"')) == ["The Ferry leaves at seven."]
    assert texts(search.find(alice.id, '"seven at"')) == []
    assert texts(search.find(alice.id, '"leaves at sev')) == ["The Ferry leaves at seven."]
    assert texts(search.find(alice.id, "leaves/at-seven")) == ["The Ferry leaves at seven."]


def test_case_accents_and_punctuation_do_not_matter(alice: Person) -> None:
    say(alice, "Der GRÜNE Café-Besuch, naïve_approach in foo/bar.py", "Кофе и ЧАЙ, 鷗が三羽。")

    for query in ("grune", "grüne", "cafe besuch", "Naive approach", "bar.py", "py", "foo"):
        found = search.find(alice.id, query)
        assert len(found.messages) == 1, query
        assert hits(found.messages[0].excerpt), query
    assert hits(search.find(alice.id, "grune").messages[0].excerpt) == ["GRÜNE"]
    assert len(search.find(alice.id, "чай").messages) == 1
    assert len(search.find(alice.id, "鷗").messages) == 1


def test_the_newest_come_first_in_pages_and_each_once(alice: Person) -> None:
    chat_id = None
    for number in range(25):
        chat_id = say(alice, f"Question {number}", f"Harbour {number}", chat_id=chat_id).chat.id

    first = search.find(alice.id, "harbour")
    second = search.find(alice.id, "harbour", before=first.older_than)

    assert texts(first) == [f"Harbour {number}" for number in range(24, 4, -1)]
    assert texts(second) == [f"Harbour {number}" for number in range(4, -1, -1)]
    assert second.older_than == ""
    assert search.find(alice.id, "harbour", before="no number").messages == first.messages


def test_a_stranger_finds_nothing(alice: Person, charlie: Person) -> None:
    say(alice, "My secret garden", "Roses.")
    say(charlie, "Nothing here")

    assert search.find(charlie.id, "garden") == Found([], [])
    assert search.find(charlie.id, alice.id.hex) == Found([], [])
    assert [hit.id for hit in search.recent_chats(charlie.id)] != []
    assert search.find(alice.id, "garden").messages


def test_other_branches_are_found_and_archived_chats_are_marked(alice: Person) -> None:
    first = say(alice, "Which boat?", "The zeppelin", status="stopped")
    again, _job = turns.retry(alice.id, first.answer.id)
    end(again, "The schooner")
    with db.session(write=True) as session:
        chat_rows.get(session, alice.id, uuid.UUID(first.chat.id)).archived_at = now()

    for words in ("zeppelin", "schooner"):
        (hit,) = search.find(alice.id, words).messages
        assert hit.is_archived
    assert [chat.is_archived for chat in search.find(alice.id, "boat").chats] == [True]


def test_what_was_deleted_is_not_found_and_hides_nothing_else(alice: Person) -> None:
    old = say(alice, "Old boat")
    for number in range(30):
        gone = say(alice, f"Boat {number}")
        with db.session(write=True) as session:
            chat_rows.get(session, alice.id, uuid.UUID(gone.chat.id)).deleted_at = now()

    found = search.find(alice.id, "boat")
    assert texts(found) == ["Old boat"]
    assert [hit.id for hit in found.chats] == [old.chat.id]
    assert [hit.id for hit in search.recent_chats(alice.id)] == [old.chat.id]


def test_chats_are_found_by_their_titles_with_the_hits_marked(alice: Person) -> None:
    turn = say(alice, "Something")
    chats.rename(alice.id, turn.chat.id, "Über den Wolken")

    (chat,) = search.find(alice.id, "wolk uber ").chats or search.find(alice.id, "uber wolk").chats
    assert chat.id == turn.chat.id
    assert hits(chat.title) == ["Über", "Wolk"]


def test_an_answer_is_found_when_it_has_ended(alice: Person) -> None:
    turn, _job = turns.begin(alice.id, alice.project_id, None, "Go on")
    assert search.find(alice.id, "lighthouse") == Found([], [])
    end(turn, "A lighthouse, half", status="interrupted")
    assert len(search.find(alice.id, "lighthouse").messages) == 1
    resumed, _job = turns.resume(alice.id, turn.answer.id)
    end(resumed, "A lighthouse, half and whole")

    assert texts(search.find(alice.id, "whole lighthouse")) == ["A lighthouse, half and whole"]
    expect_exact_index()


def test_the_index_is_exact_whatever_happens_to_messages(alice: Person, charlie: Person) -> None:
    kept = say(alice, "The first of all", "An answer, Grüße.")
    for number in range(5):
        say(alice, f"Another {number}", "And so on", chat_id=kept.chat.id)
    doomed = say(alice, "Doomed", "Also doomed")
    say(charlie, "Another person", "With an answer")
    other = projects.create(alice.id, name="Other")
    turn, _job = turns.begin(alice.id, other.id, None, "In the other project")
    end(turn, "It was")
    expect_exact_index()

    with db.session(write=True) as session:
        row = session.exec(select(Message).where(col(Message.content) == "Another 3")).one()
        row.content = "Edited, in place: ферри"
        emptied = session.exec(select(Message).where(col(Message.content) == "Another 2")).one()
        emptied.content = ""
    expect_exact_index()
    assert len(search.find(alice.id, "ферри").messages) == 1
    with db.session(write=True) as session:
        session.exec(select(Message).where(col(Message.id) == emptied.id)).one().content = "Again"
    expect_exact_index()

    chats.delete(alice.id, doomed.chat.id)
    expect_exact_index()
    projects.delete(alice.id, other.id)
    expect_exact_index()
    accounts.delete(charlie.id)
    expect_exact_index()
    assert index()
    accounts.delete(alice.id)
    assert index() == []


def test_no_query_breaks_a_search(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    say(alice, "a b words owner NEAR and or not", "'a' *")
    for query in HOSTILE:
        found = search.find(alice.id, query)
        assert isinstance(found, Found)
    monkeypatch.setattr(search_rows, "RECENT", 1)  # the older ones are asked for too
    for query in ("*", "🌊", '"""', "…—“”", "\x00"):
        assert search.find(alice.id, query) == Found([], []), query
    for query in ("①", "➀", '"①"'):
        assert search.find(alice.id, query).messages == [], query
    with pytest.raises(InvalidInput, match="200"):
        search.find(alice.id, "a" * 10_000)
    assert search.find(alice.id, "a" * 200) == Found([], [])
    assert search.find(alice.id, "x " * 100) == Found([], [])


ANY_TEXT = st.text(max_size=300) | st.text(
    alphabet="aä -_'\"*.:&|!\\(){}<>@0€\u0301鷗", max_size=60
)


def test_any_text_can_be_stored_and_looked_for(alice: Person) -> None:
    chat_id = uuid.UUID(say(alice, "The beginning").chat.id)

    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(said=ANY_TEXT, query=ANY_TEXT)
    def try_it(said: str, query: str) -> None:
        said = db.storable(said)
        with db.session(write=True) as session:
            session.add(Message(chat_id=chat_id, role="user", status="complete", content=said))
        search.find(alice.id, query[:200])
        for words in excerpts.wanted(said[:150]):
            excerpts.excerpt(said, [words])

    try_it()
    expect_exact_index()


@pytest.mark.parametrize(
    "said",
    [
        " ".join(f"{number:x}ä" for number in range(400_000)),
        "x" * 3_000_000,
        "鷗" * 200_000,
        "\u0301" * 100_000,
        " ".join("𝔘" * 10 + str(number) for number in range(60_000)),
    ],
    ids=["many words", "one word", "one word of others", "accents", "wide words"],
)
def test_what_is_longer_than_an_index_takes_can_be_said(alice: Person, said: str) -> None:
    chat_id = uuid.UUID(say(alice, "The beginning").chat.id)
    with db.session(write=True) as session:
        said_at = now() + timedelta(seconds=1)
        row = Message(chat_id=chat_id, role="assistant", status="complete", content=said)
        row.created_at = said_at
        session.add(row)

    with db.session() as session:
        assert session.exec(select(Message.content).where(col(Message.id) == row.id)).one() == said
    chats.delete(alice.id, str(chat_id))
    purge.purge(timedelta(0))
    assert index() == []
    with db.session() as session:
        assert session.exec(select(Chat)).all() == []
