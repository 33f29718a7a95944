"""Signing in as a program does, over HTTP."""

from collections.abc import Callable

import httpx2
import pytest

from tests.conftest import PASSWORD, Person, person
from tests.second_factor import protected


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


async def log_in(client: httpx2.AsyncClient, who: Person, **fields: object) -> httpx2.Response:
    return await client.post(
        "/api/auth/login", json={"email": who.email, "password": PASSWORD, **fields}
    )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_a_program_learns_who_it_is(client: httpx2.AsyncClient, alice: Person):
    answer = await log_in(client, alice)
    tokens = answer.json()
    me = await client.get("/api/auth/me", headers=bearer(tokens["access_token"]))

    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert me.json() == {
        "id": str(alice.id),
        "name": "Alice",
        "email": alice.email,
        "role": "user",
        "email_verified": True,
    }


async def test_the_browser_learns_it_by_its_cookie(client: httpx2.AsyncClient, alice: Person):
    client.cookies.set("session", alice.token)

    assert (await client.get("/api/auth/me")).json()["email"] == alice.email


async def test_whoever_is_not_signed_in_is_told_how(client: httpx2.AsyncClient, sqlite: str):
    answer = await client.get("/api/auth/me", headers=bearer("made-up"))

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_session_cookie_is_no_bearer_token(client: httpx2.AsyncClient, alice: Person):
    assert (await client.get("/api/auth/me", headers=bearer(alice.token))).status_code == 401


async def test_a_bearer_token_that_is_wrong_does_not_fall_back_to_the_cookie(
    client: httpx2.AsyncClient, alice: Person
):
    client.cookies.set("session", alice.token)

    assert (await client.get("/api/auth/me", headers=bearer("x"))).status_code == 401


async def test_refresh_and_log_out(client: httpx2.AsyncClient, alice: Person):
    first = (await log_in(client, alice)).json()
    old = {"refresh_token": first["refresh_token"]}
    second = (await client.post("/api/auth/refresh", json=old)).json()
    new = {"refresh_token": second["refresh_token"]}

    assert (await client.post("/api/auth/logout", json=new)).status_code == 200
    assert (await client.post("/api/auth/refresh", json=new)).status_code == 401
    me = await client.get("/api/auth/me", headers=bearer(second["access_token"]))
    assert me.status_code == 401


async def test_a_page_of_another_site_gets_no_tokens(client: httpx2.AsyncClient, alice: Person):
    answer = await client.post(
        "/api/auth/login",
        json={"email": alice.email, "password": PASSWORD},
        headers={"origin": "https://evil.example"},
    )

    assert answer.status_code == 403


async def test_guesses_are_slowed_down_here_too(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None]
):
    settings(SIGN_IN_FAILURES_PER_ACCOUNT=2)
    answers = [await log_in(client, alice, password=f"wrong password {n}") for n in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]


async def test_a_program_that_asks_without_end_is_slowed_down(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None]
):
    settings(EVENTS_PER_SECOND=1)
    client.cookies.set("session", alice.token)
    answers = [(await client.get("/api/auth/me")).status_code for _ in range(15)]

    assert answers[:10] == [200] * 10
    assert 429 in answers


async def test_whoever_has_a_second_factor_gives_its_code_too(
    client: httpx2.AsyncClient, alice: Person
):
    phone, recovery_codes = await protected(alice)

    asked = await log_in(client, alice)
    wrong = await log_in(client, alice, code=phone.wrong_code())
    code = phone.code()
    right = await log_in(client, alice, code=code)
    again = await log_in(client, alice, code=code)
    by_recovery = await log_in(client, alice, code=recovery_codes[0])

    assert (asked.status_code, asked.json()["needs"]) == (401, "code")
    assert (wrong.status_code, "needs" in wrong.json()) == (401, False)
    assert [right.status_code, again.status_code, by_recovery.status_code] == [200, 401, 200]


async def test_refreshing_without_end_is_slowed_down_too(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None]
):
    settings(EVENTS_PER_SECOND=1)
    tokens = (await log_in(client, alice)).json()
    answers: list[int] = []
    while 429 not in answers and len(answers) < 100:
        form = {"refresh_token": tokens["refresh_token"]}
        answer = await client.post("/api/auth/refresh", json=form)
        answers.append(answer.status_code)
        tokens = answer.json() if answer.status_code == 200 else tokens

    assert answers[:10] == [200] * 10
    assert 429 in answers
