"""The border where rows become what pages and API may see. No queries, no rules."""

import functools
import uuid
from collections.abc import Sequence
from datetime import datetime

from chatbot_app import markdown
from chatbot_app.models import Chat, Message, Project
from chatbot_app.schemas import ChatItem, MessageView, ProjectDetail
from chatbot_app.words import t

SHOWN_THOUGHTS = 20_000
"""So many characters of a message's thoughts come with it, for they are seldom read; whoever wants to
is sent the rest.
"""


def moment(value: datetime) -> str:
    """Write a moment as ISO 8601, in UTC."""
    return value.isoformat(timespec="seconds")


def project_detail(project: Project) -> ProjectDetail:
    """Show a project with all that may be edited."""
    temperature = project.temperature
    return ProjectDetail(
        id=str(project.id),
        name=project.name,
        description=project.description,
        system_prompt=project.system_prompt,
        model=project.model,
        temperature="" if temperature is None else f"{temperature:g}",
        starters=project.starters,
    )


def chat_item(chat: Chat) -> ChatItem:
    """Show a chat in a list."""
    return ChatItem(
        id=str(chat.id),
        project_id=str(chat.project_id),
        title=chat.title,
        last_message_at=chat.last_message_at.isoformat(),  # lists are sorted by it
        is_pinned=chat.pinned_at is not None,
        is_archived=chat.archived_at is not None,
        model=chat.model,
    )


def message_view(message: Message, versions: Sequence[uuid.UUID] = ()) -> MessageView:
    """Show a message: an answer in its blocks of markdown, a question as it was typed.

    `versions` are the ids of all messages in its place, itself among them; none means that it is
    the only one.
    """
    content = message.content
    blocks = list(_blocks(content)) if message.role == "assistant" else [content]
    place = versions.index(message.id) if message.id in versions else 0
    return MessageView(
        id=str(message.id),
        role=message.role,
        status=message.status,
        blocks=blocks,
        error=t(message.error),
        model=message.model,
        created_at=moment(message.created_at),
        version=place + 1,
        versions=max(1, len(versions)),
        previous_version=str(versions[place - 1]) if place > 0 else "",
        next_version=str(versions[place + 1]) if place + 1 < len(versions) else "",
        reasoning=shown_thoughts(message.reasoning),
        reasoning_ms=message.reasoning_ms or 0,
        duration_ms=message.duration_ms or 0,
        prompt_tokens=message.prompt_tokens or 0,
        completion_tokens=message.completion_tokens or 0,
    )


def shown_thoughts(thoughts: str) -> str:
    """The beginning of the thoughts, one character longer than `SHOWN_THOUGHTS` if there is more."""
    return thoughts[: SHOWN_THOUGHTS + 1]


@functools.lru_cache(maxsize=64)
def _blocks(content: str) -> tuple[str, ...]:
    """Split an answer; those of a chat that is going on are asked for at every turn."""
    return tuple(markdown.split(content))
