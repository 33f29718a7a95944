"""A mail server on loopback that keeps what it is sent."""

import asyncio
import datetime
import ipaddress
import re
import ssl
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.loopback import HOST, free_port
from tests.waiting import wait_until

FROM = "Chatbot <chat@example.com>"
USERNAME, PASSWORD = "postmaster", "a secret between two machines"


class SmtpServer:
    """Takes every mail, except for the addresses in `refused`.

    `settings()` are those that send mail here; with `directory` the connection is encrypted with a
    certificate made there (`certificate`), and one has to sign in.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.port = free_port()
        self.mails: list[EmailMessage] = []
        self.signed_in: list[str] = []
        self.refused: set[str] = set()
        self.delay = 0.0
        """Seconds that it takes to take a mail."""
        self.certificate = None if directory is None else certificate(directory)
        options: dict[str, Any] = {}
        if self.certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate)
            options = {
                "tls_context": context,
                "require_starttls": True,
                "authenticator": self._authenticate,
                "auth_required": True,
            }
        self._controller = Controller(self, hostname=HOST, port=self.port, **options)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    def settings(self) -> dict[str, str]:
        """Give the settings that send mail here."""
        settings = {"SMTP_HOST": HOST, "SMTP_PORT": str(self.port), "MAIL_FROM": FROM}
        if not self.certificate:
            return {**settings, "SMTP_SECURITY": "none"}
        return {**settings, "SMTP_USERNAME": USERNAME, "SMTP_PASSWORD": PASSWORD}

    def to(self, address: str) -> list[EmailMessage]:
        """Give the mails to this address, the latest last."""
        return [mail for mail in self.mails if mail["To"] == address]

    def wait_for(self, address: str, count: int = 1) -> EmailMessage:
        """Wait until so many mails for this address have come; gives the latest."""
        wait_until(lambda: len(self.to(address)) >= count, f"mail for {address}", 10)
        return self.to(address)[-1]

    def link_to(self, address: str, count: int = 1) -> str:
        """Wait for mail, and give the link in it."""
        found = re.search(
            r"^https?://\S+", self.wait_for(address, count).get_content(), re.MULTILINE
        )
        assert found
        return found.group()

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: list[str]
    ) -> str:
        if to in self.refused:
            return f"550 there is no <{to}> here"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.delay)
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"

    def _authenticate(self, *arguments: Any) -> AuthResult:
        data = arguments[-1]
        is_right = isinstance(data, LoginPassword) and data == LoginPassword(
            USERNAME.encode(), PASSWORD.encode()
        )
        if is_right:
            self.signed_in.append(USERNAME)
        return AuthResult(success=is_right)


def certificate(directory: Path) -> Path:
    """Make a certificate for the loopback address that signs itself, with its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail for tests")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = directory / "smtp.pem"
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(pem))
    return path
