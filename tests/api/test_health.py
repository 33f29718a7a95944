"""Alive and ready are two questions: a process without its database is alive, but can't serve."""

import asyncio
import threading
from pathlib import Path

import httpx2
import pytest

from chatbot_app import db, migrations
from chatbot_app.api import health


async def test_with_a_current_database_it_is_ready(
    client: httpx2.AsyncClient, database: str
) -> None:
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready"})


async def test_before_the_migrations_it_is_not_ready(
    client: httpx2.AsyncClient, empty_database: str
) -> None:
    assert (await client.get("/readyz")).status_code == 503
    assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_with_the_database_away_it_is_alive_but_not_ready(
    client: httpx2.AsyncClient, tmp_path: Path, kind: str
) -> None:
    secret = "canary-database-password"
    addresses = {
        "sqlite": f"sqlite:///{tmp_path}/no/such/directory/chat.db",
        "postgresql": f"postgresql+psycopg2://chat:{secret}@127.0.0.1:1/chat",
    }
    db.configure(addresses[kind])
    try:
        ready, alive = await client.get("/readyz"), await client.get("/healthz")
        sign_in = await client.post(
            "/api/auth/sign-in", json={"email": "a@example.org", "password": "x"}
        )
    finally:
        db.configure(None)
    assert (ready.status_code, alive.status_code) == (503, 200)
    assert (sign_in.status_code, sign_in.json()["error"].endswith(".")) == (503, True)
    for answer in (ready, alive, sign_in):
        assert secret not in answer.text


async def test_the_database_coming_back_makes_it_ready_again(
    client: httpx2.AsyncClient, sqlite: str, tmp_path: Path
) -> None:
    db.configure(f"sqlite:///{tmp_path}/no/such/directory/chat.db")
    assert (await client.get("/readyz")).status_code == 503
    db.configure(sqlite)
    assert (await client.get("/readyz")).status_code == 200


async def test_a_database_that_hangs_is_not_ready_and_takes_one_thread(
    client: httpx2.AsyncClient, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_now, asked = threading.Event(), []

    def hang() -> bool:
        asked.append(True)
        return answer_now.wait(10)

    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(migrations, "is_ready", hang)
    try:
        answers = await asyncio.gather(*(client.get("/readyz") for _ in range(5)))
        assert {answer.status_code for answer in answers} == {503}
        assert (await client.get("/readyz")).status_code == 503
        assert len(asked) == 1
    finally:
        answer_now.set()
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 5.0)
    assert (await client.get("/readyz")).status_code == 200
