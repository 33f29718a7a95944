"""Of people, their sign-ins, and the administration."""

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Viewer:
    """Who is asking: a live session and its user. Server-side only."""

    user_id: uuid.UUID
    session_id: uuid.UUID
    name: str
    email: str
    role: str = "user"
    is_verified: bool = True
    """Whether the e-mail address is confirmed; always, where no mail can be sent."""
    signed_in_at: datetime | None = None

    @property
    def is_admin(self) -> bool:
        """Whether this person looks after the site."""
        return self.role == "admin"


@dataclass(frozen=True)
class SessionGrant:
    """A session just made: the token for the cookie, how long it lasts (seconds), and where to go.
    Server-side only.

    With `needs_code` it is none yet: the token only says that the first factor was right, opens
    nothing, and the way leads to the page that asks for the second.
    """

    token: str
    max_age: int
    landing: str
    needs_code: bool = False


@dataclass(frozen=True)
class SignIn:
    """One of a person's own sign-ins. `is_program`: with tokens in place of a cookie."""

    id: str = ""
    device: str = ""
    address: str = ""
    is_program: bool = False
    is_current: bool = False
    began_at: str = ""
    last_seen_at: str = ""


@dataclass(frozen=True)
class Protection:
    """What a person's account is protected by."""

    has_password: bool = True
    is_two_factor_on: bool = False
    recovery_codes: int = 0
    """How many are left."""


@dataclass(frozen=True)
class Provider:
    """Somebody else who says who people are, to be chosen at sign-in."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True)
class Connection:
    """A provider and, if it is connected to this person's account, as whom they are known there.

    Without `identity_id` it can be connected; without `provider_id` it isn't offered any more.
    """

    provider_id: str = ""
    name: str = ""
    identity_id: str = ""
    email: str = ""
    may_be_disconnected: bool = False


@dataclass(frozen=True)
class InvitationItem:
    """An invitation that is still good. An empty `email`: for whoever has the link; an empty
    `invited_by`: whoever runs the site.
    """

    id: str = ""
    email: str = ""
    role: str = ""
    invited_by: str = ""
    created_at: str = ""
    expires_at: str = ""


@dataclass(frozen=True)
class UserRow:
    """An account as administrators see it; an empty `last_seen_at`: not for a long while."""

    id: str = ""
    name: str = ""
    email: str = ""
    role: str = "user"
    is_disabled: bool = False
    is_verified: bool = False
    has_two_factor: bool = False
    created_at: str = ""
    last_seen_at: str = ""
    chats: int = 0


@dataclass(frozen=True)
class UserList:
    """A stretch of the accounts, by e-mail; `after` is the cursor for what follows, or empty."""

    users: list[UserRow]
    after: str = ""


@dataclass(frozen=True)
class AuditRow:
    """An entry of the audit in words. Who is not known, or gone, is named so."""

    id: str = ""
    at: str = ""
    action: str = ""
    outcome: str = "done"
    actor: str = ""
    target: str = ""
    address: str = ""
    detail: str = ""


@dataclass(frozen=True)
class AuditPage:
    """A stretch of the audit, newest first; `before` is the cursor for what is older, or empty."""

    entries: list[AuditRow]
    before: str = ""
