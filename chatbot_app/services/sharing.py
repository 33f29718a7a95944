"""Sharing a chat: a snapshot for whoever has the link, read-only and as it was at that moment.

It holds what was asked and answered in the branch that is shown, and nothing else: no system
prompt, no thoughts of the model, no name and no e-mail, and no message that comes later.
"""

import json
import uuid
from typing import TypedDict

from sqlmodel import Session

from chatbot_app import db, markdown, security
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, InvalidInput, NotFound
from chatbot_app.models import Chat, Message, SharedChat
from chatbot_app.repositories import chats, messages, shared_chats
from chatbot_app.schemas import MessageView, SharedLink, SharedPage
from chatbot_app.services import text, views
from chatbot_app.words import number, t

LONGEST = 2_000_000
"""Characters that a snapshot holds at most: it is one row, read whole for each stretch of it."""

MOST_LINKS = 200
"""Links that a person has at most; `shared_chats.list_latest` shows as many."""

PAGE = 40
"""Messages of a snapshot that are shown at a time."""

UNFINISHED = frozenset({"generating", "failed"})


class _Said(TypedDict):
    """A message as a snapshot keeps it."""

    role: str
    text: str
    at: str


def share(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> SharedLink:
    """Take a snapshot of the branch that is shown, and make a link to it.

    Raises: NotFound, Conflict when there is nothing to share, InvalidInput when it is too long or
    there are too many links.
    """
    with db.session(write=True) as session:
        chat = chats.get(session, user_id, text.identifier(chat_id))
        if len(shared_chats.list_latest(session, user_id)) >= MOST_LINKS:
            raise InvalidInput(
                t("You have {most} shared links. Withdraw one first.", most=MOST_LINKS)
            )
        shared = SharedChat(
            user_id=user_id,
            chat_id=chat.id,
            token=security.new_link_token(),
            title=chat.title,
            content=json.dumps(_said_in(session, user_id, chat), ensure_ascii=False),
        )
        shared_chats.add(session, shared)
    return _link(shared)


def list_for(user_id: uuid.UUID, chat_id: uuid.UUID | str | None = None) -> list[SharedLink]:
    """List a person's links, to one chat or to all, latest first."""
    chat = None if chat_id is None else text.identifier(chat_id)
    with db.session() as session:
        return [_link(shared) for shared in shared_chats.list_latest(session, user_id, chat)]


def withdraw(user_id: uuid.UUID, shared_id: uuid.UUID | str) -> None:
    """Have a link lead nowhere, at once and for good.

    Raises: NotFound.
    """
    with db.session(write=True) as session:
        shared_chats.remove(session, user_id, text.identifier(shared_id))


def open_page(token: str, *, after: int = 0) -> SharedPage:
    """Show a stretch of what a link leads to, behind the first `after` messages, to anybody.

    Raises: NotFound.
    """
    shared = None
    if len(token) == security.LINK_TOKEN_CHARS and token.isascii() and token.isprintable():
        with db.session() as session:
            shared = shared_chats.find_by_token(session, token)
    if shared is None:
        raise NotFound(
            t("This link leads nowhere: it is mistyped, or the chat isn't shared any more.")
        )
    said: list[_Said] = json.loads(shared.content)
    first = max(0, after)
    shown = said[first : first + PAGE]
    return SharedPage(
        title=shared.title,
        shared_at=views.moment(shared.created_at),
        messages=[_view(one, number) for number, one in enumerate(shown, start=first)],
        has_more=first + PAGE < len(said),
    )


def _said_in(session: Session, user_id: uuid.UUID, chat: Chat) -> list[_Said]:
    """What was said in the branch that is shown, oldest first.

    Raises: Conflict, InvalidInput.
    """
    said: list[_Said] = []
    length = 0
    for message in messages.walk_up(session, user_id, chat.active_leaf_id):
        if message.status in UNFINISHED or not message.content:
            continue
        length += len(message.content)
        if length > LONGEST:
            raise InvalidInput(
                t(
                    "This chat is too long to be shared: a link holds {most} characters at most.",
                    most=number(LONGEST),
                )
            )
        said.append(_kept(message))
    if not said:
        raise Conflict(t("There is nothing in this chat to share yet."))
    return said[::-1]


def _kept(message: Message) -> _Said:
    return _Said(role=message.role, text=message.content, at=views.moment(message.created_at))


def _view(said: _Said, number: int) -> MessageView:
    blocks = markdown.split(said["text"]) if said["role"] == "assistant" else [said["text"]]
    # Its place is its name: the ids of the chat's messages are nobody else's business.
    return MessageView(id=f"m{number}", role=said["role"], blocks=blocks, created_at=said["at"])


def _link(shared: SharedChat) -> SharedLink:
    return SharedLink(
        id=str(shared.id),
        title=shared.title,
        url=f"{get_settings().public_url}/share/{shared.token}",
        shared_at=views.moment(shared.created_at),
    )
