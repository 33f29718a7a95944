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
from typing import Literal

from sqlmodel import Session

from chatbot_app import callers, db, security
from chatbot_app.config import get_settings
from chatbot_app.errors import Forbidden, NotFound, NotSignedIn, Unavailable
from chatbot_app.models import User, UserSession, now
from chatbot_app.repositories import sessions
from chatbot_app.schemas import SessionGrant, SignIn, Viewer
from chatbot_app.services import audit, devices, text, views
from chatbot_app.words import t

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
    """Open a browser's sign-in within the caller's transaction."""
    row = open_row(session, user, kind="browser")
    claims = security.Claims(user.id, row.id, row.expires_at)
    token = security.issue_token(
        claims, secret=get_settings().signing_key, issued_at=row.created_at
    )
    return SessionGrant(
        token=token, max_age=get_settings().session_absolute_seconds, landing=landing
    )


def open_row(session: Session, user: User, *, kind: Literal["browser", "program"]) -> UserSession:
    """Store a sign-in of whoever is calling, and drop this person's ended ones."""
    moment, caller = now(), callers.current()
    row = UserSession(
        user_id=user.id,
        created_at=moment,
        last_seen_at=moment,
        expires_at=moment + timedelta(seconds=get_settings().session_absolute_seconds),
        kind=kind,
        device=devices.named(caller.user_agent),
        address=caller.address[:64],
    )
    sessions.delete_ended(session, user.id, moment)
    session.add(row)
    session.flush()
    return row


def find_remembered(token: str | None, *, kind: str = security.SESSION) -> Viewer | None:
    """Find whose sign-in this token names without asking the database, if that was done just now.

    Takes microseconds: an event loop may call it.
    """
    return _memory.find(_key(token, kind)) if isinstance(token, str) and token else None


def resolve(token: str | None, *, kind: str = security.SESSION, is_fresh: bool = False) -> Viewer:
    """Tell whose live sign-in this token names: a browser's, or a program's access token.

    A second old at most, unless it was ended in this process, which bites at once; with `is_fresh`
    the database is asked in any case.

    Raises: NotSignedIn.
    """
    if not isinstance(token, str) or not token:
        raise NotSignedIn
    key = _key(token, kind)
    viewer = None if is_fresh else _memory.find(key)
    if viewer is not None:
        return viewer
    changes = _memory.changes
    claims = security.read_token(token, secret=get_settings().signing_key, kind=kind)
    with db.session() as session:
        found = sessions.find_with_user(session, claims.session_id)
    moment = now()
    if found is None or found[1].id != claims.user_id or not stands(*found, moment):
        raise NotSignedIn
    row, user = found
    if moment - row.last_seen_at > min(TOUCH, _idle() / 10):
        _touch(row.id, moment)
    viewer = _viewer(row, user)
    left = (min(row.expires_at, claims.expires_at) - moment).total_seconds()
    _memory.keep(key, viewer, seconds=min(REMEMBERED, left), changes=changes)
    return viewer


def require_admin(viewer: Viewer) -> None:
    """Make sure that an administrator asks.

    Raises: Forbidden.
    """
    if not viewer.is_admin:
        raise not_admin()


def not_admin() -> Forbidden:
    """What somebody hears who asks for what is an administrator's."""
    return Forbidden(t("Only administrators can do this."))


def require_verified(viewer: Viewer) -> None:
    """Make sure that this person's e-mail address is confirmed, where mail can be sent.

    Raises: Forbidden.
    """
    if not viewer.is_verified:
        raise Forbidden(
            t(
                "Please confirm your email address first: open the link in the mail that we sent you."
            )
        )


def changes() -> int:
    """How often a sign-in or an account changed in this process: whoever remembers a viewer for
    longer looks again when this has risen.
    """
    return _memory.changes


def sign_out(viewer: Viewer) -> None:
    """End this sign-in for good, on all its tabs and open sockets."""
    with db.session(write=True) as session:
        if sessions.revoke(session, viewer.user_id, viewer.session_id, now()):
            audit.record(session, "sign-out", actor=viewer.user_id)
    _memory.forget()


def list_for(viewer: Viewer) -> list[SignIn]:
    """List a person's live sign-ins, the one at hand first."""
    moment = now()
    with db.session() as session:
        rows = sessions.list_live(session, viewer.user_id, moment)
    found = [
        SignIn(
            id=str(row.id),
            device=row.device or t("Unknown device"),
            address=row.address,
            is_program=row.kind == "program",
            is_current=row.id == viewer.session_id,
            began_at=views.moment(row.created_at),
            last_seen_at=views.moment(row.last_seen_at),
        )
        for row in rows
        if moment < row.last_seen_at + _idle()
    ]
    return sorted(found, key=lambda row: not row.is_current)


def end(viewer: Viewer, session_id: uuid.UUID | str) -> None:
    """End one of a person's sign-ins.

    Raises: NotFound, also when it is somebody else's or over already.
    """
    ended = text.identifier(session_id)
    with db.session(write=True) as session:
        if not sessions.revoke(session, viewer.user_id, ended, now()):
            raise NotFound(t("This device is signed out already."))
        audit.record(session, "session-end", actor=viewer.user_id, detail="one device")
    _memory.forget()


def end_others(viewer: Viewer) -> None:
    """End every sign-in of a person but the one at hand."""
    with db.session(write=True) as session:
        has_ended = sessions.revoke_all(session, viewer.user_id, now(), but=viewer.session_id)
        if has_ended:  # or the audit, which keeps all, would grow with every click
            audit.record(session, "session-end", actor=viewer.user_id, detail="all other devices")
    if has_ended:
        _memory.forget()


def forget() -> None:
    """Read everybody anew: call it once a change to an account or its sign-ins is committed."""
    _memory.forget()


def stands(row: UserSession, user: User, moment: datetime) -> bool:
    """Whether this sign-in of this person still counts."""
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


def _viewer(row: UserSession, user: User) -> Viewer:
    return Viewer(
        user_id=user.id,
        session_id=row.id,
        name=user.name,
        email=user.email,
        role=user.role,
        is_verified=user.email_verified_at is not None or not get_settings().has_mail,
        signed_in_at=row.created_at,
    )


def _key(token: str, kind: str) -> bytes:
    return hashlib.sha256(f"{kind} {token}".encode("utf-8", "surrogatepass")).digest()
