"""Signing in by Google, GitHub and the like: who gets in, and what a provider that lies achieves."""

import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from sqlmodel import select

from chatbot_app import db, security
from chatbot_app.api import create_api
from chatbot_app.identity_providers import discovery, outside
from chatbot_app.models import AuditEntry, Identity, Project, User, UserSession
from chatbot_app.services import accounts, handshakes, sessions
from tests.api.conftest import HOME
from tests.api.test_auth import cookie_of
from tests.conftest import Person, person
from tests.oidc_server import CLIENT_SECRET, LEFT_OUT, IdentityServer, another
from tests.second_factor import protected

PROVIDERS = ["oidc", "github"]
ROWS = (User, UserSession, Identity, Project, AuditEntry)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[IdentityServer]:
    with IdentityServer() as server:
        yield server


@pytest.fixture
def server(shared_server: IdentityServer, sqlite: str, settings: Callable[..., None]) -> Any:
    """Give a provider as if it were new, which the app knows twice."""
    shared_server.reset()
    settings(**shared_server.settings)
    discovery.forget()
    handshakes.forget()
    return shared_server


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


@pytest.fixture
async def outside_world() -> AsyncIterator[httpx2.AsyncClient]:
    """Be the browser where it is at the provider."""
    async with httpx2.AsyncClient(trust_env=False, verify=False) as browser:
        yield browser


@pytest.fixture
async def another_browser(settings: object) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=create_api(), client=("203.0.113.8", 4711))
    async with httpx2.AsyncClient(transport=transport, base_url=HOME) as running:
        yield running


async def set_out(client: httpx2.AsyncClient, provider: str = "oidc", **form: str) -> str:
    """Press the button; gives where the browser is sent."""
    answer = await client.post(
        f"/api/auth/oidc/{provider}/start", json=form, headers={"origin": HOME}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["next"]


async def at_provider(url: str) -> str:
    """Agree at the provider; gives where it leads back to."""
    async with httpx2.AsyncClient(trust_env=False, verify=False) as browser:
        answer = await browser.get(url)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def walk(client: httpx2.AsyncClient, provider: str = "oidc", **form: str) -> httpx2.Response:
    """Go all the way there and back."""
    return await client.get(await at_provider(await set_out(client, provider, **form)))


def rows() -> list[str]:
    with db.session() as session:
        return sorted(repr(row) for table in ROWS for row in session.exec(select(table)))


def all_of(table: Any) -> list[Any]:
    with db.session() as session:
        return list(session.exec(select(table)))


def problem_of(answer: httpx2.Response) -> str:
    """The word in the address that a refused one is led to, which gave no session."""
    assert answer.status_code == 303
    assert not any(c.startswith("session=") for c in answer.headers.get_list("set-cookie"))
    where = urlsplit(answer.headers["location"])
    assert where.path in ("/login", "/settings")
    return parse_qs(where.query)["problem"][0]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_somebody_new_gets_an_account_without_a_password_and_their_email_is_confirmed(
    client: httpx2.AsyncClient, server: IdentityServer, provider: str
) -> None:
    answer = await walk(client, provider)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/projects/")
    assert answer.headers["cache-control"] == "no-store"
    viewer = sessions.resolve(cookie_of(answer)["value"])
    assert (viewer.name, viewer.email) == ("Dana Scully", "dana@example.org")
    [user], [identity] = all_of(User), all_of(Identity)
    assert (user.password_hash, user.role) == ("", "user")
    assert user.email_verified_at is not None
    assert (identity.subject, identity.email) == ("1001", "dana@example.org")
    assert identity.issuer == (server.issuer if provider == "oidc" else server.github)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_the_same_identity_comes_back_to_the_same_account_whatever_its_email_is_by_then(
    client: httpx2.AsyncClient, server: IdentityServer, provider: str
) -> None:
    await walk(client, provider)
    client.cookies.clear()
    server.person = another(email="married@example.org", is_verified=False, name="Dana M.")
    answer = await walk(client, provider, next="/projects")
    assert answer.headers["location"] == "/projects"
    assert sessions.resolve(cookie_of(answer)["value"]).email == "dana@example.org"
    assert len(all_of(User)) == 1
    entry = [e for e in all_of(AuditEntry) if e.action == "sign-in"][-1]
    assert entry.detail == ("Example Works" if provider == "oidc" else "GitHub")


async def test_the_address_asks_for_a_code_with_a_challenge_and_tells_nothing_secret(
    client: httpx2.AsyncClient, server: IdentityServer
) -> None:
    url = await set_out(client)
    kept = security.unsign(
        client.cookies["handshake"], kind=security.OIDC, secret="for tests only " * 3
    )
    asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
    assert asked["redirect_uri"] == f"{HOME}/api/auth/oidc/oidc/callback"
    assert asked["code_challenge_method"] == "S256"
    assert (asked["state"], asked["nonce"]) == (kept["state"], kept["nonce"])
    assert kept["verifier"] not in url
    assert CLIENT_SECRET not in url


async def test_certificates_are_read_once_and_beside_the_event_loop(
    client: httpx2.AsyncClient, server: IdentityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside._read_certificates.cache_clear()
    read, readers = ssl.SSLContext.load_verify_locations, list[threading.Thread]()

    def reading(*arguments: Any, **options: Any) -> None:
        readers.append(threading.current_thread())
        read(*arguments, **options)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", reading)
    for provider in PROVIDERS:
        client.cookies.clear()
        await set_out(client, provider)
    assert len(readers) == 1
    assert readers[0] is not threading.current_thread()


async def test_what_the_browser_keeps_is_out_of_reach_of_scripts_and_gone_afterwards(
    client: httpx2.AsyncClient, server: IdentityServer, settings: Callable[..., None]
) -> None:
    answer = await client.post("/api/auth/oidc/oidc/start", json={})
    cookie = cookie_of(answer, "handshake")
    assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"]) == ("True", "lax", "/")
    assert int(cookie["max-age"]) == 600
    back = await client.get(await at_provider(answer.json()["next"]))
    assert cookie_of(back, "handshake")["max-age"] == "0"
    settings(PUBLIC_URL="https://chat.example.com")
    answer = await client.post("/api/auth/oidc/oidc/start", json={})
    assert cookie_of(answer, "__Host-handshake")["secure"] == "True"


FORGED: dict[str, tuple[dict[str, Any], str]] = {
    "another nonce": ({"claims": {"nonce": "another"}}, "nonce"),
    "no nonce": ({"claims": {"nonce": LEFT_OUT}}, "MissingClaim"),
    "a nonce that is no text": ({"claims": {"nonce": 7}}, "nonce"),
    "another audience": ({"claims": {"aud": "another"}}, "InvalidClaim"),
    "no audience": ({"claims": {"aud": LEFT_OUT}}, "MissingClaim"),
    "several audiences, no party": ({"claims": {"aud": ["chatbot", "another"]}}, "azp"),
    "another party": ({"claims": {"azp": "another"}}, "azp"),
    "another issuer": ({"claims": {"iss": "https://accounts.google.com"}}, "InvalidClaim"),
    "no issuer": ({"claims": {"iss": LEFT_OUT}}, "MissingClaim"),
    "no subject": ({"claims": {"sub": LEFT_OUT}}, "MissingClaim"),
    "an empty subject": ({"claims": {"sub": ""}}, "InvalidClaim"),
    "a subject that is no text": ({"claims": {"sub": 1001}}, "InvalidClaim"),
    "a subject without end": ({"claims": {"sub": "1" * 256}}, "sub"),
    "a subject that can't be stored": ({"claims": {"sub": "1\x00"}}, "sub"),
    "expired": ({"claims": {"exp": int(time.time()) - 90}}, "ExpiredToken"),
    "no expiry": ({"claims": {"exp": LEFT_OUT}}, "MissingClaim"),
    "an expiry that is no number": ({"claims": {"exp": "never"}}, "InvalidClaim"),
    "from the future": ({"claims": {"iat": int(time.time()) + 3600}}, "InvalidClaim"),
    "no time of issue": ({"claims": {"iat": LEFT_OUT}}, "MissingClaim"),
    "not signed": ({"algorithm": "none"}, "alg"),
    "signed with the public key": ({"algorithm": "HS256"}, "alg"),
    "signed by somebody else": ({"foreign_key": True}, "signature"),
    "signed by somebody else, naming no key": (
        {"foreign_key": True, "key_id": LEFT_OUT},
        "doesn't publish",
    ),
    "a key that is not published": ({"key_id": "unknown"}, "doesn't publish"),
    "no ID token": ({"id_token": False}, "KeyError"),
    "an answer that is none": ({"token_body": ["nothing"]}, "ValueError"),
    "an ID token that is none": (
        {"token_body": {"access_token": "x", "id_token": "a.b"}},
        "ID token",
    ),
    "an ID token that is no text": (
        {"token_body": {"access_token": "x", "id_token": 7}},
        "no ID token",
    ),
    "userinfo of somebody else": (
        {"email_in_token": False, "userinfo_subject": "1002"},
        "somebody else",
    ),
    "a code from another issuer": (
        {"callback": {"iss": "https://accounts.google.com"}},
        "another issuer",
    ),
    "a refusal": ({"token_status": 400, "token_body": {"error": "invalid_grant"}}, "invalid_grant"),
    "a refusal without words": ({"token_status": 400, "token_body": "no"}, "400"),
    "an error": ({"callback": {"error": "server_error", "code": ""}}, ""),
}


@pytest.mark.parametrize(("faults", "reason"), FORGED.values(), ids=FORGED)
async def test_a_provider_that_lies_proves_nothing(
    client: httpx2.AsyncClient,
    server: IdentityServer,
    faults: dict[str, Any],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in faults.items():
        setattr(server.faults, name, value)
    before = rows()
    answer = await walk(client)
    assert problem_of(answer) == "unproven"
    assert reason in caplog.text, "it was refused for what is wrong with it"
    assert rows() == before
    assert cookie_of(answer, "handshake")["max-age"] == "0"


DOCUMENTS: dict[str, dict[str, Any]] = {
    "of another issuer": {"issuer": "https://accounts.google.com"},
    "of an issuer below": {"issuer": LEFT_OUT},
    "without keys": {"jwks_uri": LEFT_OUT},
    "with an address that is none": {"token_endpoint": "file:///etc/passwd"},
    "that speaks another language": {"authorization_endpoint": "javascript:alert(1)"},
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
async def test_a_document_that_does_not_fit_is_refused_before_anybody_leaves(
    client: httpx2.AsyncClient, server: IdentityServer, document: dict[str, Any]
) -> None:
    server.faults.document = document
    answer = await client.post("/api/auth/oidc/oidc/start", json={})
    assert answer.status_code == 403
    assert "Example Works" in answer.json()["error"]
    assert "set-cookie" not in answer.headers


async def test_plain_http_is_for_this_machine_alone(
    client: httpx2.AsyncClient, server: IdentityServer, settings: Callable[..., None]
) -> None:
    assert outside.is_private("http://127.0.0.1:8080/x", may_be_http=False)
    assert outside.is_private("https://id.example.org", may_be_http=False)
    for url in ("http://id.example.org", "http://10.0.0.1/", "ftp://localhost/", "id", ""):
        assert not outside.is_private(url, may_be_http=False), url


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_provider_that_is_ill_or_slow_is_told_apart_from_one_that_refuses(
    client: httpx2.AsyncClient,
    server: IdentityServer,
    provider: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = rows()
    server.faults.token_status = 500
    assert problem_of(await walk(client, provider)) == "unavailable"
    server.faults.token_status = 200
    back = await at_provider(await set_out(client, provider))
    monkeypatch.setattr(outside, "PATIENCE_SECONDS", 0.1)
    server.faults.delay = 1
    assert problem_of(await client.get(back)) == "unavailable"
    assert rows() == before


async def test_a_provider_that_is_away_is_told_in_the_form(
    client: httpx2.AsyncClient, server: IdentityServer, settings: Callable[..., None]
) -> None:
    settings(OIDC_ISSUER="http://127.0.0.1:9/oidc")
    answer = await client.post("/api/auth/oidc/oidc/start", json={})
    assert answer.status_code == 503
    assert answer.json()["error"].startswith("Example Works can't be reached")


async def test_a_new_key_is_fetched_once_and_an_unknown_one_too(
    client: httpx2.AsyncClient, server: IdentityServer
) -> None:
    assert (await walk(client)).headers["location"].startswith("/projects/")
    server.rotate_key()
    assert (await walk(client)).headers["location"].startswith("/projects/")
    assert server.requests.count("/oidc/keys") == 2
    assert server.requests.count("/oidc/.well-known/openid-configuration") == 1
    server.faults.key_id = "unknown"
    await walk(client)
    assert server.requests.count("/oidc/keys") == 3


@pytest.mark.parametrize(
    "faults",
    [
        {"email_in_token": False},
        {"email_in_token": False, "expires_in": 30},
        {"key_id": LEFT_OUT},
        {"claims": {"aud": ["chatbot"]}},
        {"claims": {"aud": ["chatbot", "another"], "azp": "chatbot"}},
        {"claims": {"email_verified": "true"}},
        {"claims": {"exp": int(time.time()) + 86_400, "iat": int(time.time()) + 30}},
        {"document": {"token_endpoint_auth_methods_supported": ["client_secret_post"]}},
        {"algorithm": "PS256"},
        {"claims": {"name": None, "picture": None}},
    ],
)
async def test_what_the_standards_allow_is_taken(
    client: httpx2.AsyncClient, server: IdentityServer, faults: dict[str, Any]
) -> None:
    for name, value in faults.items():
        setattr(server.faults, name, value)
    assert (await walk(client)).headers["location"].startswith("/projects/")


async def test_an_issuer_may_end_with_a_slash_and_name_itself_on_the_way_back(
    client: httpx2.AsyncClient, server: IdentityServer, settings: Callable[..., None]
) -> None:
    issuer = f"{server.issuer}/"
    settings(OIDC_ISSUER=issuer)
    server.faults.document = {
        "issuer": issuer,
        "authorization_response_iss_parameter_supported": True,
    }
    server.faults.claims = {"iss": issuer}
    assert problem_of(await walk(client)) == "unproven", "it promised to name itself"
    server.faults.callback = {"iss": issuer}
    assert (await walk(client)).headers["location"].startswith("/projects/")


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("changes", [{"is_verified": False}, {"email": "not an address"}])
async def test_an_email_that_nobody_confirmed_opens_and_makes_no_account(
    client: httpx2.AsyncClient, server: IdentityServer, provider: str, changes: dict[str, Any]
) -> None:
    server.person = another(**changes)
    assert problem_of(await walk(client, provider)) == "unverified"
    assert all_of(User) == []


@pytest.mark.parametrize("said", ["false", "yes", 1, None, [], {}])
async def test_only_a_plain_yes_confirms_an_email(
    client: httpx2.AsyncClient, server: IdentityServer, said: Any
) -> None:
    server.person = another(is_verified=said)
    assert problem_of(await walk(client)) in ("unverified", "unproven")
    assert all_of(User) == []


async def test_a_github_without_a_primary_email_makes_no_account(
    client: httpx2.AsyncClient, server: IdentityServer
) -> None:
    server.faults.primary_email = False
    assert problem_of(await walk(client, "github")) == "unverified"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_account_is_not_opened_by_its_email(
    client: httpx2.AsyncClient, server: IdentityServer, alice: Person, provider: str
) -> None:
    server.person = another(email="ALICE@example.org")
    sessions_before = len(all_of(UserSession))
    answer = await walk(client, provider)
    assert problem_of(answer) == "email-taken"
    assert urlsplit(answer.headers["location"]).path == "/login"
    assert all_of(Identity) == []
    assert len(all_of(UserSession)) == sessions_before
    entry = all_of(AuditEntry)[-1]
    assert (entry.action, entry.outcome, entry.target_id) == ("sign-in", "refused", alice.id)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_who_is_signed_in_connects_the_same_email_and_then_signs_in_by_it(
    client: httpx2.AsyncClient, server: IdentityServer, alice: Person, provider: str
) -> None:
    server.person = another(email="Alice@example.org")
    client.cookies.set("session", alice.token)
    answer = await walk(client, provider, connect="yes")
    assert answer.headers["location"] == f"/settings?connected={provider}"
    assert not any(c.startswith("session=") for c in answer.headers.get_list("set-cookie"))
    client.cookies.clear()
    answer = await walk(client, provider)
    assert sessions.resolve(cookie_of(answer)["value"]).user_id == alice.id
    assert [e.action for e in all_of(AuditEntry)] == ["identity-connect", "sign-in"]


async def test_another_email_is_not_connected(
    client: httpx2.AsyncClient, server: IdentityServer, alice: Person
) -> None:
    client.cookies.set("session", alice.token)
    answer = await walk(client, connect="yes")
    assert problem_of(answer) == "other-email"
    assert urlsplit(answer.headers["location"]).path == "/settings"
    server.person = another(email=alice.email, is_verified=False)
    assert problem_of(await walk(client, connect="yes")) == "unverified"
    assert all_of(Identity) == []


async def test_connecting_needs_the_session_that_began_it(
    client: httpx2.AsyncClient, server: IdentityServer, alice: Person
) -> None:
    server.person = another(email=alice.email)
    assert (
        await client.post("/api/auth/oidc/oidc/start", json={"connect": "yes"})
    ).status_code == 401
    client.cookies.set("session", alice.token)
    back = await at_provider(await set_out(client, connect="yes"))
    client.cookies.delete("session")
    client.cookies.set("session", person("Charlie").token)
    assert problem_of(await client.get(back)) == "other-session"
    assert all_of(Identity) == []


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_second_factor_is_asked_for_as_after_a_password(
    client: httpx2.AsyncClient, server: IdentityServer, alice: Person, provider: str
) -> None:
    phone, _ = await protected(alice)
    server.person = another(email=alice.email)
    client.cookies.set("session", alice.token)
    await walk(client, provider, connect="yes")
    client.cookies.clear()

    answer = await walk(client, provider, next="/projects")
    assert answer.headers["location"] == "/login/code?next=/projects"
    assert "session" not in client.cookies
    answer = await client.post(
        "/api/auth/sign-in/code", json={"code": phone.code(), "next": "/projects"}
    )
    assert answer.json() == {"next": "/projects"}
    assert sessions.resolve(cookie_of(answer)["value"]).user_id == alice.id
    entry = all_of(AuditEntry)[-1]
    name = "Example Works" if provider == "oidc" else "GitHub"
    assert (entry.action, entry.detail[: len(name)]) == ("sign-in", name)


async def test_a_disabled_account_stays_out(
    client: httpx2.AsyncClient, server: IdentityServer
) -> None:
    await walk(client)
    client.cookies.clear()
    accounts.disable(all_of(User)[0].id)
    before = len(all_of(UserSession))
    assert problem_of(await walk(client)) == "disabled"
    assert len(all_of(UserSession)) == before


@pytest.mark.parametrize("registration", ["closed", "invitation"])
async def test_where_registration_is_not_open_only_those_who_have_an_account_come_in(
    client: httpx2.AsyncClient,
    server: IdentityServer,
    settings: Callable[..., None],
    registration: str,
) -> None:
    settings(REGISTRATION=registration)
    assert problem_of(await walk(client)) == "closed"
    assert all_of(User) == []


async def test_the_administrators_email_is_not_to_be_had_this_way(
    client: httpx2.AsyncClient, server: IdentityServer, settings: Callable[..., None]
) -> None:
    settings(ADMIN_EMAIL="dana@example.org")
    assert problem_of(await walk(client)) == "reserved"
    assert all_of(User) == []


async def test_the_way_back_is_good_for_the_browser_that_set_out(
    client: httpx2.AsyncClient, another_browser: httpx2.AsyncClient, server: IdentityServer
) -> None:
    back = await at_provider(await set_out(client))
    before = rows()
    assert problem_of(await another_browser.get(back)) == "expired"
    await set_out(another_browser)
    assert problem_of(await another_browser.get(back)) == "expired", "its state is another"
    assert rows() == before
    assert server.requests.count("/oidc/token") == 0


async def test_nothing_of_it_is_good_twice(
    client: httpx2.AsyncClient, server: IdentityServer
) -> None:
    back = await at_provider(await set_out(client))
    kept = client.cookies["handshake"]
    assert (await client.get(back)).headers["location"].startswith("/projects/")
    client.cookies.clear()
    assert problem_of(await client.get(back)) == "expired"
    client.cookies.set("handshake", kept)
    assert problem_of(await client.get(back)) == "unproven", "the code was used"
    assert len(all_of(UserSession)) == 1


async def test_a_code_is_good_only_with_the_verifier_that_it_was_asked_with(
    client: httpx2.AsyncClient, another_browser: httpx2.AsyncClient, server: IdentityServer
) -> None:
    """Somebody who caught another's code puts it into an address of their own."""
    caught = parse_qs(urlsplit(await at_provider(await set_out(client))).query)["code"][0]
    own = urlsplit(await at_provider(await set_out(another_browser)))
    state = parse_qs(own.query)["state"][0]
    answer = await another_browser.get(own.path, params={"code": caught, "state": state})
    assert problem_of(answer) == "unproven"


@pytest.mark.parametrize(("begun", "other"), [("oidc", "github"), ("github", "oidc")])
async def test_a_code_of_one_provider_is_not_taken_to_another(
    client: httpx2.AsyncClient, server: IdentityServer, begun: str, other: str
) -> None:
    back = await at_provider(await set_out(client, begun))
    server.requests.clear()
    answer = await client.get(back.replace(f"/{begun}/callback", f"/{other}/callback"))
    assert problem_of(answer) == "expired"
    assert server.requests == []


async def test_after_ten_minutes_one_begins_again(
    client: httpx2.AsyncClient, server: IdentityServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshakes, "LIFETIME", -handshakes.LIFETIME)
    answer = await client.post("/api/auth/oidc/oidc/start", json={})
    token = answer.headers["set-cookie"].partition("handshake=")[2].partition(";")[0]
    client.cookies.set("handshake", token)
    assert problem_of(await client.get(await at_provider(answer.json()["next"]))) == "expired"


async def test_a_session_is_no_handshake_and_a_handshake_no_session(
    client: httpx2.AsyncClient, server: IdentityServer, alice: Person
) -> None:
    await set_out(client)
    client.cookies.set("session", client.cookies["handshake"])
    assert (await client.post("/api/auth/password", json={})).status_code in (401, 422)
    client.cookies.delete("session")
    client.cookies.set("handshake", alice.token)
    answer = await client.get("/api/auth/oidc/oidc/callback?code=x&state=y")
    assert problem_of(answer) == "expired"


async def test_who_changes_their_mind_is_told_that_nothing_happened(
    client: httpx2.AsyncClient, server: IdentityServer
) -> None:
    server.faults.callback = {"error": "access_denied", "code": ""}
    assert problem_of(await walk(client)) == "cancelled"


async def test_no_word_of_the_address_comes_back_in_it(
    client: httpx2.AsyncClient, server: IdentityServer
) -> None:
    server.faults.callback = {
        "error": "<script>alert(1)</script>",
        "error_description": "canary",
        "code": "",
    }
    answer = await walk(client)
    assert "script" not in answer.headers["location"]
    assert "canary" not in answer.headers["location"] + answer.text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example"])
async def test_it_never_leads_to_another_site(
    client: httpx2.AsyncClient, server: IdentityServer, target: str
) -> None:
    answer = await walk(client, next=target)
    assert answer.headers["location"].startswith("/projects/")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:3001"])
async def test_another_sites_page_sends_nobody_out(
    client: httpx2.AsyncClient, server: IdentityServer, origin: str
) -> None:
    answer = await client.post("/api/auth/oidc/oidc/start", json={}, headers={"origin": origin})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert (await client.get("/api/auth/oidc/oidc/start")).status_code == 404


@pytest.mark.parametrize("body", [{"connect": True}, {"next": 7}, {"issuer": "x"}, [], "x"])
async def test_another_form_is_refused(
    client: httpx2.AsyncClient, server: IdentityServer, body: Any
) -> None:
    answer = await client.post("/api/auth/oidc/oidc/start", json=body)
    assert answer.status_code == 422


@pytest.mark.parametrize("provider", ["google", "nobody", "%00", "oidc%2f"])
async def test_who_is_not_set_is_not_offered(
    client: httpx2.AsyncClient, server: IdentityServer, provider: str
) -> None:
    assert (await client.post(f"/api/auth/oidc/{provider}/start", json={})).status_code == 404
    answer = await client.get(f"/api/auth/oidc/{provider}/callback?code=x&state=y")
    assert answer.status_code == 404 or problem_of(answer) == "failed"


async def test_google_is_asked_at_google(
    client: httpx2.AsyncClient,
    server: IdentityServer,
    settings: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from chatbot_app import identity_providers

    settings(GOOGLE_CLIENT_ID="chatbot", GOOGLE_CLIENT_SECRET=CLIENT_SECRET)
    assert identity_providers.GOOGLE == "https://accounts.google.com"
    monkeypatch.setattr(identity_providers, "GOOGLE", server.issuer)
    assert (await walk(client, "google")).headers["location"].startswith("/projects/")


async def test_nobody_has_us_ask_providers_without_end(
    client: httpx2.AsyncClient,
    server: IdentityServer,
    another_browser: httpx2.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handshakes, "STEPS_PER_SECOND", 0.2)  # however slow the machine is
    answers = [await client.post("/api/auth/oidc/oidc/start", json={}) for _ in range(25)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert problem_of(await client.get("/api/auth/oidc/oidc/callback?code=x&state=y")) == "busy"
    assert (await another_browser.post("/api/auth/oidc/oidc/start", json={})).status_code == 200


async def test_opening_the_way_back_again_when_all_went_well_leads_on(
    client: httpx2.AsyncClient, server: IdentityServer
) -> None:
    back = await at_provider(await set_out(client))
    await client.get(back)
    again = await client.get(back)
    assert (again.status_code, again.headers["location"]) == (303, "/")


async def test_nothing_secret_is_logged(
    client: httpx2.AsyncClient, server: IdentityServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="chatbot_app")
    server.faults.algorithm = "none"
    back = await at_provider(await set_out(client))
    kept = client.cookies["handshake"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    await client.get(back)
    lines = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("chatbot_app"))
    assert "alg" in lines
    for secret in (kept, code, CLIENT_SECRET, "dana@example.org"):
        assert secret not in lines
