"""What is brought in: all that a file holds, for whoever imports it, and nothing of anybody else's."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select

from chatbot_app import db
from chatbot_app.errors import Conflict, Forbidden, InvalidInput, TooManyAttempts
from chatbot_app.models import Chat, Message, Project
from chatbot_app.schemas import Viewer
from chatbot_app.services import chats, downloads, exports, imports, projects, turns
from chatbot_app.services.imports import archives, documents, records
from tests.conftest import Person, end, say

SAMPLES = Path(__file__).parent / "samples"


def bring_in(who: Person, content: object) -> records.Tally:
    if isinstance(content, bytes):
        return imports.bring_in(who.id, io.BytesIO(content))
    return imports.bring_in(who.id, io.BytesIO(json.dumps(content).encode()))


async def taken_along(who: Person) -> dict[str, Any]:
    return json.loads("".join([piece async for piece in exports.written(who.id)]))


async def chat_file(who: Person, chat_id: str) -> dict[str, Any]:
    found = await downloads.open_chat(who.id, chat_id, "json")
    return json.loads("".join([piece async for piece in found.pieces]))


def imported_chats(export: dict[str, Any], project: str) -> list[dict[str, Any]]:
    return next(p["chats"] for p in export["projects"] if p["name"] == project)


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
