"""Branches of a chat: which of several versions is shown, and what is deleted from among them.

Whatever changes a chat's tree locks the chat first, so that of two at once the second sees what the
first did.
"""

import uuid
from dataclasses import dataclass

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.errors import Conflict
from chatbot_app.models import Chat, Message
from chatbot_app.repositories import answer_runs, chats, messages
from chatbot_app.services import text
from chatbot_app.words import t


@dataclass(frozen=True)
class Cut:
    """What became of a chat from which a branch was deleted: whether it is still there, and the run
    of the answer that was being written in the branch, if one was.
    """

    chat_id: uuid.UUID
    is_chat_left: bool
    run_id: uuid.UUID | None


def show_version(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Chat:
    """Show the branch through this message in place of the one through its sibling, down to where
    it was written in last.

    Raises: NotFound, Conflict while an answer is being written there.
    """
    with db.session(write=True) as session:
        found, chat = lock(session, user_id, message_id)
        refuse_while_writing(session, chat)
        chat.active_leaf_id = messages.find_newest_below(session, user_id, found.id).id
    return chat


def delete(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Cut:
    """Delete a message with all that was said after it, in every version, also an answer that is
    being written there, whichever worker writes it: its run is gone with it.

    If it was shown, the version before it is from now on, or the one behind it, or else what it was
    said to. A chat of which nothing is left goes too, at once and for good: there is nothing in it to
    bring back.

    Raises: NotFound.
    """
    with db.session(write=True) as session:
        found, chat = lock(session, user_id, message_id)
        neighbour = _neighbour(session, user_id, found)
        run_id = messages.delete_branch(session, user_id, found)
        leaf_id = chat.active_leaf_id
        if leaf_id is None or messages.find(session, user_id, leaf_id) is None:
            if neighbour is not None:
                chat.active_leaf_id = messages.find_newest_below(session, user_id, neighbour).id
            else:
                chat.active_leaf_id = found.parent_id
        is_chat_left = chat.active_leaf_id is not None
        if not is_chat_left:
            chats.drop(session, chat)
    return Cut(found.chat_id, is_chat_left, run_id)


def lock(session: Session, user_id: uuid.UUID, message_id: uuid.UUID | str) -> tuple[Message, Chat]:
    """Get a message as it is now that nobody else changes its chat, and the chat.

    Raises: NotFound.
    """
    found = messages.get(session, user_id, text.identifier(message_id))
    chat = chats.get(session, user_id, found.chat_id, lock=True)
    session.expire(found)  # it may have changed, or gone, until this one's turn came
    return messages.get(session, user_id, text.identifier(message_id)), chat


def refuse_while_writing(session: Session, chat: Chat) -> None:
    """Raise Conflict while an answer is being written in this chat, which is locked."""
    if answer_runs.find_in_chat(session, chat.id) is not None:
        raise Conflict(
            t("An answer is still being written in this chat. Stop it, or wait until it has ended.")
        )


def _neighbour(session: Session, user_id: uuid.UUID, message: Message) -> uuid.UUID | None:
    """The version before this one, or the one behind it."""
    versions = messages.list_versions(session, user_id, [message])[message.id]
    place = versions.index(message.id)
    others = [*reversed(versions[:place]), *versions[place + 1 :]]
    return others[0] if others else None
