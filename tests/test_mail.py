"""Sending a mail, to a real mail server on loopback."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot_app import mail
from chatbot_app.errors import Unavailable
from tests.loopback import free_port
from tests.smtp_server import FROM, USERNAME, SmtpServer

DANA = "dana@example.org"


@pytest.fixture
def smtp(settings: Callable[..., None]) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        settings(**server.settings())
        yield server


async def test_a_mail_arrives_as_plain_text(smtp: SmtpServer) -> None:
    await mail.send(DANA, "Grüße", "Ein Satz mit ä.\n\nhttps://chat.example.com/reset#abc\n")

    (received,) = smtp.mails
    assert received["To"] == DANA
    assert received["From"] == FROM
    assert received["Subject"] == "Grüße"
    assert received.get_content_type() == "text/plain"
    assert "https://chat.example.com/reset#abc\r\n" in received.get_content()
    assert received["Message-ID"].endswith("@example.com>")


async def test_a_long_link_is_not_broken(smtp: SmtpServer) -> None:
    link = f"https://chat.example.com/register#{'x' * 300}"
    await mail.send(DANA, "A link", f"Open it:\n\n{link}\n")
    assert link in smtp.mails[0].get_content()


@pytest.mark.parametrize("field", ["to", "subject"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
async def test_no_header_can_be_smuggled_in(smtp: SmtpServer, field: str, end: str) -> None:
    words = {"to": DANA, "subject": "Hello"}
    words[field] += f"{end}Bcc: mallory@example.org"
    with pytest.raises(Unavailable):
        await mail.send(**words, text="Hello.")
    assert smtp.mails == []


async def test_with_starttls_it_is_encrypted_and_signs_in(
    tmp_path: Path, settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmtpServer(tmp_path) as server:
        settings(**server.settings())
        monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
        await mail.send(DANA, "Hello", "Hello.")
        assert server.signed_in == [USERNAME]
        assert len(server.mails) == 1


async def test_a_server_that_nobody_vouches_for_gets_no_password(
    tmp_path: Path, settings: Callable[..., None]
) -> None:
    with SmtpServer(tmp_path) as server:
        settings(**server.settings())
        with pytest.raises(Unavailable):
            await mail.send(DANA, "Hello", "Hello.")
        assert server.signed_in == server.mails == []


async def test_what_goes_wrong_is_said_in_a_sentence_and_logged_without_the_mail(
    smtp: SmtpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    smtp.refused.add(DANA)
    with pytest.raises(Unavailable, match="couldn't be sent"):
        await mail.send(DANA, "A subject", "A canary in the text.")
    assert "could not be sent" in caplog.text
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("chatbot_app"))
    for word in (DANA, "A subject", "canary"):
        assert word not in ours


async def test_a_mail_server_that_is_away_is_said_in_a_sentence(
    settings: Callable[..., None],
) -> None:
    settings(SMTP_HOST="127.0.0.1", SMTP_PORT=free_port(), SMTP_SECURITY="none", MAIL_FROM=FROM)
    with pytest.raises(Unavailable):
        await mail.send(DANA, "Hello", "Hello.")


async def test_without_a_mail_server_nothing_is_sent() -> None:
    with pytest.raises(Unavailable):
        await mail.send(DANA, "Hello", "Hello.")


@pytest.mark.parametrize("to", ["grüße@example.org", "dana@grüße.example", "a,b@example.org"])
async def test_an_unusual_address_gets_its_mail_or_is_refused_in_a_sentence(
    smtp: SmtpServer, to: str
) -> None:
    try:
        await mail.send(to, "Hello", "Hello.")
    except Unavailable:
        return
    assert len(smtp.mails) == 1
