"""Choosing another password without the old one: by a link that was mailed, or that whoever runs the
site hands over.

It opens no door by itself: afterwards one signs in, with the second factor where there is one.
"""

import logging

from chatbot_app import db, security
from chatbot_app.config import get_settings
from chatbot_app.errors import AppError, NotFound, Unavailable
from chatbot_app.models import User, now
from chatbot_app.repositories import links as mailed
from chatbot_app.repositories import sessions as sign_ins
from chatbot_app.repositories import users
from chatbot_app.services import (
    audit,
    letters,
    links,
    passwords,
    sessions,
    text,
    throttle,
    verification,
)
from chatbot_app.words import mark, t

log = logging.getLogger(__name__)

NO_MAIL = mark("This site sends no mail. Whoever runs it can make a link for you.")


async def ask(*, email: str, address: str) -> None:
    """Mail a link to whoever has this account; nobody can tell here whether there is one.

    All that differs between a known and an unknown e-mail happens when the answer is given already
    (ASVS V6.3.8).

    Raises: InvalidInput, TooManyAttempts, Unavailable where no mail is sent.
    """
    mail = text.email(email)
    if not get_settings().has_mail:
        raise Unavailable(t(NO_MAIL))
    throttle.mail(mail, "reset", address=address)
    letters.in_background(_offer(mail))


async def choose(token: str, new: str) -> None:
    """Set the password of whoever's link this is, and end every sign-in; a password that is not
    good enough leaves the link as it is.

    Raises: InvalidInput, NotFound when the link is not good (any more).
    """
    user = await db.in_thread(_owner, token)
    secret = passwords.accept(new, email=user.email, name=user.name)
    await db.in_thread(_set, token, await passwords.hashed(secret))


def make_link(email: str) -> str:
    """Make a link to hand over to whoever has this account, instead of mailing it.

    Raises: InvalidInput, NotFound.
    """
    mail = text.email(email)
    with db.session(write=True) as session:
        user = users.find_by_email(session, mail)
        if user is None:
            raise NotFound(t("There is no account with this email."))
        if user.disabled_at is not None:
            raise NotFound(t("The account with this email is disabled."))
        token = links.make(session, user.id, "reset")
        audit.record(
            session, "password-reset", actor=None, target=user.id, detail="a link was made by hand"
        )
    return letters.link("reset", security.by_hand(token))


async def _offer(mail: str) -> None:
    try:
        token = await db.in_thread(_make, mail)
    except AppError as error:
        log.warning("A link for another password could not be made: %s", error.message)
        return
    if token:
        letters.offer_reset(mail, token)


def _make(mail: str) -> str:
    with db.session(write=True) as session:
        user = users.find_by_email(session, mail)
        if user is None or user.disabled_at is not None:
            return ""
        return links.make(session, user.id, "reset")


def _owner(token: str) -> User:
    with db.session() as session:
        return links.owner(session, token, "reset")


def _set(token: str, password_hash: str) -> None:
    with db.session(write=True) as session:
        user = links.redeem(session, token, "reset")
        user.password_hash = password_hash
        session.add(user)
        if not security.is_by_hand(token):
            verification.note(session, user)
        sign_ins.revoke_all(session, user.id, now())
        mailed.drop(session, user.id, "reset")
        audit.record(session, "password-reset", actor=user.id)
    sessions.forget()
