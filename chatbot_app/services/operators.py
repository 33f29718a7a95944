"""What whoever runs the site does to accounts from its command line. Nobody is signed in there: who
can start these commands can read the database anyway.
"""

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Forbidden
from chatbot_app.models import User, now
from chatbot_app.repositories import users
from chatbot_app.services import audit, passwords, registration, sessions, text
from chatbot_app.words import t

BY_COMMAND = "by command"


def promote(email: str) -> bool:
    """Make the owner of this account an administrator; False if there is none with this e-mail.

    It does not confirm the e-mail: whoever made that account may not be who is meant.

    Raises: InvalidInput, Forbidden for a disabled account.
    """
    mail = text.email(email)
    with db.session(write=True) as session:
        user = users.find_by_email(session, mail)
        if user is None:
            return False
        if user.disabled_at is not None:
            raise Forbidden(t("The account with this email is disabled."))
        if user.role != "admin":
            user.role = "admin"
            session.add(user)
            audit.record(session, "role", actor=None, target=user.id, detail=f"admin, {BY_COMMAND}")
    sessions.forget()
    return True


async def open_admin(*, email: str, name: str, password: str) -> None:
    """Open an administrator's account, whose e-mail counts as confirmed.

    Raises: InvalidInput, Conflict when the e-mail is taken.
    """
    mail = text.email(email)
    person = text.line(name, t("The name"), limit=get_settings().name_max_chars)
    secret = passwords.accept(password, email=mail, name=person)
    await db.in_thread(_open, person, mail, await passwords.hashed(secret))


def _open(person: str, mail: str, password_hash: str) -> None:
    user = User(
        name=person, email=mail, password_hash=password_hash, role="admin", email_verified_at=now()
    )
    with db.session(write=True) as session:
        registration.open_account(session, user, BY_COMMAND)
        audit.record(session, "role", actor=None, target=user.id, detail=f"admin, {BY_COMMAND}")
