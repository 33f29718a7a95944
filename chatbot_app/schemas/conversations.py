"""Of projects, chats and messages."""

import uuid
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["user", "assistant"]
Status = Literal["generating", "complete", "stopped", "interrupted", "failed"]


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
