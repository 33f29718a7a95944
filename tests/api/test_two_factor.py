"""The second factor over HTTP: what a browser gets between password and code, and what it opens."""

from collections.abc import Callable

import httpx2
import pytest

from chatbot_app.services import accounts, two_factor
from tests.api.test_auth import cookie_of, sign_in, signed_in
from tests.conftest import PASSWORD, Person, person
from tests.second_factor import Phone, protected

BASE = "/api/auth/two-factor"


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


async def give_code(client: httpx2.AsyncClient, code: str, **fields: str) -> httpx2.Response:
    return await client.post("/api/auth/sign-in/code", json={"code": code, **fields})


async def test_between_password_and_code_there_is_no_session(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    phone, _ = await protected(alice)

    answer = await sign_in(client, alice, next="/settings?tab=1#x")

    assert answer.status_code == 200
    assert answer.json() == {"next": "/login/code?next=/settings%3Ftab%3D1%23x"}
    assert "session" not in client.cookies
    pending = cookie_of(answer, "second-factor")
    assert (pending["httponly"], pending["samesite"], pending["max-age"]) == ("True", "lax", "300")
    for cookie in ("session", "second-factor"):
        opened = await client.get(
            "/api/account/export", headers={"cookie": f"{cookie}={pending['value']}"}
        )
        assert opened.status_code == 401
    bearer = {"authorization": f"Bearer {pending['value']}"}
    assert (await client.get("/api/account/export", headers=bearer)).status_code == 401

    answer = await give_code(client, phone.code(), next="/settings?tab=1#x")
    assert answer.json() == {"next": "/settings?tab=1#x"}
    assert cookie_of(answer, "second-factor")["max-age"] == "0"
    assert (await client.get("/api/account/export")).status_code == 200


async def test_on_https_the_pending_cookie_never_leaves_the_host_or_tls(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None]
) -> None:
    await protected(alice)
    settings(PUBLIC_URL="https://chat.example.org")

    cookie = cookie_of(await sign_in(client, alice), "__Host-second-factor")

    assert cookie["secure"] == "True"
    assert cookie["path"] == "/"
    assert "domain" not in cookie


async def test_a_wrong_code_gives_nothing_and_the_right_one_may_follow(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    phone, recovery = await protected(alice)
    await sign_in(client, alice)

    wrong = await give_code(client, phone.wrong_code())

    assert wrong.status_code == 401
    assert "isn't right" in wrong.json()["error"]
    assert "set-cookie" not in wrong.headers
    right = await give_code(client, recovery[0])
    assert right.json()["next"].startswith("/projects/")
    assert cookie_of(right)["value"]


async def test_after_five_wrong_codes_one_has_to_wait(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    phone, _ = await protected(alice)
    for _ in range(5):
        await sign_in(client, alice)
        assert (await give_code(client, phone.wrong_code())).status_code == 401

    await sign_in(client, alice)
    answer = await give_code(client, phone.code())

    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "set-cookie" not in answer.headers


async def test_a_code_without_a_pending_sign_in_says_what_to_do(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    phone, _ = await protected(alice)
    signed_in(client, alice)  # a session is no pending sign-in either

    answer = await give_code(client, phone.code())

    assert answer.status_code == 401
    assert "begin again" in answer.json()["error"]


async def test_a_pending_sign_in_is_refused_after_a_new_password(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    phone, _ = await protected(alice)
    await sign_in(client, alice)
    await accounts.change_password(alice.viewer, PASSWORD, "an otter reads the news")

    assert (await give_code(client, phone.code())).status_code == 401
    assert "session" not in client.cookies


async def test_setting_it_up_shows_secret_and_codes_once(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    signed_in(client, alice)
    begun = (await client.post(f"{BASE}/begin", json={"password": PASSWORD})).json()
    assert begun["step"] == "scan"
    assert begun["show"]["qr"].startswith("data:image/svg+xml")
    phone = Phone(begun["show"]["secret"])

    done = (await client.post(f"{BASE}/confirm", json={"code": phone.code()})).json()

    assert done["step"] == "codes"
    codes = done["show"]["codes"].split("\n")
    assert len(codes) == 10
    again = await client.post(f"{BASE}/confirm", json={"code": phone.code(steps=1)})
    assert again.status_code == 409
    await two_factor.check(alice.id, codes[0])
    renewed = await client.post(f"{BASE}/recovery-codes", json={"password": PASSWORD})
    assert not set(renewed.json()["show"]["codes"].split("\n")) & set(codes)
    off = await client.post(f"{BASE}/off", json={"password": PASSWORD})
    assert off.json() == {"next": "/settings"}
    assert not two_factor.is_on(alice.id)


@pytest.mark.parametrize("route", ["begin", "recovery-codes", "off"])
async def test_every_change_takes_the_password_and_guessing_it_is_slowed_down(
    client: httpx2.AsyncClient, alice: Person, settings: Callable[..., None], route: str
) -> None:
    settings(SIGN_IN_FAILURES_PER_ACCOUNT=2)
    signed_in(client, alice)
    form = {"password": "not the password at all"}
    statuses = [(await client.post(f"{BASE}/{route}", json=form)).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]
    assert (await client.post(f"{BASE}/{route}", json={})).status_code == 422


@pytest.mark.parametrize("route", ["begin", "confirm", "recovery-codes", "off"])
async def test_nobody_signed_out_and_no_other_site_changes_anything(
    client: httpx2.AsyncClient, alice: Person, route: str
) -> None:
    form = {"code": "123456"} if route == "confirm" else {"password": PASSWORD}
    assert (await client.post(f"{BASE}/{route}", json=form)).status_code == 401
    signed_in(client, alice)
    headers = {"origin": "https://evil.example"}
    answer = await client.post(f"{BASE}/{route}", json=form, headers=headers)
    assert answer.status_code == 403
    assert not two_factor.is_on(alice.id)
