"""Opening accounts."""

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict
from chatbot_app.models import Project, User, now
from chatbot_app.repositories import projects, users
from chatbot_app.schemas import SessionGrant
from chatbot_app.services import (
    audit,
    invitations,
    letters,
    passwords,
    sessions,
    text,
    throttle,
    verification,
)
from chatbot_app.words import mark, t

STARTER_NAME = mark("General assistant")
STARTER_DESCRIPTION = mark("Questions, drafts and ideas of any kind.")
STARTER_PROMPT = (
    "You are a helpful, careful assistant. Answer in the language you are asked in, as briefly as"
    " the question allows, and use Markdown where it makes the answer easier to read. Say so when"
    " you are not sure, and ask when a request can be understood in more than one way."
)


async def register(
    *, name: str, email: str, password: str, address: str, invitation: str = ""
) -> SessionGrant:
    """Open an account with a starter project, and sign its owner in. `invitation` is the token of
    one's link, which is used up only with the account.

    It says plainly that an e-mail is taken; `address` is the client's, and limits how often that
    can be asked. Where mail can be sent, a link that confirms the e-mail is on its way afterwards.

    Raises: InvalidInput, Conflict when the e-mail is taken, TooManyAttempts, Forbidden when
    registration is not open to this person.
    """
    person = text.line(name, t("The name"), limit=get_settings().name_max_chars)
    mail = text.email(email)
    secret = passwords.accept(password, email=mail, name=person)
    throttle.register(address)
    await db.in_thread(_refuse_early, mail, invitation)
    password_hash = await passwords.hashed(secret)
    grant, token = await db.in_thread(_register, person, mail, password_hash, invitation)
    if token:
        letters.ask_to_confirm(mail, token)
    return grant


def open_account(session: Session, user: User, how: str) -> str:
    """Store a new account with a starter project, within the caller's transaction; says where its
    owner begins.

    Raises: Conflict when the e-mail is taken.
    """
    starter = Project(
        user_id=user.id,
        name=t(STARTER_NAME),
        description=t(STARTER_DESCRIPTION),
        system_prompt=STARTER_PROMPT,
    )
    users.add(session, user)
    projects.add(session, starter)
    audit.record(session, "register", actor=user.id, detail=how)
    return f"/projects/{starter.id}/chat"


def _refuse_early(mail: str, invitation: str) -> None:
    """Refuse before the password is hashed what would be refused after it."""
    with db.session() as session:
        invitations.admit(session, mail, invitation)
        if users.find_by_email(session, mail) is not None:
            raise Conflict(t(invitations.TAKEN))


def _register(
    person: str, mail: str, password_hash: str, invitation: str
) -> tuple[SessionGrant, str]:
    """Make the account and use up the invitation; gives the token that confirms the e-mail, too."""
    with db.session(write=True) as session:
        admission = invitations.use(session, mail, invitation)
        user = User(
            name=person,
            email=mail,
            password_hash=password_hash,
            role=admission.role,
            email_verified_at=now() if admission.is_verified else None,
        )
        landing = open_account(session, user, "by invitation" if invitation else "password")
        return sessions.begin(session, user, landing), verification.begin(session, user)
