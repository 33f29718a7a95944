"""Accounts: signing in, changing the password, leaving."""

import uuid
from datetime import timedelta

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, Forbidden, NotSignedIn, WrongCredentials
from chatbot_app.models import User, now
from chatbot_app.repositories import chats, projects, two_factor, users
from chatbot_app.repositories import sessions as sign_ins
from chatbot_app.schemas import SessionGrant, Viewer
from chatbot_app.services import (
    audit,
    invitations,
    passwords,
    pending_sign_ins,
    sessions,
    text,
    throttle,
)
from chatbot_app.words import mark, t

DISABLED = mark("This account is disabled. Please ask whoever runs this site.")

FRESH = timedelta(minutes=10)
"""A sign-in so young stands for a password, where an account has none."""


async def sign_in(*, email: str, password: str, address: str) -> SessionGrant:
    """Sign a person in, and land where they were last.

    Raises: as `prove` does, and Forbidden for a disabled account (which only somebody with its
    password is told).
    """
    user = await prove(email=email, password=password, address=address)
    return await db.in_thread(admit, user, "password")


async def prove(*, email: str, password: str, address: str) -> User:
    """Find whose e-mail and password these are. Whether they may come in is not decided here.

    A wrong password and an unknown e-mail look alike in text, code and time (ASVS V6.3.8).

    Raises: InvalidInput, WrongCredentials, TooManyAttempts.
    """
    mail = text.email(email)
    secret = passwords.typed(password)
    with throttle.signing_in(mail, address):
        user = await db.in_thread(_find, mail)
        known_hash = None if user is None else user.password_hash
        if not await passwords.matches(secret, known_hash) or user is None:
            known = None if user is None else user.id
            await db.in_thread(audit.note, "sign-in", actor=None, target=known)
            raise WrongCredentials
    return user


def admit(proven: User, how: str, *, gave_code: bool = False) -> SessionGrant:
    """Begin a session of somebody who has proven who they are, and say how; land where they were
    last.

    Whoever has switched on a second factor and not given it yet gets a grant with `needs_code`: no
    session, but the way to the page that asks for it.

    Raises:
        WrongCredentials: the account changed since, or is gone.
        Forbidden: it is disabled.
    """
    goal = landing(proven.id)
    with db.session(write=True) as session:
        user = admitted(session, proven)
        if user is not None and not gave_code and two_factor.is_on(session, user.id):
            return pending_sign_ins.begin(user, how)
        record_sign_in(session, proven.id, user, how)
        grant = None if user is None else sessions.begin(session, user, goal)
    if grant is None:
        raise Forbidden(t(DISABLED))
    return grant


def admitted(session: Session, proven: User) -> User | None:
    """Look again, within the caller's transaction, whose sign-in this is; nobody's, if the account
    is disabled.

    Raises: WrongCredentials when the account changed since, or is gone.
    """
    # Locked and read again: a password changed meanwhile must not leave a sign-in behind.
    user = users.find(session, proven.id, lock=True)
    if user is None or user.password_hash != proven.password_hash:
        raise WrongCredentials
    return None if user.disabled_at is not None else user


def record_sign_in(session: Session, user_id: uuid.UUID, admitted: User | None, how: str) -> None:
    """Tell the audit of a sign-in, or that the account is disabled."""
    if admitted is None:
        detail = "the account is disabled"
        audit.record(session, "sign-in", actor=user_id, outcome="refused", detail=detail)
    else:
        audit.record(session, "sign-in", actor=user_id, detail=how)


async def confirm(viewer: Viewer, password: str) -> None:
    """Make sure that it is the person who asks, and not just their browser: the password, or where
    there is none a sign-in of a moment ago.

    Raises: InvalidInput, WrongCredentials, TooManyAttempts, NotFound, Forbidden.
    """
    password_hash = await db.in_thread(_password_hash, viewer.user_id)
    if not password_hash:
        began = viewer.signed_in_at
        if began is None or now() - began > FRESH:
            raise Forbidden(
                t(
                    "This account has no password. Please sign out and in again, and do this within"
                    " ten minutes."
                )
            )
        return
    known = passwords.typed(password)
    with throttle.confirming(str(viewer.user_id)):
        if not await passwords.matches(known, password_hash):
            raise WrongCredentials(t("The password isn't right."))


async def change_password(viewer: Viewer, current: str, new: str) -> None:
    """Change the password, and end every other sign-in of this person.

    Raises: InvalidInput, WrongCredentials, TooManyAttempts, NotFound, and NotSignedIn when this
    sign-in was ended meanwhile.
    """
    secret = passwords.accept(new, email=viewer.email, name=viewer.name)
    try:
        await confirm(viewer, current)
    except WrongCredentials:
        raise WrongCredentials(t("The current password isn't right.")) from None
    await db.in_thread(_set_password, viewer, await passwords.hashed(secret))


def rename(user_id: uuid.UUID, name: str) -> str:
    """Change what a person is called; returns the name as it is kept.

    Raises: InvalidInput, NotFound.
    """
    person = text.line(name, t("The name"), limit=get_settings().name_max_chars)
    with db.session(write=True) as session:
        users.get(session, user_id).name = person
    sessions.forget()
    return person


def disable(user_id: uuid.UUID, *, by: uuid.UUID | None = None) -> None:
    """Shut an account: its sign-ins end now and no new one is given; what it owns stays.

    Raises: NotFound, Conflict for the last administrator.
    """
    with db.session(write=True) as session:
        keep_an_admin(session, user_id, lock=True)
        users.get(session, user_id, lock=True).disabled_at = now()
        sign_ins.revoke_all(session, user_id, now())
        invitations.take_back_of(session, user_id)
        audit.record(session, "disable", actor=by, target=user_id)
    sessions.forget()


def delete(user_id: uuid.UUID, *, by: uuid.UUID | None = None) -> None:
    """Delete an account with its sign-ins, projects and chats; `answers.delete_account` stops its
    live answers first.

    Raises: NotFound, Conflict for the last administrator.
    """
    with db.session(write=True) as session:
        keep_an_admin(session, user_id, lock=True)
        users.get(session, user_id, lock=True)
        invitations.take_back_of(session, user_id)
        users.delete_with_all(session, user_id)
        audit.record(session, "delete", actor=by or user_id, target=user_id)
    sessions.forget()


def require_deletable(user_id: uuid.UUID) -> None:
    """Make sure that an account may be deleted, before anything is done towards it.

    Raises: Conflict for the last administrator.
    """
    with db.session() as session:
        keep_an_admin(session, user_id)


def keep_an_admin(session: Session, user_id: uuid.UUID, *, lock: bool = False) -> None:
    """Make sure that the site does not stay without an administrator, should this one go.

    Raises: Conflict.
    """
    user = users.find(session, user_id)
    # First whether it matters: administrators are few, and found by reading every account.
    if (
        user is not None
        and user.role == "admin"
        and users.is_only_admin(session, user_id, lock=lock)
    ):
        raise Conflict(
            t(
                "You are the only administrator here. Please make somebody else one first, so that"
                " this site doesn't stay without."
            )
        )


def chat_ids(user_id: uuid.UUID) -> list[uuid.UUID]:
    """List the ids of all chats of a person."""
    with db.session() as session:
        return list(users.list_chat_ids(session, user_id))


def landing(user_id: uuid.UUID) -> str:
    """Say where a person goes on: the last chat, else a new one in the first project."""
    with db.session() as session:
        chat = chats.find_latest(session, user_id)
        if chat is not None:
            return f"/projects/{chat.project_id}/chat/{chat.id}"
        project = projects.find_first(session, user_id)
    return "/projects" if project is None else f"/projects/{project.id}/chat"


def _find(mail: str) -> User | None:
    with db.session() as session:
        return users.find_by_email(session, mail)


def _password_hash(user_id: uuid.UUID) -> str:
    with db.session() as session:
        return users.get(session, user_id).password_hash


def _set_password(viewer: Viewer, password_hash: str) -> None:
    with db.session(write=True) as session:
        user = users.get(session, viewer.user_id, lock=True)
        # Locked and looked at again: of two changes at once, the one that the other signed out is
        # too late, or whoever knew the old password would have the last word.
        found = sign_ins.find_with_user(session, viewer.session_id)
        if found is None or not sessions.stands(*found, now()):
            raise NotSignedIn
        user.password_hash = password_hash
        sign_ins.revoke_all(session, viewer.user_id, now(), but=viewer.session_id)
        audit.record(session, "password-change", actor=viewer.user_id)
    sessions.forget()
