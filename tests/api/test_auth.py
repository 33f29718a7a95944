"""Registering, signing in and out, and the password: what a browser gets, and what an attacker does not."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from http.cookies import SimpleCookie
from urllib.parse import urljoin, urlsplit

import httpx2
import pytest
from sqlmodel import func, select

from chatbot_app import db
from chatbot_app.api import sizes
from chatbot_app.models import User, UserSession
from chatbot_app.services import accounts
from tests.api.conftest import HOME
from tests.conftest import PASSWORD, Person, person

NEWCOMER = {"name": "Dana", "email": "dana@example.org", "password": "twelve blue whales sing"}
CANARY = "canary-password-81723"


@pytest.fixture(autouse=True)
def tables(request: pytest.FixtureRequest) -> None:
    """Use SQLite, except where a test asks for both databases."""
    if "database" not in request.fixturenames:
        request.getfixturevalue("sqlite")


@pytest.fixture
def alice(sqlite: str) -> Person:
    """Bring the owner in, on SQLite alone: what differs between databases is tested below."""
    return person("Alice")


def cookie_of(answer: httpx2.Response, name: str = "session") -> dict[str, str]:
    """Read one cookie that an answer sets, with its attributes in lower case."""
    jar = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    morsel = jar[name]
    attributes = {key: str(value) for key, value in morsel.items() if value}
    return {"value": morsel.value, **attributes}


def signed_in(client: httpx2.AsyncClient, who: Person) -> None:
    client.cookies.set("session", who.token)


async def sign_in(client: httpx2.AsyncClient, who: Person, **fields: object) -> httpx2.Response:
    return await client.post(
        "/api/auth/sign-in", json={"email": who.email, "password": PASSWORD, **fields}
    )


def count(table: type[User] | type[UserSession]) -> int:
    with db.session() as session:
        return session.exec(select(func.count()).select_from(table)).one()


async def test_registering_signs_in_and_leads_to_the_first_chat(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/auth/register", json=NEWCOMER)
    assert answer.status_code == 201
    assert answer.json()["next"].startswith("/projects/")
    assert (await client.post("/api/auth/sign-out")).status_code == 200


async def test_scripts_and_other_sites_do_not_get_the_cookie(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    cookie = cookie_of(await sign_in(client, alice))
    assert cookie["httponly"] == "True"
    assert cookie["samesite"].lower() == "lax"
    assert cookie["path"] == "/"
    assert "domain" not in cookie
    assert int(cookie["max-age"]) > 0


async def test_on_https_the_cookie_never_leaves_the_host_or_tls(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None]
) -> None:
    settings(PUBLIC_URL="https://chat.example.com")
    cookie = cookie_of(await sign_in(client, alice), "__Host-session")
    assert cookie["secure"] == "True"
    assert cookie["httponly"] == "True"
    assert (cookie["path"], "domain" in cookie) == ("/", False)


async def test_on_https_signing_out_takes_the_cookie_from_the_browser(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None]
) -> None:
    settings(PUBLIC_URL="https://chat.example.com")
    answer = await client.post(
        "/api/auth/sign-out", headers={"cookie": f"__Host-session={alice.token}"}
    )
    cookie = cookie_of(answer, "__Host-session")
    assert cookie.get("max-age", "") == "0"
    assert cookie.get("secure") == "True", "a browser ignores a __Host- cookie that isn't Secure"


async def test_the_token_is_in_the_cookie_alone(client: httpx2.AsyncClient, alice: Person) -> None:
    answer = await sign_in(client, alice)
    assert cookie_of(answer)["value"] not in answer.text


@pytest.mark.parametrize(
    "extra", [{"role": "admin"}, {"is_admin": True}, {"id": "1"}, {"disabled_at": None}]
)
async def test_an_extra_field_is_refused_and_changes_nothing(
    client: httpx2.AsyncClient, extra: dict[str, object]
) -> None:
    answer = await client.post("/api/auth/register", json={**NEWCOMER, **extra})
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert count(User) == 0
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "route", ["register", "sign-in", "sign-out", "password", "forgot", "reset", "verify"]
)
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:3000.evil.example", "http://localhost:3001"],
)
async def test_another_sites_page_is_refused(
    client: httpx2.AsyncClient, alice: Person, route: str, origin: str
) -> None:
    signed_in(client, alice)
    before = count(UserSession)
    answer = await client.post(
        f"/api/auth/{route}",
        json=NEWCOMER,
        headers={"origin": origin, "content-type": "text/plain"},
    )
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "set-cookie" not in answer.headers
    assert (count(User), count(UserSession)) == (1, before)
    assert (await sign_in(client, alice)).status_code == 200


async def test_our_own_page_is_let_in(client: httpx2.AsyncClient, alice: Person) -> None:
    answer = await client.post(
        "/api/auth/sign-in",
        json={"email": alice.email, "password": PASSWORD},
        headers={"origin": HOME},
    )
    assert answer.status_code == 200


async def test_an_unknown_email_and_a_wrong_password_look_alike(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    wrong = await sign_in(client, alice, password=CANARY)
    unknown = await sign_in(client, alice, email="nobody@example.org", password=CANARY)
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    ours = {"content-length", "content-type"}
    assert {k: v for k, v in wrong.headers.items() if k in ours} == {
        k: v for k, v in unknown.headers.items() if k in ours
    }
    assert "set-cookie" not in wrong.headers
    assert "set-cookie" not in unknown.headers


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
async def test_after_some_wrong_passwords_one_has_to_wait_and_is_told_how_long(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None], email: str
) -> None:
    settings(SIGN_IN_FAILURES_PER_ACCOUNT=2)
    for _ in range(2):
        assert (await sign_in(client, alice, email=email, password=CANARY)).status_code == 401
    answer = await sign_in(client, alice, email=email)  # even with the right password
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "try again" in answer.json()["error"]
    charlie = person("Charlie")
    assert (await sign_in(client, charlie)).status_code == 200, "others are not kept waiting"


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/%09/evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/\n/evil.example",
        "evil.example",
        "@evil.example",
    ],
)
async def test_signing_in_never_leads_to_another_site(
    client: httpx2.AsyncClient, alice: Person, target: str
) -> None:
    goal = (await sign_in(client, alice, next=target)).json()["next"]
    # A browser drops tabs and line ends and reads a backslash as a slash (WHATWG URL).
    read = "".join(c for c in goal if c not in "\t\r\n").replace("\\", "/")
    assert read.startswith("/")
    assert urlsplit(urljoin(HOME, read)).netloc == urlsplit(HOME).netloc


async def test_signing_in_leads_back_to_the_page_one_came_from(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    assert (await sign_in(client, alice, next="/settings?tab=1#x")).json()["next"] == (
        "/settings?tab=1#x"
    )


async def test_signing_out_ends_the_session_for_every_copy_of_the_cookie(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    copy = {"cookie": f"session={alice.token}"}
    answer = await client.post("/api/auth/sign-out", headers=copy)
    assert (answer.status_code, answer.json()["next"]) == (200, "/login")
    assert cookie_of(answer)["max-age"] == "0"
    form = {"current_password": PASSWORD, "new_password": "an otter reads the news"}
    changed = await client.post("/api/auth/password", json=form, headers=copy)
    assert changed.status_code == 401


async def test_a_new_password_ends_the_other_sessions_and_the_old_password(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    elsewhere = cookie_of(await sign_in(client, alice))["value"]
    client.cookies.clear()
    signed_in(client, alice)
    new = "an otter reads the news"
    form = {"current_password": PASSWORD, "new_password": new}
    answer = await client.post("/api/auth/password", json=form)
    assert answer.status_code == 200
    client.cookies.clear()
    form = {"current_password": new, "new_password": PASSWORD}
    other = await client.post(
        "/api/auth/password", json=form, headers={"cookie": f"session={elsewhere}"}
    )
    assert other.status_code == 401
    assert (await sign_in(client, alice)).status_code == 401
    assert (await sign_in(client, alice, password=new)).status_code == 200


async def test_nobody_without_a_session_changes_a_password(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    form = {"current_password": PASSWORD, "new_password": "an otter reads the news"}
    for cookie in ("", "session=", "session=abc", f"session={alice.token[:-3]}abc", "session=ä"):
        answer = await client.post(
            "/api/auth/password", json=form, headers={"cookie": cookie.encode()}
        )
        assert answer.status_code == 401
    client.cookies.clear()
    assert (await sign_in(client, alice)).status_code == 200


async def test_guessing_the_current_password_is_slowed_down(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None]
) -> None:
    settings(SIGN_IN_FAILURES_PER_ACCOUNT=2)
    signed_in(client, alice)
    form = {"current_password": CANARY, "new_password": "an otter reads the news"}
    statuses = [(await client.post("/api/auth/password", json=form)).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]


async def test_a_disabled_account_is_told_so_only_with_its_password(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    accounts.disable(alice.id)
    assert (await sign_in(client, alice)).status_code == 403
    assert (await sign_in(client, alice, password=CANARY)).status_code == 401


MALFORMED = [
    f'{{"email": "a@example.org", "password": "{CANARY}"',
    f'["{CANARY}"]',
    f'"{CANARY}"',
    "",
    "null",
    f'{{"email": 7, "password": "{CANARY}"}}',
    f'{{"password": "{CANARY}"}}',
    f'{{"email": "a@example.org", "password": ["{CANARY}"]}}',
    f'{{"email": "\\ud800@example.org", "password": "{CANARY}\\udfff"}}',
    f'{{"email": "a\\u0000@example.org", "password": "{CANARY}\\u0000"}}',
    f'{{"email": "{CANARY}", "password": "{CANARY}"}}',
    "[" * 20_000,
]


@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
@pytest.mark.parametrize("route", ["register", "sign-in"])
async def test_a_malformed_form_gets_a_sentence_that_quotes_nothing(
    client: httpx2.AsyncClient, body: str, route: str
) -> None:
    answer = await client.post(
        f"/api/auth/{route}", content=body, headers={"content-type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert len(answer.json()["error"].split()) >= 3
    assert CANARY not in answer.text
    assert "Traceback" not in answer.text


async def test_bytes_that_are_no_text_get_a_sentence(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/api/auth/sign-in", content=b'\xff\xfe{"', headers={"content-type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize("route", ["register", "sign-in"])
async def test_a_huge_password_is_refused_and_not_echoed(
    client: httpx2.AsyncClient, route: str
) -> None:
    huge = CANARY * 40_000
    fields = {**NEWCOMER, "password": huge} if route == "register" else {"email": "a@b.de"}
    answer = await client.post(f"/api/auth/{route}", json={**fields, "password": huge})
    assert answer.status_code in (413, 422)
    assert CANARY not in answer.text
    assert len(answer.text) < 1000


async def test_a_body_without_end_is_not_read_to_the_end(client: httpx2.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'{"email": "a@example.org", "password": "'
        for _ in range(1024):
            sent += 65_536
            yield b"x" * 65_536

    answer = await client.post(
        "/api/auth/sign-in", content=endless(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 413
    assert answer.json()["error"].endswith(".")
    assert sent <= 2 * 1024 * 1024, "an anonymous visitor must not fill the memory"


async def test_a_body_that_comes_byte_by_byte_is_not_waited_for(
    client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizes, "BODY_SECONDS", 0.2)

    async def dripping() -> AsyncIterator[bytes]:
        yield b'{"email": "a@example.org", "password": "'
        for _ in range(1_000):
            await asyncio.sleep(0.02)
            yield b"x"

    began = time.monotonic()
    answer = await client.post(
        "/api/auth/sign-in", content=dripping(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 408
    assert answer.json()["error"].endswith(".")
    assert answer.headers["connection"] == "close"
    assert time.monotonic() - began < 10, "all of it takes 20 s"


async def test_what_is_not_there_is_answered_without_a_trace(client: httpx2.AsyncClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/api/auth/nothing"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert "Traceback" not in answer.text


async def test_refusals_of_both_databases_read_alike(
    client: httpx2.AsyncClient, database: str
) -> None:
    assert (await client.post("/api/auth/register", json=NEWCOMER)).status_code == 201
    again = await client.post("/api/auth/register", json=NEWCOMER)
    assert (again.status_code, "already" in again.json()["error"]) == (409, True)
    assert json.loads(again.text).keys() == {"error"}
