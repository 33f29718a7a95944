"""Asking for links and using them, as a browser does it."""

from collections.abc import AsyncIterator, Callable

import httpx2
import pytest

from chatbot_app import db
from chatbot_app.services import invitations, letters, password_reset, sessions
from tests.conftest import PASSWORD, Person, person
from tests.smtp_server import SmtpServer

NEW = "twelve blue whales sing"
DANA = "dana@example.org"


@pytest.fixture(autouse=True)
def tables(sqlite: str) -> None:
    """Use SQLite; what differs between databases is tested with the services."""


@pytest.fixture
def alice(sqlite: str) -> Person:
    return person("Alice")


@pytest.fixture
async def smtp(settings: Callable[..., None]) -> AsyncIterator[SmtpServer]:
    with SmtpServer() as server:
        settings(**server.settings())
        yield server
        await letters.settle(10)


async def post(client: httpx2.AsyncClient, route: str, **form: object) -> httpx2.Response:
    return await client.post(f"/api/auth/{route}", json=form)


async def token(smtp: SmtpServer, address: str) -> str:
    await letters.settle(10)
    return smtp.link_to(address).partition("#")[2]


async def test_a_forgotten_password_is_replaced(
    client: httpx2.AsyncClient, alice: Person, smtp: SmtpServer
) -> None:
    assert (await post(client, "forgot", email=alice.email)).status_code == 200
    link = await token(smtp, alice.email)

    bad = await post(client, "reset", token=link, new_password="short")
    assert (bad.status_code, "at least 15" in bad.json()["error"]) == (422, True)
    answer = await post(client, "reset", token=link, new_password=NEW)

    assert (answer.status_code, answer.json()) == (200, {"next": "/login?saved=password"})
    assert "set-cookie" not in answer.headers, "it signs nobody in"
    assert (await post(client, "reset", token=link, new_password=NEW)).status_code == 404
    assert (await post(client, "sign-in", email=alice.email, password=PASSWORD)).status_code == 401
    assert (await post(client, "sign-in", email=alice.email, password=NEW)).status_code == 200


async def test_a_known_and_an_unknown_email_look_alike(
    client: httpx2.AsyncClient, alice: Person, smtp: SmtpServer
) -> None:
    known = await post(client, "forgot", email=alice.email)
    unknown = await post(client, "forgot", email="nobody@example.org")
    assert known.status_code == unknown.status_code == 200
    assert known.content == unknown.content
    ours = {"content-length", "content-type", "set-cookie"}
    assert {k: v for k, v in known.headers.items() if k in ours} == {
        k: v for k, v in unknown.headers.items() if k in ours
    }


async def test_the_answer_waits_neither_for_the_database_nor_for_the_mail(
    client: httpx2.AsyncClient, alice: Person, smtp: SmtpServer
) -> None:
    # So it takes the same time, whether there is an account or not: all else comes after it.
    with db.session(write=True):
        for email in (alice.email, "nobody@example.org"):
            assert (await post(client, "forgot", email=email)).status_code == 200
        assert smtp.mails == []
    await letters.settle(10)
    assert [mail["To"] for mail in smtp.mails] == [alice.email]


async def test_without_a_mail_server_one_is_told_whom_to_ask(
    client: httpx2.AsyncClient, alice: Person
) -> None:
    for email in (alice.email, "nobody@example.org"):
        answer = await post(client, "forgot", email=email)
        assert (answer.status_code, answer.json()["error"]) == (503, password_reset.NO_MAIL)


async def test_an_email_is_confirmed_by_a_post_and_not_by_opening_the_link(
    client: httpx2.AsyncClient, smtp: SmtpServer
) -> None:
    await post(client, "register", name="Dana", email=DANA, password=NEW)
    session = client.cookies["session"]
    link = await token(smtp, DANA)
    assert (await client.get("/api/auth/verify", params={"token": link})).status_code == 404
    assert not sessions.resolve(session, is_fresh=True).is_verified

    assert (await post(client, "verify", token=link)).status_code == 200

    assert sessions.resolve(session).is_verified
    assert (await post(client, "verify", token=link)).status_code == 404


async def test_an_invitation_comes_with_the_form(
    client: httpx2.AsyncClient, settings: Callable[..., None]
) -> None:
    settings(REGISTRATION="invitation", ADMIN_EMAIL=DANA)
    link = invitations.create_for_first_admin()
    form = {"name": "Dana", "email": DANA, "password": NEW}
    assert (await post(client, "register", **form)).status_code == 403
    assert (await post(client, "register", **form, invitation="x")).status_code == 403
    answer = await post(client, "register", **form, invitation=link.partition("#")[2])
    assert answer.status_code == 201
    assert sessions.resolve(client.cookies["session"]).is_admin


@pytest.mark.parametrize("route", ["forgot", "reset", "verify"])
@pytest.mark.parametrize(
    "form", [{}, {"email": 7, "token": 7, "new_password": 7}, {"role": "admin"}, {"token": None}]
)
async def test_a_form_of_another_shape_is_refused(
    client: httpx2.AsyncClient, route: str, form: dict[str, object]
) -> None:
    assert (await post(client, route, **form)).status_code == 422
