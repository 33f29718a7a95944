"""Chats: listing, opening a page of one, renaming, deleting. Where one stands is `chat_places`, and
asking in one is `turns`.
"""

import uuid
from datetime import UTC, datetime
from itertools import accumulate

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Message, now
from chatbot_app.repositories import answer_runs, chats, messages, projects
from chatbot_app.schemas import ChatItem, ChatList, ChatPage
from chatbot_app.services import text, views
from chatbot_app.words import t

LONGEST_PAGE = 100  # messages
LONGEST_LIST = 500  # chats
PINNED_MAX = 100
"""Chats that may be pinned in a project: all of them are always listed."""

PAGE_CHARACTERS = 100_000
"""A page of a chat ends early beyond so much text, but not before its second message: what it costs
to split, to send and to draw is bounded whatever is in it.
"""


def list_page(
    user_id: uuid.UUID, project_id: uuid.UUID | str, *, before: str = "", limit: int = 200
) -> ChatList:
    """List a project's chats, latest activity first, or those behind `before`; archived ones are in
    no list but their own.

    `before` is an earlier page's `older_than`. It stays good whatever happens to the chats, and no
    chat comes twice but one that was written in again since.

    Raises: NotFound, also for what is no cursor.
    """
    place = read_cursor(before) if before else None
    most = max(1, min(limit, LONGEST_LIST))
    with db.session() as session:
        project = projects.get(session, user_id, text.identifier(project_id))
        rows = chats.list_latest(session, user_id, project.id, before=place, limit=most + 1)
        most_pinned = 0 if before else PINNED_MAX
        pinned = chats.list_pinned(session, user_id, project.id, limit=most_pinned)
    listed = rows[:most]
    return ChatList(
        chats=[views.chat_item(chat) for chat in listed],
        older_than=cursor(listed[-1].last_message_at, listed[-1].id) if len(rows) > most else "",
        pinned=[views.chat_item(chat) for chat in pinned],
    )


def get(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> ChatItem:
    """Get a chat as a list shows it.

    Raises: NotFound.
    """
    with db.session() as session:
        return views.chat_item(chats.get(session, user_id, text.identifier(chat_id)))


def open_page(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    chat_id: uuid.UUID | str,
    *,
    before: str = "",
    limit: int = 30,
) -> ChatPage:
    """Open the latest stretch of a chat's active branch, or the one above `before`.

    `before` is an earlier page's `older_than`; the messages come oldest first.

    Raises: NotFound, also for a chat of another project and a cursor of another chat.
    """
    with db.session() as session:
        chat = chats.get(session, user_id, text.identifier(chat_id))
        if chat.project_id != text.identifier(project_id):
            raise NotFound(t("This chat doesn't exist, or was deleted."))
        rows = _light(_page(session, user_id, chat, before, max(1, min(limit, LONGEST_PAGE))))
        versions = messages.list_versions(session, user_id, rows)
    has_older = bool(rows) and rows[-1].parent_id is not None
    return ChatPage(
        chat=views.chat_item(chat),
        messages=[views.message_view(message, versions[message.id]) for message in reversed(rows)],
        older_than=str(rows[-1].id) if has_older else "",
    )


def rename(user_id: uuid.UUID, chat_id: uuid.UUID | str, title: str) -> ChatItem:
    """Give a chat another title, which no model's takes the place of any more.

    Raises: InvalidInput, NotFound.
    """
    words = text.line(title, t("The title"), limit=get_settings().name_max_chars)
    with db.session(write=True) as session:
        chat = chats.get(session, user_id, text.identifier(chat_id))
        chat.title, chat.titled_by = words, "person"
    return views.chat_item(chat)


def delete(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> None:
    """Delete a chat with all its messages, on every branch: gone for everybody at once, and for good
    soon (`purge`). Whoever still writes an answer there is asked to stop.

    Raises: NotFound.
    """
    with db.session(write=True) as session:
        chat = chats.get(session, user_id, text.identifier(chat_id), lock=True)
        chat.deleted_at = now()
        answer_runs.request_stop(session, chat.id)


def restore(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> ChatItem:
    """Bring back a chat that was just deleted, as it was; not pinned where enough others are by now.

    Raises: NotFound, also when it has gone for good by now.
    """
    with db.session(write=True) as session:
        chat = chats.get(session, user_id, text.identifier(chat_id), lock=True, or_deleted=True)
        if chats.count_pinned(session, user_id, chat.project_id) >= PINNED_MAX:
            chat.pinned_at = None  # others were pinned meanwhile
        chat.deleted_at = None
    return views.chat_item(chat)


def _page(
    session: Session, user_id: uuid.UUID, chat: Chat, before: str, limit: int
) -> list[Message]:
    newest = chat.active_leaf_id
    if before:
        cursor = messages.get(session, user_id, text.identifier(before))
        if cursor.chat_id != chat.id:
            raise NotFound(t("There is nothing at this address."))
        newest = cursor.parent_id
    if newest is None:
        return []
    return list(messages.list_branch(session, user_id, newest, limit=limit))


def _light(newest_first: list[Message]) -> list[Message]:
    totals = accumulate(
        len(message.content) + len(views.shown_thoughts(message.reasoning))
        for message in newest_first
    )
    fitting = sum(1 for total in totals if total <= PAGE_CHARACTERS)
    return newest_first[: max(2, fitting)]


def cursor(moment: datetime, chat_id: uuid.UUID) -> str:
    """Write down a place in a list of chats."""
    # To the microsecond, which a list does not show, and without the "+" of an offset, which
    # addresses take for a space.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}_{chat_id}"


def read_cursor(written: object) -> chats.Place:
    """Read the place that `cursor` wrote down.

    Raises: NotFound for what is no cursor.
    """
    moment, _, chat_id = str(written).partition("_")
    try:
        return chats.Place(
            datetime.fromisoformat(moment).replace(tzinfo=UTC), text.identifier(chat_id)
        )
    except ValueError:
        raise NotFound(t("There is nothing at this address.")) from None
