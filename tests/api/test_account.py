"""Taking everything along, and leaving, over HTTP."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx2
import pytest
from sqlmodel import select, update

from chatbot_app import db
from chatbot_app.generation import Engine, worker
from chatbot_app.models import AnswerRun, AuditEntry, Message, User, UserSession, now
from chatbot_app.services import answers, sessions
from tests.api.test_auth import cookie_of, signed_in
from tests.conftest import PASSWORD, Person, person, say
from tests.generation.scripted import ScriptedModel


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


@pytest.fixture
async def engine(sqlite: str) -> AsyncIterator[Engine]:
    yield await worker.open_engine(ScriptedModel(), shutdown_seconds=0)
    await worker.close_engine()


def make_admin(who: Person) -> None:
    with db.session(write=True) as session:
        found = session.get(User, who.id)
        assert found
        found.role = "admin"


def remaining() -> list[str]:
    with db.session() as session:
        return list(session.exec(select(User.email).order_by(User.email)))


async def test_the_download_is_a_file_with_all_that_was_said(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    say(alice, "Where is the treasure?", "Under the lighthouse.")
    signed_in(client, alice)

    answer = await client.get("/api/account/export")

    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"].startswith('attachment; filename="chatbot-data-')
    assert answer.headers["cache-control"] == "no-store"
    (project,) = json.loads(answer.text)["projects"]
    said = [message["content"] for message in project["chats"][0]["messages"]]
    assert said == ["Where is the treasure?", "Under the lighthouse."]
    assert (await client.get("/api/account/export")).status_code == 429


async def test_only_the_signed_in_download_anything(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    assert (await client.get("/api/account/export")).status_code == 401
    sessions.sign_out(alice.viewer)
    signed_in(client, alice)
    assert (await client.get("/api/account/export")).status_code == 401


async def test_deleting_stops_live_answers_and_leaves_nothing_behind(
    client: httpx2.AsyncClient, alice: Person, engine: Engine
) -> None:
    charlie = person("Charlie")
    theirs = say(charlie, "Theirs")
    await answers.send(alice.id, alice.project_id, None, "Tell me everything")
    assert len(engine.live) == 1
    signed_in(client, alice)

    answer = await client.post("/api/account/delete", json={"password": PASSWORD})

    assert answer.status_code == 200
    assert answer.json() == {"next": "/", "forget": True}
    assert cookie_of(answer)["max-age"] == "0"
    assert not engine.live
    assert remaining() == [charlie.email]
    with db.session() as session:
        assert session.exec(select(AnswerRun)).all() == []
        assert {str(m.chat_id) for m in session.exec(select(Message))} == {theirs.chat.id}
        assert [row.user_id for row in session.exec(select(UserSession))] == [charlie.id]
        entry = session.exec(select(AuditEntry).where(AuditEntry.action == "delete")).one()
    assert (entry.actor_id, entry.target_id, entry.outcome) == (alice.id, alice.id, "done")
    again = await client.post(
        "/api/account/delete",
        json={"password": PASSWORD},
        headers={"cookie": f"session={alice.token}"},
    )
    assert again.status_code == 401


@pytest.mark.parametrize("form", [{"password": "not the password at all"}, {"password": ""}, {}])
async def test_without_the_password_nothing_is_deleted(
    client: httpx2.AsyncClient, alice: Person, engine: Engine, form: dict[str, str]
) -> None:
    await answers.send(alice.id, alice.project_id, None, "Tell me everything")
    signed_in(client, alice)

    answer = await client.post("/api/account/delete", json=form)

    assert answer.status_code in (401, 422)
    assert answer.json()["error"]
    assert "set-cookie" not in answer.headers
    assert remaining() == [alice.email]
    assert len(engine.live) == 1, "not even the answer is stopped"


async def test_the_last_administrator_stays_and_is_told_why(
    client: httpx2.AsyncClient, alice: Person, engine: Engine
) -> None:
    make_admin(alice)
    await answers.send(alice.id, alice.project_id, None, "Tell me everything")
    signed_in(client, alice)

    answer = await client.post("/api/account/delete", json={"password": PASSWORD})

    assert answer.status_code == 409
    assert "only administrator" in answer.json()["error"]
    assert remaining() == [alice.email]
    assert len(engine.live) == 1
    make_admin(person("Charlie"))
    answer = await client.post("/api/account/delete", json={"password": PASSWORD})
    assert answer.status_code == 200


async def test_without_a_password_a_fresh_sign_in_stands_for_it(
    client: httpx2.AsyncClient, alice: Person, engine: Engine
) -> None:
    with db.session(write=True) as session:
        session.exec(update(User).values(password_hash=""))
        session.exec(update(UserSession).values(created_at=now() - timedelta(minutes=11)))
    sessions.forget()
    signed_in(client, alice)
    answer = await client.post("/api/account/delete", json={})
    assert answer.status_code == 403
    assert "sign out and in again" in answer.json()["error"]

    with db.session(write=True) as session:
        session.exec(update(UserSession).values(created_at=now()))
    sessions.forget()
    assert (await client.post("/api/account/delete", json={})).status_code == 200
    assert remaining() == []


@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_another_sites_page_is_refused(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None], method: str
) -> None:
    signed_in(client, alice)
    path = "/api/account/delete" if method == "POST" else "/api/account/export"
    body = {"password": PASSWORD} if method == "POST" else None
    answer = await client.request(
        method, path, json=body, headers={"origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert remaining() == [alice.email]
