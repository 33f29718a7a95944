"""What a person takes along: all of it, as it is, and nothing of anybody else's."""

import json
import tracemalloc
import uuid
from typing import Any

import pytest
from sqlmodel import select

from chatbot_app import db
from chatbot_app.errors import NotFound, TooManyAttempts
from chatbot_app.models import AuditEntry, Chat, Identity, SharedChat, TwoFactor, User
from chatbot_app.services import chat_exports, exports, projects, turns
from tests import crowd
from tests.conftest import Person, end, say
from tests.second_factor import protected

MESSAGES = 4000
TEXT = "All that was said here. " * 100


async def taken_along(user_id: Any) -> dict[str, Any]:
    return json.loads("".join([piece async for piece in exports.written(user_id)]))


def messages_of(export: dict[str, Any]) -> list[dict[str, Any]]:
    return [m for p in export["projects"] for c in p["chats"] for m in c["messages"]]


async def test_it_is_all_that_was_said_to_the_byte(
    alice: Person, charlie: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exports, "ROWS", 2)
    monkeypatch.setattr(exports, "PLACES", 3)
    say(charlie, "Where is the treasure?", "Under the lighthouse.")
    first = say(alice, 'Ünï"cödé \\ \n\t🦭', "# Title\r\n\n```python\nx = 1\n```\n")
    for number in range(4):
        say(alice, f"Question {number}", f"Answer {number}", chat_id=first.chat.id)
    stopped = say(alice, "Another chat", "Half of", status="stopped")
    again, _job = turns.retry(alice.id, stopped.answer.id)
    end(again, "All of it")
    for number in range(3):
        projects.create(alice.id, name=f"Project {number}", system_prompt="A prompt\nof two lines")

    export = await taken_along(alice.id)

    with db.session() as session:
        kept = {
            str(m.id): m
            for m in session.exec(select(exports.Message)).all()
            if "treasure" not in m.content and "lighthouse" not in m.content
        }
    found = messages_of(export)
    assert {m["id"]: m["content"] for m in found} == {i: m.content for i, m in kept.items()}
    assert len(found) == 13
    for message in found:
        row = kept[message["id"]]
        assert message["parent_id"] == (row.parent_id and str(row.parent_id))
        assert (message["role"], message["status"]) == (row.role, row.status)
    names = {p["name"]: p["system_prompt"] for p in export["projects"]}
    assert names == {"Alice's project": "Be brief."} | {
        f"Project {number}": "A prompt\nof two lines" for number in range(3)
    }
    titles = [c["title"] for p in export["projects"] for c in p["chats"]]
    assert titles == [first.chat.title, stopped.chat.title]


async def test_the_account_is_in_it_but_no_hash_and_no_secret(alice: Person):
    phone, codes = await protected(alice)
    with db.session(write=True) as session:
        session.add(
            Identity(user_id=alice.id, issuer="https://id.example", subject="7", email="a@b.c")
        )

    export = await taken_along(alice.id)

    assert export["account"]["email"] == alice.email
    assert export["account"]["two_factor"] is True
    assert [i["issuer"] for i in export["identities"]] == ["https://id.example"]
    assert len(export["sign_ins"]) == 1
    text = json.dumps(export)
    with db.session() as session:
        hashes = [
            *session.exec(select(User.password_hash)),
            *session.exec(select(TwoFactor.secret)),
        ]
    for secret in (*hashes, phone.secret, alice.token, *codes):
        assert secret not in text


async def test_an_account_with_nothing_in_it_is_an_export_too(alice: Person):
    projects.delete(alice.id, alice.project_id)

    assert (await taken_along(alice.id))["projects"] == []


async def test_a_deleted_account_has_none(alice: Person):
    with db.session(write=True) as session:
        session.delete(session.get(User, alice.id))

    with pytest.raises(NotFound):
        await taken_along(alice.id)


async def test_it_is_audited_and_not_begun_twice_at_once(alice: Person, charlie: Person):
    await exports.begin(alice.viewer)
    with pytest.raises(TooManyAttempts):
        await exports.begin(alice.viewer)
    await exports.begin(charlie.viewer)

    with db.session() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "export")).all()
    assert [(e.actor_id, e.outcome) for e in entries] == [(alice.id, "done"), (charlie.id, "done")]


async def test_it_takes_no_more_memory_the_more_was_said(database: str):
    rows = crowd.Rows(TEXT)
    home = rows.home(chats=3, longest=MESSAGES)
    crowd.store(rows.tables, searched=False)
    del rows
    whole = longest = 0
    tracemalloc.start()
    try:
        async for piece in exports.written(home.user_id):
            whole += len(piece)
            longest = max(longest, len(piece))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert whole > MESSAGES * len(TEXT)
    assert longest < whole / 20
    assert peak < whole / 2


async def test_what_a_chat_is_put_to_and_what_an_answer_took_is_in_it(alice: Person):
    said = say(alice, "Where is the treasure?", "Under the lighthouse.")
    with db.session(write=True) as session:
        chat = session.exec(select(Chat)).one()
        chat.titled_by, chat.model, chat.pinned_at = "person", "a-model", chat.created_at
        answer = session.get(exports.Message, uuid.UUID(said.answer.id))
        assert answer
        answer.reasoning, answer.reasoning_ms, answer.completion_tokens = "Hm.", 1200, 5
        shared = SharedChat(
            user_id=alice.id, chat_id=chat.id, token="a-secret", title="Shared", content="[1]"
        )
        session.add(shared)

    export = await taken_along(alice.id)

    assert (export["format"], export["version"]) == ("chatbot-platform", 1)
    (project,) = export["projects"]
    (kept,) = project["chats"]
    assert project["starters"] == ""
    assert (kept["titled_by"], kept["model"], kept["archived_at"]) == ("person", "a-model", None)
    assert kept["pinned_at"] == kept["created_at"]
    found = kept["messages"][-1]
    assert (found["reasoning"], found["reasoning_ms"]) == ("Hm.", 1200)
    assert (found["duration_ms"], found["completion_tokens"]) == (None, 5)
    assert [(s["title"], s["content"]) for s in export["shared_chats"]] == [("Shared", "[1]")]
    assert "a-secret" not in json.dumps(export)


async def test_thoughts_are_folded_away_in_markdown_and_keep_to_themselves(alice: Person):
    said = say(alice, "Where is the treasure?", "Under the lighthouse.")
    silent = say(alice, "And how deep?", "Three feet.", chat_id=said.chat.id)
    with db.session(write=True) as session:
        for turn, thoughts, took in ((said, "Hm.\n\n```\nopen\r\n", 75_400), (silent, "\n", 10)):
            answer = session.get(exports.Message, uuid.UUID(turn.answer.id))
            assert answer
            answer.reasoning, answer.reasoning_ms = thoughts, took

    found = await chat_exports.open_chat(alice.id, said.chat.id, "markdown")
    written = "".join([piece async for piece in found.pieces])

    folded = "<details>\n<summary>Thought for 1 min 15 s</summary>\n\n> Hm.\n>\n> ```\n> open\n\n</details>"
    assert f" UTC\n\n{folded}\n\nUnder the lighthouse.\n" in written
    assert written.count("<details>") == 1


async def test_a_deleted_chat_is_in_it_no_more(alice: Person):
    say(alice, "Where is the treasure?", "Under the lighthouse.")
    with db.session(write=True) as session:
        chat = session.exec(select(Chat)).one()
        chat.deleted_at = chat.created_at
        session.add(
            SharedChat(user_id=alice.id, chat_id=chat.id, token="t", title="", content="treasure")
        )

    assert "treasure" not in json.dumps(await taken_along(alice.id))


@pytest.mark.parametrize("file_format", ["markdown", "json"])
async def test_a_long_chat_is_never_in_memory(database: str, file_format: chat_exports.Format):
    rows = crowd.Rows(TEXT)
    home = rows.home(chats=0, longest=MESSAGES)
    crowd.store(rows.tables, searched=False)
    del rows
    found = await chat_exports.open_chat(home.user_id, home.chat_id, file_format)
    whole = 0
    tracemalloc.start()
    try:
        async for piece in found.pieces:
            whole += len(piece)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert whole > MESSAGES * len(TEXT)
    assert peak < whole / 2
