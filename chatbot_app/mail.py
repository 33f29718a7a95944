"""Sending mail: one plain text to one address, by the server in the settings. The library's errors
end here.

What is in a mail, and who gets one, is not decided here. Neither goes to the log: a mail may hold a
link that opens an account.
"""

import logging
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr

from chatbot_app.config import Settings, get_settings
from chatbot_app.errors import Unavailable
from chatbot_app.words import mark, t

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 10
"""How long the mail server may take for each step."""

_REFUSED = mark("The mail couldn't be sent right now. Please try again later.")


async def send(to: str, subject: str, text: str) -> None:
    """Hand one mail to the mail server.

    Raises: Unavailable when there is none, or it can't be reached, or does not take the mail.
    """
    settings = get_settings()
    if not settings.has_mail:
        raise Unavailable(t("This site sends no mail."))
    # Only here, for most who start the platform have no mail server.
    import aiosmtplib

    try:
        message = _message(settings, to, subject, text)
        await aiosmtplib.send(
            message,
            sender=parseaddr(settings.mail_from)[1],
            recipients=[to],
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() or None,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            timeout=PATIENCE_SECONDS,
        )
    except (aiosmtplib.SMTPException, OSError, ValueError, MessageError) as error:
        # Not the error's own words: a server's refusal repeats the address it refuses.
        code = getattr(error, "code", "")
        log.warning("A mail could not be sent: %s %s", type(error).__name__, code)
        raise Unavailable(t(_REFUSED)) from None


def _message(settings: Settings, to: str, subject: str, text: str) -> EmailMessage:
    """Write the mail. The policy refuses a header that holds a line break (ValueError)."""
    message = EmailMessage(policy=SMTP)
    message["From"] = settings.mail_from
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=parseaddr(settings.mail_from)[1].rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is away on holiday to this
    message.set_content(text)
    return message
