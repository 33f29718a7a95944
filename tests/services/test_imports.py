"""What is brought in: all that a file holds, for whoever imports it, and nothing of anybody else's."""

import dataclasses
import io
import json
import re
import tracemalloc
import uuid
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select

from chatbot_app import db
from chatbot_app.errors import Conflict, Forbidden, InvalidInput, TooManyAttempts
from chatbot_app.models import AuditEntry, Chat, Message, Project, now
from chatbot_app.repositories import imports as chat_rows
from chatbot_app.services import chat_exports, chats, exports, imports, projects, turns
from chatbot_app.services.imports import archives, documents, records, storing
from tests.conftest import Person, end, person, say

SAMPLES = Path(__file__).parent / "samples"


def bring_in(who: Person, content: object) -> records.Tally:
    if isinstance(content, bytes):
        return imports.bring_in(who.id, io.BytesIO(content))
    return imports.bring_in(who.id, io.BytesIO(json.dumps(content).encode()))


async def taken_along(who: Person) -> dict[str, Any]:
    return json.loads("".join([piece async for piece in exports.written(who.id)]))


async def chat_file(who: Person, chat_id: str) -> dict[str, Any]:
    found = await chat_exports.open_chat(who.id, chat_id, "json")
    return json.loads("".join([piece async for piece in found.pieces]))


def imported_chats(export: dict[str, Any], project: str) -> list[dict[str, Any]]:
    return next(p["chats"] for p in export["projects"] if p["name"] == project)


def without_ids(export: dict[str, Any], *, but_for: str = "") -> list[Any]:
    """Give an export's projects, or its one chat, with places in the file in place of ids."""
    found = export.get("projects") or [export["project"] | {"chats": [export["chat"]]}]
    plain = [
        project | {"id": "", "chats": sorted(map(_without_ids, project["chats"]), key=json.dumps)}
        for project in found
        if project["name"] != but_for
    ]
    return sorted(plain, key=json.dumps)


def _without_ids(chat: dict[str, Any]) -> dict[str, Any]:
    places = {message["id"]: place for place, message in enumerate(chat["messages"])}
    return chat | {
        "id": "",
        "shown_message_id": places.get(chat["shown_message_id"]),
        "messages": [
            message | {"id": "", "parent_id": places.get(message["parent_id"])}
            for message in chat["messages"]
        ],
    }


def ids_in(value: object) -> set[str]:
    return set(re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", json.dumps(value)))


def stored() -> tuple[int, ...]:
    """Count what there is of everything."""
    with db.session() as session:
        return tuple(
            session.exec(select(func.count()).select_from(table)).one()
            for table in (Project, Chat, Message)
        )


async def test_a_chat_of_chatgpts_comes_with_its_versions_thoughts_and_code(alice: Person):
    tally = bring_in(alice, (SAMPLES / "chatgpt.json").read_bytes())

    assert (tally.chats, tally.present, tally.unreadable) == (1, 0, 1)
    assert imports.message(tally) == (
        "Imported 1 chat into 1 project. 1 chat could not be read and was left out."
    )
    (chat,) = imported_chats(await taken_along(alice), "Imported from ChatGPT")
    assert chat["title"] == "Seals and their names"
    assert chat["archived_at"] == "2024-05-01T10:00:00.500000+00:00"
    asked, first, second, thanks, last = chat["messages"]
    assert asked["content"] == "[Image]\n\nWhat is this?\n\n[File: notes.pdf]"
    assert (first["content"], first["status"], first["model"]) == (
        "A first answer.",
        "stopped",
        "gpt-4o",
    )
    assert first["parent_id"] == second["parent_id"] == asked["id"]
    assert second["content"] == "```python\nprint('seal')\n```\n\nA seal."
    assert second["reasoning"] == "**Looking**\n\nIt has whiskers."
    assert (second["reasoning_ms"], second["model"]) == (12_000, "o3")
    assert (thanks["parent_id"], last["parent_id"]) == (second["id"], thanks["id"])
    assert last["status"] == "interrupted"
    assert chat["shown_message_id"] == last["id"]


async def test_a_chat_of_open_webuis_comes_with_its_thoughts_and_what_it_cost(alice: Person):
    tally = bring_in(alice, (SAMPLES / "open_webui.json").read_bytes())

    assert imports.message(tally) == "Imported 1 chat into 1 project."
    (chat,) = imported_chats(await taken_along(alice), "Imported from Open WebUI")
    assert chat["pinned_at"] == "2024-10-27T03:41:40+00:00"
    asked, failed, answer = chat["messages"]
    assert asked["content"] == "How many?\n\n[Image]\n\n[File: seals.csv]"
    assert (failed["status"], failed["error"]) == ("failed", "The model is away.")
    assert answer["content"] == "There are **three**."
    assert answer["reasoning"] == "One, two & three.\nThat is all."
    assert (answer["reasoning_ms"], answer["prompt_tokens"]) == (5_000, 12)
    assert (answer["model"], chat["shown_message_id"]) == ("qwen3", answer["id"])


async def test_our_own_file_comes_back_with_all_that_was_in_it(alice: Person, charlie: Person):
    first = say(alice, "Where is the treasure?", "Under the lighthouse.")
    stopped = say(alice, "Another chat", "Half of", status="stopped")
    again, _job = turns.retry(alice.id, stopped.answer.id)
    end(again, "All of it")
    projects.create(alice.id, name="Empty", system_prompt="A prompt\nof two lines")
    kept = await taken_along(alice)

    tally = bring_in(charlie, kept)

    assert imports.message(tally) == "Imported 2 chats into 2 projects."
    found = await taken_along(charlie)
    assert without_ids(found, but_for="Charlie's project") == without_ids(kept)
    assert not ids_in(kept["projects"]) & ids_in(found["projects"])
    assert await taken_along(alice) | {"exported_at": ""} == kept | {"exported_at": ""}
    assert first.chat.id in json.dumps(kept)


async def test_the_same_file_twice_is_there_once_and_what_was_deleted_comes_back(alice: Person):
    kept = (SAMPLES / "open_webui.json").read_bytes()
    bring_in(alice, kept)
    assert imports.message(bring_in(alice, kept)) == "1 chat was here already."
    (chat,) = imported_chats(await taken_along(alice), "Imported from Open WebUI")

    with db.session(write=True) as session:
        found = session.get(Chat, uuid.UUID(chat["id"]))
        assert found
        found.deleted_at = now()
    assert (await taken_along(alice))["projects"][-1]["chats"] == []
    assert bring_in(alice, kept).chats == 1
    assert imports.message(bring_in(alice, kept)) == "1 chat was here already."

    changed = json.loads(kept)
    changed[0]["chat"]["history"]["messages"]["m3"]["content"] = "Four, by now."
    tally = bring_in(alice, changed)
    assert (tally.chats, len(tally.projects)) == (1, 1)
    assert len(imported_chats(await taken_along(alice), "Imported from Open WebUI")) == 2


async def test_the_audit_hears_of_an_import_once_and_of_none_that_stored_nothing(alice: Person):
    say(alice, "Where?", "There.")
    say(alice, "And when?", "Then.")
    charlie = person("Charlie")
    kept = await taken_along(alice)
    with pytest.raises(InvalidInput):
        bring_in(charlie, b"[]")
    for _ in range(2):
        bring_in(charlie, kept)
    bring_in(charlie, (SAMPLES / "open_webui.json").read_bytes())

    with db.session() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "import")).all()
    assert [(e.actor_id, e.outcome, e.detail) for e in entries] == [
        (charlie.id, "done", "1 project, 2 chats"),
        (charlie.id, "done", "1 chat"),
    ]


async def test_ones_own_export_brings_back_what_is_gone_and_doubles_nothing(
    alice: Person, charlie: Person
):
    gone_on = say(alice, "Where?", "There.")
    retold = say(alice, "Why?", "Because.")
    deleted = say(alice, "When?", "Then.")
    projects.create(alice.id, name="Empty", system_prompt="")
    kept = await taken_along(alice)
    before = stored()
    assert imports.message(bring_in(alice, kept)) == "3 chats were here already."
    assert stored() == before

    say(alice, "And then?", "Back.", chat_id=gone_on.chat.id)
    with db.session(write=True) as session:
        told = session.get(Message, uuid.UUID(retold.answer.id))
        lost = session.get(Chat, uuid.UUID(deleted.chat.id))
        assert told
        assert lost
        told.content, lost.deleted_at = "No reason.", now()
    tally = bring_in(alice, kept)

    assert imports.message(tally) == "Imported 2 chats into 1 project. 1 chat was here already."
    assert tally.projects == [uuid.UUID(str(alice.project_id))]
    assert [c.title for c in chats.list_page(alice.id, alice.project_id).chats].count("Why?") == 2
    assert imports.message(bring_in(charlie, kept)) == "Imported 3 chats into 2 projects."


async def test_one_chat_goes_back_into_its_project_if_that_is_the_persons_own(
    alice: Person, charlie: Person
):
    kept = await chat_file(alice, say(alice, "Where?", "There.").chat.id)
    before = stored()
    with db.session(write=True) as session:
        session.exec(select(Chat)).one().deleted_at = now()

    assert bring_in(alice, kept).projects == [alice.project_id]
    tally = bring_in(charlie, kept)

    assert tally.projects != [alice.project_id]
    assert without_ids(await chat_file(charlie, chat_in(tally, charlie))) == without_ids(kept)
    assert stored() == (before[0] + 1, before[1] + 2, before[2] + 4)


def chat_in(tally: records.Tally, who: Person) -> str:
    return chats.list_page(who.id, tally.projects[0]).chats[0].id


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "isn't JSON"),
        (b"Dear diary,", "isn't JSON"),
        (b"\xff\xfe\x00", "it is damaged"),
        (b'{"projects": [{"chats": [{"messages": [', "it is damaged"),
        (b'[{"mapping": {}}] and more', "it is damaged"),
        (b"[" * 1_000_000, "it is damaged"),
        (b'[{"mapping": ' + b"9" * 10_000 + b"}]", "it is damaged"),
        (b"[]", "There are no chats"),
        (b'{"name": "package.json"}', "There are no chats"),
        (b'[1, "two", null, [3]]', "None of the chats"),
        (b"PK\x03\x04 and so on", "archive can't be read"),
        (b'{"format": "chatbot-platform", "version": 99, "projects": []}', "newer version"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_changes_nothing(
    sqlite: str, content: bytes, sentence: str
):
    who = person("Alice")
    before = stored()
    with pytest.raises(InvalidInput, match=sentence):
        bring_in(who, content)
    assert stored() == before


def archive(**files: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(f"export/{name}.json", content)
    return written.getvalue()


def test_an_archive_is_read_as_far_as_it_is_honest(sqlite: str, monkeypatch: pytest.MonkeyPatch):
    who = person("Alice")
    sample = (SAMPLES / "chatgpt.json").read_bytes()
    assert bring_in(who, archive(**{"conversations-000": sample, "user": b"{}"})).chats == 1
    with pytest.raises(InvalidInput, match=r"no conversations\.json"):
        bring_in(who, archive(user=b"{}"))
    damaged = bytearray(archive(conversations=sample))
    damaged[200] ^= 255
    with pytest.raises(InvalidInput, match="can't be read"):
        bring_in(who, bytes(damaged))

    monkeypatch.setattr(archives, "MOST_UNPACKED", 2_000_000)
    with pytest.raises(InvalidInput, match="unpacks to more"):
        bring_in(who, archive(conversations=b"[" + b" " * 3_000_000 + b"]"))
    monkeypatch.setattr(archives, "DIRECTORY_BYTES", 70_000)
    with pytest.raises(InvalidInput, match="can't be read"):
        bring_in(who, archive(**{f"file-{number}": b"" for number in range(1_500)}))


def test_circles_strangers_and_doubles_come_out_as_a_tree(sqlite: str):
    who = person("Alice")

    def message(name: str, parent: str | None) -> dict[str, Any]:
        role = "assistant" if name[0] == "a" else "user"
        return {"id": name, "parent_id": parent, "role": role, "content": f"{name} \x00\ud800"}

    circle = [("u1", "a2"), ("a1", "u1"), ("u2", "a1"), ("a2", "u2")]
    others = [("u3", "of-somebody-else"), ("a3", "a3"), ("a1", "u3")]
    messages = [message(*one) for one in (*circle, *others)]
    chat = {"id": "x", "title": "\n\x07", "messages": messages, "shown_message_id": "nobody"}

    tally = bring_in(who, {"projects": [{"name": "", "chats": [chat, {"messages": 7}, None]}]})

    assert (tally.chats, tally.unreadable) == (1, 2)
    with db.session() as session:
        rows = list(session.exec(select(Message)))
        (title,) = session.exec(select(Chat.title))
        names = set(session.exec(select(Project.name)))
    by_id = {row.id: row.content[:2] for row in rows}
    assert {(row.content[:2], by_id.get(row.parent_id)) for row in rows} == {
        *(("u1", None), ("a1", "u1"), ("u2", "a1"), ("a2", "u2")),
        *(("u3", None), ("a3", None)),
    }
    assert all(row.content.endswith(" \ufffd\ufffd") for row in rows)
    assert title.startswith("u3")
    assert names == {"Alice's project", "Imported chats"}


def test_hundreds_of_thousands_of_nodes_deep_or_wide_are_told_from_a_chat(sqlite: str):
    who = person("Alice")
    sizes = range(400_000)
    deep = ",".join(f'"{n}":{{"parent":"{n + 1}"}}' for n in sizes[:200_000])
    wide = ",".join('{"id":1}' for _ in sizes)
    own = f'{{"projects": [{{"chats": [{{"messages": [{wide}]}}]}}]}}'

    with pytest.raises(InvalidInput, match="None of the chats"):
        bring_in(who, f'[{{"mapping": {{{deep}}}}}]'.encode())
    assert bring_in(who, own.encode()).unreadable == 1


def test_what_is_too_long_is_left_out_and_said_and_a_prompt_refuses_the_file(sqlite: str):
    who = person("Alice")

    def chat(role: str, length: int) -> dict[str, Any]:
        return {"messages": [{"id": "1", "role": role, "content": "x" * length}]}

    several = [chat("user", 200_001), chat("assistant", 200_001), chat("assistant", 1_000_001)]
    tally = bring_in(who, {"projects": [{"name": "Long", "chats": several}]})
    assert (tally.chats, tally.unreadable) == (1, 2)
    before = stored()
    with pytest.raises(InvalidInput, match="has 32,001 characters; at most 32,000"):
        bring_in(who, {"projects": [{"system_prompt": "x" * 32_001, "chats": several}]})
    assert stored() == before


def test_a_chat_that_fails_half_way_is_not_there_at_all(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    before = stored()
    monkeypatch.setattr(chat_rows, "STRETCH", 1)
    monkeypatch.setattr(storing, "_row", failing_at(3, storing._row))
    with pytest.raises(InvalidInput):
        bring_in(alice, (SAMPLES / "chatgpt.json").read_bytes())
    assert stored() == before


def failing_at(number: int, row: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    made: list[dict[str, Any]] = []

    def spoilt(*arguments: Any) -> dict[str, Any]:
        made.append(row(*arguments))
        return made[-1] | {"content": "\x00"} if len(made) == number else made[-1]

    return spoilt


def test_one_import_at_a_time_by_whoever_has_confirmed_the_address(sqlite: str):
    who = person("Alice")
    with imports.Place(who.viewer), pytest.raises(Conflict):
        imports.Place(who.viewer).__enter__()
    for _ in range(2):
        with imports.Place(who.viewer):
            pass
    with pytest.raises(TooManyAttempts):
        imports.Place(who.viewer).__enter__()
    with pytest.raises(Forbidden):
        imports.Place(dataclasses.replace(who.viewer, is_verified=False)).__enter__()


def test_a_long_file_is_never_in_memory(sqlite: str, tmp_path: Path):
    who = person("Alice")
    path = tmp_path / "long.json"
    one = (SAMPLES / "open_webui.json").read_text().strip()[1:-1]
    one = one.replace("How many?", "How many? " * 10_000)
    with path.open("w") as file:
        file.write("[" + ",".join(one.replace("000001", f"{n:06}") for n in range(80)) + "]")
    tracemalloc.start()
    try:
        with path.open("rb") as file:
            tally = imports.bring_in(who.id, file)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tally.chats == 80
    assert peak < path.stat().st_size / 4


def test_a_number_may_be_cut_anywhere_by_what_is_read_at_a_time(monkeypatch: pytest.MonkeyPatch):
    said = b'{"temperature": -0.75, "when": 1.5e+3}'
    for size in range(1, len(said) + 1):
        monkeypatch.setattr(documents, "CHUNK", size)
        document = documents.Document(io.BytesIO(said))
        found = {name: document.value() for name in document.members()}
        assert found == {"temperature": -0.75, "when": 1500.0}, size


def test_no_more_chats_come_pinned_than_are_always_listed(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(storing, "PINNED_MAX", 1)
    one = json.loads((SAMPLES / "open_webui.json").read_bytes())[0]
    both = [one | {"pinned": True, "title": title} for title in ("First", "Second")]
    for number, chat in enumerate(both):
        both[number] = json.loads(json.dumps(chat).replace("m3", f"m3{number}"))
    tally = bring_in(alice, both)
    page = chats.list_page(alice.id, tally.projects[0])
    assert (len(page.pinned), len(page.chats)) == (1, 1)


def test_a_piece_without_end_is_not_read_to_the_end(sqlite: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(documents, "LONGEST_PIECE", 200_000)
    file = io.BytesIO(b'["' + b"x" * 5_000_000 + b'"]')
    with pytest.raises(InvalidInput, match="too long to be read"):
        imports.bring_in(person("Alice").id, file)
    assert file.tell() < 1_000_000


def test_two_workers_with_one_file_store_it_once(database: str):
    who = person("Alice")
    sample = (SAMPLES / "open_webui.json").read_bytes()
    with ThreadPoolExecutor(4) as workers:
        tallies = list(workers.map(lambda _: bring_in(who, sample), range(4)))
    assert sorted((tally.chats, tally.present) for tally in tallies) == [(0, 1)] * 3 + [(1, 0)]
    assert stored() == (2, 1, 3)
