"""Where a chat stands: pinned on top of its project's list, put away among the archived ones, or in
another project.
"""

import uuid

from chatbot_app import db
from chatbot_app.errors import Conflict
from chatbot_app.models import now
from chatbot_app.repositories import answer_runs, chats, projects
from chatbot_app.schemas import ArchivedChat, ArchivedList, ChatItem
from chatbot_app.services import text, views
from chatbot_app.services.chats import LONGEST_LIST, PINNED_MAX, cursor, read_cursor
from chatbot_app.words import t


def pin(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> ChatItem:
    """Put a chat on top of its project's list; an archived one comes back for it.

    Raises: NotFound, Conflict when as many are pinned there as may be.
    """
    with db.session(write=True) as session:
        chat = chats.get(session, user_id, text.identifier(chat_id), lock=True)
        if chat.pinned_at is None:
            if chats.count_pinned(session, user_id, chat.project_id) >= PINNED_MAX:
                raise Conflict(
                    t(
                        "{number} chats are pinned in this project, and more are not possible."
                        " Please unpin one first.",
                        number=PINNED_MAX,
                    )
                )
            chat.pinned_at = now()
        chat.archived_at = None
    return views.chat_item(chat)


def unpin(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> ChatItem:
    """Put a pinned chat back among the others.

    Raises: NotFound.
    """
    with db.session(write=True) as session:
        chat = chats.get(session, user_id, text.identifier(chat_id), lock=True)
        chat.pinned_at = None
    return views.chat_item(chat)


def archive(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> ChatItem:
    """Put a chat away: it leaves its project's list, and keeps all that was said.

    Raises: NotFound.
    """
    with db.session(write=True) as session:
        chat = chats.get(session, user_id, text.identifier(chat_id), lock=True)
        chat.archived_at, chat.pinned_at = chat.archived_at or now(), None
    return views.chat_item(chat)


def unarchive(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> ChatItem:
    """Put a chat back into its project's list.

    Raises: NotFound.
    """
    with db.session(write=True) as session:
        chat = chats.get(session, user_id, text.identifier(chat_id), lock=True)
        chat.archived_at = None
    return views.chat_item(chat)


def list_archived(user_id: uuid.UUID, *, before: str = "", limit: int = 50) -> ArchivedList:
    """List a person's archived chats over all projects, the last to be archived first, or those
    behind `before`, an earlier page's `older_than`.

    Raises: NotFound for what is no cursor.
    """
    place = read_cursor(before) if before else None
    most = max(1, min(limit, LONGEST_LIST))
    with db.session() as session:
        rows = chats.list_archived(session, user_id, before=place, limit=most + 1)
    listed = [(chat, name, chat.archived_at) for chat, name in rows[:most] if chat.archived_at]
    return ArchivedList(
        chats=[
            ArchivedChat(
                id=str(chat.id),
                project_id=str(chat.project_id),
                project_name=name,
                title=chat.title,
                archived_at=views.moment(archived_at),
            )
            for chat, name, archived_at in listed
        ],
        older_than=cursor(listed[-1][2], listed[-1][0].id) if len(rows) > most else "",
    )


def move(user_id: uuid.UUID, chat_id: uuid.UUID | str, project_id: uuid.UUID | str) -> ChatItem:
    """Take a chat to another project, with all that was said in it. Its instructions and its model
    count from the next message on. A pinned chat is pinned no more: there are others there.

    Raises: NotFound for the chat and the project alike, Conflict while an answer is being written
    there.
    """
    with db.session(write=True) as session:
        # Locked, so that it is not deleted meanwhile, and with it what comes in.
        project = projects.get(session, user_id, text.identifier(project_id), lock=True)
        chat = chats.get(session, user_id, text.identifier(chat_id), lock=True)
        if chat.project_id != project.id:
            if answer_runs.find_in_chat(session, chat.id) is not None:
                raise Conflict(
                    t("An answer is still being written in this chat. Please wait until it ended.")
                )
            chat.project_id, chat.pinned_at = project.id, None
    return views.chat_item(chat)
