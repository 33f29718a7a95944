"""All that is kept of a person, to take along: written as JSON piece by piece, so that it costs as
little memory for a hundred thousand messages as for ten.

It holds what a person typed and was answered, every version of it, and what the site noted of the
account; no hash and no secret. It is read page by page, so what is written meanwhile may or may not
be in it.
"""

import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from chatbot_app import db
from chatbot_app.errors import TooManyAttempts
from chatbot_app.models import Chat, Message, Project, SharedChat, User, UserSession, now
from chatbot_app.repositories import exports, two_factor, users
from chatbot_app.repositories.exports import Place
from chatbot_app.schemas import Viewer
from chatbot_app.services import audit
from chatbot_app.services.rates import Buckets
from chatbot_app.words import t

FORMAT = "chatbot-platform"
VERSION = 1
"""Say what a file of ours is, and how it is to be read (`imports.own` does)."""

ROWS = 100
"""Projects, chats or messages that are held at a time."""

PLACES = 5_000
"""Messages whose places are held at a time."""

PER_SECOND = 0.1
"""How often a person may begin one: each reads all there is."""

SNAPSHOTS = 5
"""Shared chats that are held at a time: each is a whole chat."""

Row = TypeVar("Row", Project, Chat, Place, SharedChat)

_begun = Buckets()


async def begin(viewer: Viewer) -> None:
    """Note in the audit that a person takes everything along.

    Raises: TooManyAttempts.
    """
    if not _begun.take(viewer.user_id, rate=PER_SECOND):
        raise TooManyAttempts(
            t("Your data was asked for a moment ago. Please wait a few seconds."), retry_after=10
        )
    await db.in_thread(audit.note, "export", actor=viewer.user_id, outcome="done")


async def written(user_id: uuid.UUID) -> AsyncIterator[str]:
    """Write it, in pieces that together are one JSON object.

    Raises: NotFound, before the first piece.
    """
    yield opened(await db.in_thread(_about, user_id), "projects") + "[\n"
    comma = ""
    async for project in _all(exports.list_projects, user_id):
        yield comma + opened(project_fields(project), "chats") + "[\n"
        async for piece in _chats(user_id, project.id):
            yield piece
        yield "]}"
        comma = ",\n"
    yield '], "shared_chats": [\n'
    comma = ""
    async for shared in _all(exports.list_shared, user_id, limit=SNAPSHOTS):
        yield comma + _json(_shared(shared))
        comma = ",\n"
    yield "]}\n"


def head() -> dict[str, Any]:
    """Give what each file of ours begins with."""
    return {"format": FORMAT, "version": VERSION, "exported_at": _moment(now())}


async def chat_pieces(user_id: uuid.UUID, chat: Chat) -> AsyncIterator[str]:
    """Write one chat with all that was said in it, in pieces that together are one JSON object."""
    yield opened(_chat(chat), "messages") + "[\n"
    async for piece in _messages(user_id, chat.id):
        yield piece
    yield "]}"


async def _chats(user_id: uuid.UUID, project_id: uuid.UUID) -> AsyncIterator[str]:
    comma = ""
    async for chat in _all(exports.list_chats, user_id, project_id):
        yield comma
        async for piece in chat_pieces(user_id, chat):
            yield piece
        comma = ",\n"


async def _messages(user_id: uuid.UUID, chat_id: uuid.UUID) -> AsyncIterator[str]:
    comma = ""
    async for passage in _passages(user_id, chat_id):
        if passage:  # its messages may have been deleted since they were counted
            yield comma + passage
            comma = ",\n"


async def _passages(user_id: uuid.UUID, chat_id: uuid.UUID) -> AsyncIterator[str]:
    wanted: list[uuid.UUID] = []
    async for place in _all(exports.list_places, user_id, chat_id, limit=PLACES):
        wanted.append(place.id)
        if len(wanted) == ROWS:
            yield await db.in_thread(_passage, user_id, wanted)
            wanted = []
    yield await db.in_thread(_passage, user_id, wanted)


def _passage(user_id: uuid.UUID, message_ids: list[uuid.UUID]) -> str:
    with db.session() as session:
        messages = exports.list_messages(session, user_id, message_ids)
    return ",\n".join(_json(_message(message)) for message in messages)


async def _all(
    read: Callable[..., Sequence[Row]], *scope: uuid.UUID, limit: int | None = None
) -> AsyncIterator[Row]:
    """Go through all rows, one page after the other."""
    after = None
    while page := await db.in_thread(_page, read, scope, after, limit or ROWS):
        for row in page:
            yield row
        after = Place(page[-1].created_at, page[-1].id)


def _page(
    read: Callable[..., Sequence[Row]],
    scope: tuple[uuid.UUID, ...],
    after: Place | None,
    limit: int,
) -> Sequence[Row]:
    with db.session() as session:
        return read(session, *scope, after=after, limit=limit)


def _about(user_id: uuid.UUID) -> dict[str, Any]:
    with db.session() as session:
        user = users.get(session, user_id)
        return head() | {
            "account": _account(user) | {"two_factor": two_factor.is_on(session, user_id)},
            "sign_ins": [_sign_in(row) for row in exports.list_sign_ins(session, user_id)],
            "identities": [
                {
                    "issuer": identity.issuer,
                    "subject": identity.subject,
                    "email": identity.email,
                    "connected_at": _moment(identity.created_at),
                }
                for identity in exports.list_identities(session, user_id)
            ],
        }


def _account(user: User) -> dict[str, Any]:
    return {
        "id": str(user.id),
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "created_at": _moment(user.created_at),
        "email_verified_at": _moment(user.email_verified_at),
        "has_password": user.password_hash != "",
    }


def _sign_in(row: UserSession) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "device": row.device,
        "address": row.address,
        "began_at": _moment(row.created_at),
        "last_seen_at": _moment(row.last_seen_at),
        "ended_at": _moment(row.revoked_at),
    }


def project_fields(project: Project) -> dict[str, Any]:
    """Give a project without its chats, as it is written."""
    return {
        "id": str(project.id),
        "name": project.name,
        "description": project.description,
        "system_prompt": project.system_prompt,
        "model": project.model,
        "temperature": project.temperature,
        "starters": project.starters,
        "created_at": _moment(project.created_at),
        "updated_at": _moment(project.updated_at),
    }


def _chat(chat: Chat) -> dict[str, Any]:
    return {
        "id": str(chat.id),
        "title": chat.title,
        "titled_by": chat.titled_by,
        "model": chat.model,
        "pinned_at": _moment(chat.pinned_at),
        "archived_at": _moment(chat.archived_at),
        "shown_message_id": chat.active_leaf_id and str(chat.active_leaf_id),
        "created_at": _moment(chat.created_at),
        "last_message_at": _moment(chat.last_message_at),
    }


def _message(message: Message) -> dict[str, Any]:
    return {
        "id": str(message.id),
        "parent_id": message.parent_id and str(message.parent_id),
        "role": message.role,
        "status": message.status,
        "content": message.content,
        "error": message.error,
        "model": message.model,
        "reasoning": message.reasoning,
        "reasoning_ms": message.reasoning_ms,
        "duration_ms": message.duration_ms,
        "prompt_tokens": message.prompt_tokens,
        "completion_tokens": message.completion_tokens,
        "created_at": _moment(message.created_at),
        "ended_at": _moment(message.ended_at),
    }


def _shared(shared: SharedChat) -> dict[str, Any]:
    # Without its token: whoever has that has the link, and a file lies about for years.
    return {
        "chat_id": str(shared.chat_id),
        "title": shared.title,
        "created_at": _moment(shared.created_at),
        "content": shared.content,
    }


def _moment(value: datetime | None) -> str | None:
    return value and value.isoformat()


def opened(fields: dict[str, Any], name: str) -> str:
    """Write an object as far as its last field, which is still to come."""
    return f'{_json(fields)[:-1]}, "{name}": '


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
