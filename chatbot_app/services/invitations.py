"""Invitations: who may register though not everybody may, or as what.

`REGISTRATION` decides: with open everybody may, with invitation whoever has one, and with closed
nobody, invitations that are still out included. The first administrator's, which the operator makes
with ADMIN_EMAIL, is good in every mode. That address can't be registered without one.
"""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from chatbot_app import db, security
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, Forbidden, InvalidInput, NotFound
from chatbot_app.models import Invitation, now
from chatbot_app.repositories import invitations, users
from chatbot_app.schemas import InvitationItem, Viewer
from chatbot_app.services import audit, letters, links, sessions, text, views
from chatbot_app.words import mark, t

ROLES = ("user", "admin")

TAKEN = mark("There is already an account with this email. You can sign in instead.")


@dataclass(frozen=True)
class Admission:
    """As what somebody may register. `is_verified`: the invitation came by mail, or was made by
    whoever runs the site.
    """

    role: str = "user"
    is_verified: bool = False


async def create(by: Viewer, *, email: str, role: str) -> str:
    """Invite somebody: gives the link, which is shown this once and kept nowhere. With an `email`
    it is good for that address only and, where mail can be sent, mailed there as well. It replaces
    an older one for the same address.

    Raises: InvalidInput, Conflict when there is such an account or registration is closed, Forbidden
    unless an administrator asks.
    """
    sessions.require_admin(by)
    if get_settings().registration == "closed":
        raise Conflict(
            t("Registration is closed here (REGISTRATION): an invitation would open nothing.")
        )
    address = text.email(email) if email else ""
    if role not in ROLES:
        raise InvalidInput(t("There is no such role."))
    if role == "admin" and not address:
        raise InvalidInput(t("An invitation for an administrator needs an email address."))
    token = security.new_link_token()
    await db.in_thread(_store, token, address, role, by.user_id)
    if address:
        letters.invite(address, token)
    return letters.link("register", security.by_hand(token))


def create_for_first_admin() -> str:
    """Invite the person whom ADMIN_EMAIL names to be an administrator, if there is none yet; gives
    the link, or nothing.

    Raises: Conflict when that address has an account, for whoever made it may be somebody else.
    """
    address = get_settings().admin_email
    if not address:
        return ""
    with db.session() as session:
        if users.has_admin(session):
            return ""
    token = security.new_link_token()
    _store(token, address, "admin", None)
    return letters.link("register", security.by_hand(token))


def list_all() -> list[InvitationItem]:
    """List the invitations that are still good, the latest first."""
    with db.session() as session:
        rows = invitations.list_good(session, now())
    return [
        InvitationItem(
            id=str(row.id),
            email=row.email,
            role=row.role,
            invited_by=inviter or "",
            created_at=views.moment(row.created_at),
            expires_at=views.moment(row.expires_at),
        )
        for row, inviter in rows
    ]


def withdraw(by: Viewer, invitation_id: uuid.UUID | str) -> None:
    """Take an invitation back.

    Raises: NotFound, also when it was taken already; Forbidden unless an administrator asks.
    """
    sessions.require_admin(by)
    withdrawn = text.identifier(invitation_id)
    with db.session(write=True) as session:
        if not invitations.drop(session, withdrawn):
            raise NotFound(t("This invitation is gone already."))
        audit.record(session, "invitation-withdraw", actor=by.user_id)


def take_back_of(session: Session, inviter_id: uuid.UUID) -> None:
    """Take back, within the caller's transaction, what somebody made who may not invite any more: by
    an invitation of their own, kept for the day, they would come in again, and as an administrator.
    """
    invitations.drop_of(session, inviter_id)


def admit(session: Session, email: str, token: str) -> Admission:
    """Say as what the owner of this address may register, with this invitation or without one.

    Raises: InvalidInput, Forbidden, Conflict for the address that is the first administrator's.
    """
    return _admission(_find(session, email, token), token)


def use(session: Session, email: str, token: str) -> Admission:
    """Like `admit`, and the invitation is used up: within the transaction that makes the account.

    Raises: InvalidInput, Forbidden, Conflict.
    """
    invitation = _find(session, email, token)
    if invitation is not None and not invitations.drop(session, invitation.id):
        raise Forbidden(t(_GONE))
    return _admission(invitation, token)


_GONE = mark(
    "This invitation was used already, taken back, or is too old. Please ask for another one."
)
_CLOSED = mark(
    "Nobody can make an account here at the moment. Whoever runs this site can tell you more."
)
_NEEDED = mark("An account here needs an invitation: please open the link in yours.")


def _store(token: str, email: str, role: str, by: uuid.UUID | None) -> None:
    moment = now()
    invitation = Invitation(
        token_hash=security.door_hash(token),
        email=email,
        role=role,
        invited_by=by,
        created_at=moment,
        expires_at=moment + timedelta(seconds=get_settings().invitation_seconds),
    )
    with db.session(write=True) as session:
        if email and users.find_by_email(session, email) is not None:
            raise Conflict(t("There is already an account with this email."))
        invitations.add(session, invitation, moment)
        audit.record(session, "invite", actor=by, detail=f"as {role}")


def _find(session: Session, email: str, token: str) -> Invitation | None:
    settings = get_settings()
    invitation = None
    if token:
        if len(token) > links.TOKEN_MAX_CHARS or not db.is_storable(token):
            raise Forbidden(t(_GONE))
        invitation = invitations.find(session, security.door_hash(token), now())
    if settings.registration == "closed" and not (invitation and _is_first(invitation)):
        raise Forbidden(t(_CLOSED))
    if token and invitation is None:
        raise Forbidden(t(_GONE))
    if settings.registration == "invitation" and invitation is None:
        raise Forbidden(t(_NEEDED))
    if invitation is not None and invitation.email and invitation.email != email:
        raise Forbidden(t("This invitation is for another email address."))
    if email == settings.admin_email and (invitation is None or invitation.email != email):
        raise Conflict(t(TAKEN))
    return invitation


def _is_first(invitation: Invitation) -> bool:
    """Whether it is the operator's for the first administrator: nobody else invites that address
    without being invited.
    """
    return (
        invitation.invited_by is None
        and invitation.role == "admin"
        and invitation.email == get_settings().admin_email
    )


def _admission(invitation: Invitation | None, token: str) -> Admission:
    if invitation is None:
        return Admission()
    is_proven = bool(invitation.email) and not security.is_by_hand(token)
    return Admission(invitation.role, is_proven or _is_first(invitation))
