"""In which language the API answers."""

from collections.abc import Callable, Iterator

import httpx2
import pytest

from chatbot_app import callers
from chatbot_app.services import letters
from tests.smtp_server import SmtpServer

WRONG = {"email": "nobody@example.org", "password": "not the right one"}
IN_GERMAN = "E-Mail-Adresse und Passwort passen nicht zusammen. Bitte versuch es noch einmal."


@pytest.fixture(autouse=True)
def nobody_calls() -> Iterator[None]:
    yield
    callers.enter(callers.NOBODY)


async def test_errors_are_said_in_the_language_of_whoever_asks(
    database: str, client: httpx2.AsyncClient
):
    async def error(**headers: str) -> str:
        response = await client.post("/api/auth/login", json=WRONG, headers=headers)
        assert response.status_code == 401
        return response.json()["error"]

    german = {"accept-language": "de-AT,de;q=0.9,en;q=0.8"}
    assert await error(**german) == IN_GERMAN
    assert await error(cookie="language=de") == IN_GERMAN
    assert (await error(**german, cookie="language=en")).startswith("That email and password")
    assert (await error()).startswith("That email and password")


async def test_a_letter_is_in_the_language_of_whoever_had_it_written(
    database: str, settings: Callable[..., None], client: httpx2.AsyncClient
):
    form = {"name": "Dana", "email": "dana@example.org", "password": "ein Pferd liest die Zeitung"}
    headers = {"accept-language": "de"}
    with SmtpServer() as smtp:
        settings(**smtp.settings())
        assert (await client.post("/api/auth/register", json=form, headers=headers)).is_success
        await letters.settle(10)
        letter = smtp.wait_for(form["email"])
    assert letter["subject"] == "Bitte bestätige deine E-Mail-Adresse"
    assert "wurde mit dieser Adresse ein Konto angelegt" in letter.get_content()
