"""Sign-ins: opening one, telling from a token who is asking, and ending it.

The token only names a row; the row decides. What was found is remembered for a second, so that a
page's burst of events asks the database once, and forgotten at once when a sign-in ends here.
"""

import hashlib
import logging
import threading
import time
import uuid
from datetime import datetime, timedelta

from sqlmodel import Session

from chatbot_app import db, security
from chatbot_app.config import get_settings
from chatbot_app.errors import NotSignedIn, Unavailable
from chatbot_app.models import User, UserSession, now
from chatbot_app.repositories import sessions
from chatbot_app.schemas import SessionGrant, Viewer

log = logging.getLogger(__name__)

REMEMBERED = 1.0  # seconds; how long another process's sign-out may go unnoticed here
ROOM = 10_000  # sign-ins remembered at most
TOUCH = timedelta(minutes=5)  # how exactly the idle end is kept, and how rarely a read writes


class _Memory:
    """Viewers of a moment ago, by their token's hash."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._viewers: dict[bytes, tuple[Viewer, float]] = {}
        self._changes = 0

    @property
    def changes(self) -> int:
        """How often something was forgotten: a viewer read before that must not be kept after."""
        return self._changes

    def find(self, key: bytes) -> Viewer | None:
        """Find a viewer kept less than a second ago."""
        viewer, until = self._viewers.get(key, (None, 0.0))
        return viewer if until > time.monotonic() else None

    def keep(self, key: bytes, viewer: Viewer, *, seconds: float, changes: int) -> None:
        """Keep a viewer, unless something was forgotten since it was read."""
        with self._lock:
            if changes == self._changes:
                if len(self._viewers) >= ROOM:
                    self._viewers.clear()
                self._viewers[key] = (viewer, time.monotonic() + seconds)

    def forget(self) -> None:
        """Forget everybody; they are read again at their next event."""
        with self._lock:
            self._changes += 1
            self._viewers.clear()


_memory = _Memory()


def begin(session: Session, user: User, landing: str) -> SessionGrant:
    """Open a sign-in within the caller's transaction, and drop this person's ended ones."""
    settings = get_settings()
    moment = now()
    lasts = timedelta(seconds=settings.session_absolute_seconds)
    row = UserSession(
        user_id=user.id, created_at=moment, last_seen_at=moment, expires_at=moment + lasts
    )
    sessions.delete_ended(session, user.id, moment)
    session.add(row)
    session.flush()
    claims = security.Claims(user.id, row.id, row.expires_at)
    token = security.issue_token(
        claims, secret=settings.jwt_secret.get_secret_value(), issued_at=moment
    )
    return SessionGrant(token=token, max_age=int(lasts.total_seconds()), landing=landing)


def resolve(token: str | None) -> Viewer:
    """Tell whose live sign-in this token names.

    A second old at most, unless it was ended in this process, which bites at once.

    Raises: NotSignedIn.
    """
    if not isinstance(token, str) or not token:
        raise NotSignedIn
    key = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    viewer = _memory.find(key)
    if viewer is not None:
        return viewer
    changes = _memory.changes
    claims = security.read_token(token, secret=get_settings().jwt_secret.get_secret_value())
    with db.session() as session:
        found = sessions.find_with_user(session, claims.session_id)
    moment = now()
    if found is None or found[1].id != claims.user_id or not _stands(*found, moment):
        raise NotSignedIn
    row, user = found
    if moment - row.last_seen_at > min(TOUCH, _idle() / 10):
        _touch(row.id, moment)
    viewer = Viewer(user_id=user.id, session_id=row.id, name=user.name, email=user.email)
    left = (row.expires_at - moment).total_seconds()
    _memory.keep(key, viewer, seconds=min(REMEMBERED, left), changes=changes)
    return viewer


def sign_out(session_id: uuid.UUID) -> None:
    """End a sign-in for good, on all its tabs and open sockets."""
    with db.session(write=True) as session:
        sessions.revoke(session, session_id, now())
    _memory.forget()


def forget() -> None:
    """Read everybody anew: call it once a change to an account or its sign-ins is committed."""
    _memory.forget()


def _stands(row: UserSession, user: User, moment: datetime) -> bool:
    return (
        row.revoked_at is None
        and user.disabled_at is None
        and moment < row.expires_at
        and moment < row.last_seen_at + _idle()
    )


def _idle() -> timedelta:
    return timedelta(seconds=get_settings().session_idle_seconds)


def _touch(session_id: uuid.UUID, moment: datetime) -> None:
    try:
        with db.session(write=True) as session:
            sessions.touch(session, session_id, moment)
    except Unavailable:
        # A full disk must not sign anybody out: reading and exporting still work.
        log.warning("A sign-in's last use couldn't be noted.")
