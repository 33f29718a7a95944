"""What crosses from services to pages and API: frozen, plain, and never a hash or a secret.

Reflex sends these to the browser as they are, so their fields are strings and numbers a page can
show; moments are ISO 8601 in UTC.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Role = Literal["user", "assistant"]
Status = Literal["generating", "complete", "stopped", "interrupted", "failed"]


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


@dataclass(frozen=True)
class ProjectCard:
    """A project in a list."""

    id: str = ""
    name: str = ""
    summary: str = ""
    model: str = ""
    last_activity: str = ""
    chats: int = 0


@dataclass(frozen=True)
class ProjectDetail:
    """A project with all a person may edit. An empty model and temperature mean the default."""

    id: str = ""
    name: str = ""
    description: str = ""
    system_prompt: str = ""
    model: str = ""
    temperature: str = ""
    starters: str = ""
    """Questions that a new chat suggests, one a line."""


@dataclass(frozen=True)
class ChatItem:
    """A chat in the rail. An empty `model`: the project's."""

    id: str = ""
    project_id: str = ""
    title: str = ""
    last_message_at: str = ""
    is_pinned: bool = False
    is_archived: bool = False
    model: str = ""


@dataclass(frozen=True)
class ChatList:
    """A stretch of a project's chats, latest activity first; `older_than` is the cursor for what
    lies behind, or empty. The first stretch comes with the `pinned` ones, which are in none.
    """

    chats: list[ChatItem]
    older_than: str = ""
    pinned: list[ChatItem] = field(default_factory=list[ChatItem])


@dataclass(frozen=True)
class ArchivedChat:
    """A chat among those that were put away; `archived_at` in ISO 8601, or in words."""

    id: str = ""
    project_id: str = ""
    project_name: str = ""
    title: str = ""
    archived_at: str = ""


@dataclass(frozen=True)
class ArchivedList:
    """A stretch of a person's archived chats, last archived first; `older_than` as elsewhere."""

    chats: list[ArchivedChat]
    older_than: str = ""


@dataclass(frozen=True)
class MessageView:
    """A message as it is shown. `"".join(blocks)` is its text to the byte; a user's message is one
    block.

    `version` of `versions` (counted from 1) says which of the messages in this place it is; the
    neighbours are named by their ids. Tokens that nobody counted are 0, and so are times (in
    milliseconds) that nobody took. `reasoning` may be only the beginning of long thoughts.
    """

    id: str = ""
    role: str = "user"
    status: str = "complete"
    blocks: list[str] = field(default_factory=list[str])
    error: str = ""
    model: str = ""
    created_at: str = ""
    version: int = 1
    versions: int = 1
    previous_version: str = ""
    next_version: str = ""
    reasoning: str = ""
    reasoning_ms: int = 0
    duration_ms: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class AnswerFacts:
    """What an answer took, in words; what nobody knows is empty."""

    model: str = ""
    duration: str = ""
    prompt_tokens: str = ""
    completion_tokens: str = ""
    speed: str = ""


@dataclass(frozen=True)
class ChatPage:
    """A stretch of the open conversation, oldest first; `older_than` is the cursor for what lies
    before, or empty, and `newer_than` for what lies behind, in a stretch from the middle.
    """

    chat: ChatItem
    messages: list[MessageView]
    older_than: str = ""
    newer_than: str = ""


@dataclass(frozen=True)
class SharedLink:
    """A link to a snapshot of one of a person's chats."""

    id: str = ""
    title: str = ""
    url: str = ""
    shared_at: str = ""


@dataclass(frozen=True)
class SharedPage:
    """A stretch of a snapshot, as anybody with the link sees it."""

    title: str
    shared_at: str
    messages: list[MessageView]
    has_more: bool = False


@dataclass(frozen=True)
class TextPart:
    """A piece of a text: one of the words that were looked for, or what lies between."""

    text: str = ""
    is_hit: bool = False


@dataclass(frozen=True)
class ChatHit:
    """A chat to go to, with its title in parts."""

    id: str = ""
    project_id: str = ""
    title: list[TextPart] = field(default_factory=list[TextPart])
    is_archived: bool = False


@dataclass(frozen=True)
class MessageHit:
    """A message in which something was found, with the place around it in parts."""

    id: str = ""
    chat_id: str = ""
    project_id: str = ""
    chat_title: str = ""
    role: str = "user"
    excerpt: list[TextPart] = field(default_factory=list[TextPart])
    said_at: str = ""
    is_archived: bool = False


@dataclass(frozen=True)
class Found:
    """What a search found, newest first; `older_than` is the cursor for further messages, or empty."""

    chats: list[ChatHit]
    messages: list[MessageHit]
    older_than: str = ""


@dataclass(frozen=True)
class Turn:
    """A question stored and an answer begun, both committed. Server-side only."""

    user_id: uuid.UUID
    chat: ChatItem
    question: MessageView
    answer: MessageView
    is_new_chat: bool
