"""Looking for words in all of one's own chats."""

import uuid

from chatbot_app import db
from chatbot_app.errors import InvalidInput
from chatbot_app.repositories import search
from chatbot_app.repositories.search import Hit, Title, Words
from chatbot_app.schemas import ChatHit, Found, MessageHit
from chatbot_app.services import excerpts, views
from chatbot_app.words import number, t

LONGEST_QUERY = 200  # characters
PAGE = 20  # messages
CHATS = 6


def find(user_id: uuid.UUID, query: object, *, before: str = "") -> Found:
    """Find messages in which all words occur, of the last one perhaps just the beginning, and what is
    in quotes side by side; newest first, on every branch, and chats by their titles.

    `before` is an earlier page's `older_than`; there are chats on the first page only. Nothing is
    found by an empty query.

    Raises: InvalidInput for a query that is too long.
    """
    wanted = excerpts.wanted(_fitting(query))
    if not wanted:
        return Found([], [])
    with db.session() as session:
        number = int(before) if before.isdecimal() and len(before) < 19 else None
        hits = search.find_messages(session, user_id, wanted, before=number, limit=PAGE + 1)
        is_meant = excerpts.is_in(wanted)
        chats = [] if before else search.find_titles(session, user_id, is_meant, limit=CHATS)
    return Found(
        chats=[_chat(chat, wanted) for chat in chats],
        messages=[_message(hit, wanted) for hit in hits[:PAGE]],
        older_than=str(hits[PAGE - 1].number) if len(hits) > PAGE else "",
    )


def recent_chats(user_id: uuid.UUID) -> list[ChatHit]:
    """List the chats in which a person was last, over all projects."""
    with db.session() as session:
        chats = search.list_titles(session, user_id, limit=CHATS)
    return [_chat(chat, []) for chat in chats]


def _fitting(query: object) -> str:
    if not isinstance(query, str):
        raise InvalidInput(t("What to look for has to be text."))
    if len(query) > LONGEST_QUERY:
        raise InvalidInput(
            t(
                "A search has at most {limit} characters; this one has {length}.",
                limit=number(LONGEST_QUERY),
                length=number(len(query)),
            )
        )
    return query


def _chat(chat: Title, wanted: list[Words]) -> ChatHit:
    return ChatHit(
        id=str(chat.chat_id),
        project_id=str(chat.project_id),
        title=excerpts.marked(chat.title, wanted),
        is_archived=chat.is_archived,
    )


def _message(hit: Hit, wanted: list[Words]) -> MessageHit:
    return MessageHit(
        id=str(hit.message_id),
        chat_id=str(hit.chat_id),
        project_id=str(hit.project_id),
        chat_title=hit.chat_title,
        role=hit.role,
        excerpt=excerpts.excerpt(hit.content, wanted),
        said_at=views.moment(hit.created_at),
        is_archived=hit.is_archived,
    )
