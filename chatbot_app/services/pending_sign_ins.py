"""Sign-ins half done: the first factor was right, and the code of the second is still to come.

Nothing is stored for one. It is a signed token that opens nothing but the question for the code,
and is worth nothing once the password is another.
"""

import hmac
import uuid
from dataclasses import dataclass
from datetime import timedelta

from chatbot_app import security
from chatbot_app.config import get_settings
from chatbot_app.errors import NotSignedIn
from chatbot_app.models import User, now
from chatbot_app.schemas import SessionGrant

SECONDS = 300
"""How long somebody may look for the phone."""

CODE_PAGE = "/login/code"


@dataclass(frozen=True)
class Pending:
    """Whose sign-in it is, how the first factor was given, and a mark of the password it was."""

    user_id: uuid.UUID
    how: str
    mark: str


def begin(user: User, how: str) -> SessionGrant:
    """Grant somebody whose first factor was right the question for the second."""
    moment = now()
    token = security.sign(
        {"sub": str(user.id), "how": how, "mark": _mark(user)},
        kind=security.SECOND_FACTOR,
        secret=get_settings().signing_key,
        issued_at=moment,
        until=moment + timedelta(seconds=SECONDS),
    )
    return SessionGrant(token=token, max_age=SECONDS, landing=CODE_PAGE, needs_code=True)


def read(token: str | None) -> Pending:
    """Read such a token, whose account is yet to be looked at.

    Raises: NotSignedIn.
    """
    if not token:
        raise NotSignedIn
    signed = security.unsign(token, kind=security.SECOND_FACTOR, secret=get_settings().signing_key)
    return Pending(uuid.UUID(signed["sub"]), signed["how"], signed["mark"])


def stands(pending: Pending, user: User) -> bool:
    """Whether the account still is what its owner signed in to."""
    return user.id == pending.user_id and hmac.compare_digest(pending.mark, _mark(user))


def _mark(user: User) -> str:
    return security.fingerprint(user.password_hash, secret=get_settings().signing_key)
