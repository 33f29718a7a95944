"""Accounts: registering, signing in, changing the password, leaving."""

import uuid

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, Forbidden, WrongCredentials
from chatbot_app.models import Project, User, now
from chatbot_app.repositories import chats, projects, users
from chatbot_app.repositories import sessions as sign_ins
from chatbot_app.schemas import SessionGrant, Viewer
from chatbot_app.services import passwords, sessions, text, throttle

STARTER_NAME = "General assistant"
STARTER_DESCRIPTION = "Questions, drafts and ideas of any kind."
STARTER_PROMPT = (
    "You are a helpful, careful assistant. Answer in the language you are asked in, as briefly as"
    " the question allows, and use Markdown where it makes the answer easier to read. Say so when"
    " you are not sure, and ask when a request can be understood in more than one way."
)


async def register(*, name: str, email: str, password: str, address: str) -> SessionGrant:
    """Open an account with a starter project, and sign its owner in.

    It says plainly that an e-mail is taken, for there is no mail to say it privately; `address`
    is the client's, and limits how often that can be asked.

    Raises: InvalidInput, Conflict when the e-mail is taken, TooManyAttempts.
    """
    person = text.line(name, "The name", limit=get_settings().name_max_chars)
    mail = text.email(email)
    secret = passwords.accept(password, email=mail, name=person)
    throttle.register(address)
    await db.in_thread(_refuse_taken, mail)
    password_hash = await passwords.hashed(secret)
    return await db.in_thread(_register, person, mail, password_hash)


async def sign_in(*, email: str, password: str, address: str) -> SessionGrant:
    """Sign a person in, and land where they were last.

    A wrong password and an unknown e-mail look alike in text, code and time (ASVS V6.3.8).

    Raises: InvalidInput, WrongCredentials, TooManyAttempts, Forbidden for a disabled account
    (which only somebody with its password is told).
    """
    mail = text.email(email)
    secret = passwords.typed(password)
    with throttle.signing_in(mail, address):
        user = await db.in_thread(_find, mail)
        known_hash = None if user is None else user.password_hash
        if not await passwords.matches(secret, known_hash) or user is None:
            raise WrongCredentials
    return await db.in_thread(_sign_in, user)


async def change_password(viewer: Viewer, current: str, new: str) -> None:
    """Change the password, and end every other sign-in of this person.

    Raises: InvalidInput, WrongCredentials, TooManyAttempts, NotFound.
    """
    known = passwords.typed(current)
    secret = passwords.accept(new, email=viewer.email, name=viewer.name)
    with throttle.confirming(str(viewer.user_id)):
        password_hash = await db.in_thread(_password_hash, viewer.user_id)
        if not await passwords.matches(known, password_hash):
            raise WrongCredentials("The current password isn't right.")
    await db.in_thread(_set_password, viewer, await passwords.hashed(secret))


def rename(user_id: uuid.UUID, name: str) -> str:
    """Change what a person is called; returns the name as it is kept.

    Raises: InvalidInput, NotFound.
    """
    person = text.line(name, "The name", limit=get_settings().name_max_chars)
    with db.session(write=True) as session:
        users.get(session, user_id).name = person
    sessions.forget()
    return person


def disable(user_id: uuid.UUID) -> None:
    """Shut an account: its sign-ins end now and no new one is given; what it owns stays.

    Raises: NotFound.
    """
    with db.session(write=True) as session:
        users.get(session, user_id, lock=True).disabled_at = now()
        sign_ins.revoke_all(session, user_id, now())
    sessions.forget()


def delete(user_id: uuid.UUID) -> None:
    """Delete an account with its sign-ins, projects and chats.

    Raises: NotFound.
    """
    with db.session(write=True) as session:
        users.get(session, user_id)
        users.delete_with_all(session, user_id)
    sessions.forget()


def landing(user_id: uuid.UUID) -> str:
    """Say where a person goes on: the last chat, else a new one in the first project."""
    with db.session() as session:
        chat = chats.find_latest(session, user_id)
        if chat is not None:
            return f"/projects/{chat.project_id}/chat/{chat.id}"
        project = projects.find_first(session, user_id)
    return "/projects" if project is None else f"/projects/{project.id}/chat"


def _refuse_taken(mail: str) -> None:
    if _find(mail) is not None:
        raise Conflict("There is already an account with this email. You can sign in instead.")


def _find(mail: str) -> User | None:
    with db.session() as session:
        return users.find_by_email(session, mail)


def _register(person: str, mail: str, password_hash: str) -> SessionGrant:
    user = User(name=person, email=mail, password_hash=password_hash)
    starter = Project(
        user_id=user.id,
        name=STARTER_NAME,
        description=STARTER_DESCRIPTION,
        system_prompt=STARTER_PROMPT,
    )
    with db.session(write=True) as session:
        users.add(session, user)
        projects.add(session, starter)
        return sessions.begin(session, user, f"/projects/{starter.id}/chat")


def _sign_in(verified: User) -> SessionGrant:
    goal = landing(verified.id)
    with db.session(write=True) as session:
        # Locked and read again: a password changed meanwhile must not leave a sign-in behind.
        user = users.find(session, verified.id, lock=True)
        if user is None or user.password_hash != verified.password_hash:
            raise WrongCredentials
        if user.disabled_at is not None:
            raise Forbidden("This account is disabled. Please ask whoever runs this site.")
        return sessions.begin(session, user, goal)


def _password_hash(user_id: uuid.UUID) -> str:
    with db.session() as session:
        return users.get(session, user_id).password_hash


def _set_password(viewer: Viewer, password_hash: str) -> None:
    with db.session(write=True) as session:
        users.get(session, viewer.user_id, lock=True).password_hash = password_hash
        sign_ins.revoke_all(session, viewer.user_id, now(), but=viewer.session_id)
    sessions.forget()
