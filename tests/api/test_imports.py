"""Chats as files over HTTP: one that is taken along, and one that is brought in."""

import asyncio
import errno
import io
import tempfile
from collections.abc import AsyncIterator
from urllib.parse import unquote

import httpx2
import pytest

from chatbot_app.api import sizes
from chatbot_app.api.exports import attachment
from chatbot_app.services import chats, tokens, turns
from tests.api.test_auth import signed_in
from tests.conftest import PASSWORD, Person, end, person, say
from tests.services.test_imports import SAMPLES, stored

SAMPLE = (SAMPLES / "open_webui.json").read_bytes()


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


async def test_a_chat_is_read_as_markdown_and_taken_along_as_json(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    first = say(alice, "Where is the trésor?", "Half", status="stopped")
    again, _job = turns.retry(alice.id, first.answer.id)
    end(again, "```python\n# not a heading\n```\n")
    path = f"/api/chats/{first.chat.id}/export"
    assert (await client.get(path)).status_code == 401
    signed_in(client, alice)

    answer = await client.get(path, params={"format": "markdown"})
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        'attachment; filename="Where is the tresor.md"; '
        "filename*=UTF-8''Where%20is%20the%20tr%C3%A9sor.md"
    )
    lines = answer.text.splitlines()
    assert lines[0] == "# Where is the trésor?"
    assert lines[2].startswith("Alice's project, exported on 20")
    headings = [line.split(" · ")[0] for line in lines if line.startswith("## ")]
    assert headings == ["## You", "## Alice's project"]
    assert "```python\n# not a heading\n```\n" in answer.text
    assert "Half" not in answer.text

    answer = await client.get(path, params={"format": "json"})
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()
    assert (found["format"], found["version"]) == ("chatbot-platform", 1)
    assert [m["content"] for m in found["chat"]["messages"]][1:] == [
        "Half",
        "```python\n# not a heading\n```\n",
    ]
    assert (await client.get(path, params={"format": "exe"})).status_code == 422


async def test_a_stranger_a_deleted_chat_and_another_site_get_nothing(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    chat_id = say(alice, "Where?", "There.").chat.id
    path = f"/api/chats/{chat_id}/export"
    signed_in(client, person("Charlie"))
    assert (await client.get(path)).status_code == 404
    signed_in(client, alice)
    origin = {"origin": "https://evil.example"}
    assert (await client.get(path, headers=origin)).status_code == 403
    answer = await client.post("/api/imports", content=SAMPLE, headers=origin)
    assert answer.status_code == 403
    chats.delete(alice.id, chat_id)
    assert (await client.get(path)).status_code == 404
    assert (await client.get("/api/chats/nothing/export")).status_code == 404


async def test_a_program_exports_and_imports_with_its_token(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    granted = await tokens.log_in(
        email=alice.email, password=PASSWORD, code="", address="192.0.2.1"
    )
    bearer = {"authorization": f"Bearer {granted.access_token}"}
    answer = await client.post("/api/imports", content=SAMPLE, headers=bearer)
    assert answer.status_code == 200
    found = answer.json()
    assert found["message"] == "Imported 1 chat into 1 project."
    assert found["open"] == f"/projects/{found['projects'][0]}/chat"
    (chat,) = chats.list_page(alice.id, found["projects"][0]).chats
    answer = await client.get(f"/api/chats/{chat.id}/export?format=json", headers=bearer)
    assert answer.json()["chat"]["title"] == "Counting seals"


async def test_a_file_sent_twice_at_once_is_imported_once(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    signed_in(client, alice)
    answers = await asyncio.gather(*(client.post("/api/imports", content=SAMPLE) for _ in range(2)))
    assert sorted(a.status_code for a in answers) in ([200, 200], [200, 409])
    assert stored() == (2, 1, 3)
    assert (await client.post("/api/imports", content=SAMPLE)).json()["present"] == 1


async def test_what_is_too_large_is_not_read_and_a_broken_one_is_refused(
    client: httpx2.AsyncClient, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "MAX_IMPORT_BYTES", 1_000_000)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1024):
            sent += 65_536
            yield b" " * 65_536

    before = stored()
    assert (await client.post("/api/imports", content=endless())).status_code == 401
    assert sent == 0, "who may not import is not read"
    signed_in(client, alice)
    answer = await client.post("/api/imports", content=endless())
    assert answer.status_code == 413
    assert answer.json()["error"].startswith("This file is too large: at most ")
    assert sent < 2_000_000
    for content, words in ((b"", "empty"), (b'[{"mapping": {}', "damaged")):
        answer = await client.post("/api/imports", content=content)
        assert answer.status_code == 422
        assert words in answer.json()["error"]
    assert stored() == before


@pytest.mark.parametrize(
    ("name", "plain", "whole"),
    [
        ('../../etc/"passwd"', "etc passwd.md", "etc passwd.md"),
        ("Über\r\nSet-Cookie: a=b;", "Uber Set-Cookie a=b;.md", "Über Set-Cookie a=b;.md"),
        ("日本語", "chat.md", "日本語.md"),
        ("...", "chat.md", "chat.md"),
        ("a" * 300, "a" * 80 + ".md", "a" * 80 + ".md"),
    ],
)
def test_a_title_makes_a_name_that_every_system_takes(name: str, plain: str, whole: str) -> None:
    header = attachment(name, ".md")
    assert header.startswith(f'attachment; filename="{plain}"; ')
    assert unquote(header.partition("UTF-8''")[2]) == whole
    assert header.isascii()
    assert header.isprintable()


async def test_a_server_without_room_says_so(
    client: httpx2.AsyncClient, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.BytesIO):
        def write(self, _written: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    signed_in(client, alice)
    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    answer = await client.post("/api/imports", content=SAMPLE)
    assert answer.status_code == 503
    assert answer.json()["error"] == "The server has no room for this file right now."
