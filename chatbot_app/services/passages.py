"""Stretches from the middle of a chat, for those who come to one of its messages from elsewhere.

A stretch is a page as `chats.open_page` gives it, above a message that was chosen so that what one
came for is on it.
"""

import dataclasses
import uuid

from chatbot_app import db
from chatbot_app.errors import NotFound
from chatbot_app.repositories import chats as chat_rows
from chatbot_app.repositories import messages
from chatbot_app.schemas import ChatPage
from chatbot_app.services import chats, text
from chatbot_app.words import t

BEHIND = 10  # messages below the one that is wanted
PAGE = 30


def around(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    chat_id: uuid.UUID | str,
    message_id: uuid.UUID | str,
) -> ChatPage | None:
    """Open the stretch around a message; None if it is on another branch than the one that is shown.

    Raises: NotFound, also for a message of another chat.
    """
    wanted = text.identifier(message_id)
    down = _down(user_id, chat_id, wanted, limit=BEHIND + 2)
    if not down:
        return None
    page = _page_to(user_id, project_id, chat_id, down, BEHIND)
    if str(wanted) not in (message.id for message in page.messages):
        # So much is said below it that it fits on no page with all of that.
        page = _page_to(user_id, project_id, chat_id, down, 0)
    return page


def below(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    chat_id: uuid.UUID | str,
    *,
    after: uuid.UUID | str,
) -> ChatPage | None:
    """Open the stretch right behind a message; None if it is not on the branch that is shown any more,
    or its last.

    Raises: NotFound, also for a message of another chat.
    """
    down = _down(user_id, chat_id, text.identifier(after), limit=PAGE + 2)
    length = min(PAGE, len(down) - 1)
    while length > 0:
        page = _page_to(user_id, project_id, chat_id, down, length)
        ids = [message.id for message in page.messages]
        first, last = str(down[1]), str(down[length])
        if first in ids and last in ids:
            return dataclasses.replace(page, messages=page.messages[ids.index(first) :])
        length //= 2
    return None


def _down(
    user_id: uuid.UUID, chat_id: uuid.UUID | str, message_id: uuid.UUID, *, limit: int
) -> list[uuid.UUID]:
    with db.session() as session:
        chat = chat_rows.get(session, user_id, text.identifier(chat_id))
        if messages.get(session, user_id, message_id).chat_id != chat.id:
            raise NotFound(t("This message doesn't exist, or was deleted."))
        if chat.active_leaf_id is None:
            return []
        leaf_id = chat.active_leaf_id
        return messages.list_down(session, user_id, message_id, leaf_id, limit=limit)


def _page_to(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    chat_id: uuid.UUID | str,
    down: list[uuid.UUID],
    behind: int,
) -> ChatPage:
    """Open the page that ends so many messages behind the first of these, or with the last there is."""
    if len(down) <= behind + 1:
        return chats.open_page(user_id, project_id, chat_id, limit=PAGE)
    before = str(down[behind + 1])
    page = chats.open_page(user_id, project_id, chat_id, before=before, limit=PAGE)
    return dataclasses.replace(page, newer_than=str(down[behind]))
