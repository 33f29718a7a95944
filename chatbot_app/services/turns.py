"""Turns: storing a question with the beginnings of its answer, and what the model is sent.

A turn is committed before the model is asked; writing the answer is the engine's.
"""

import uuid
from collections.abc import Iterator

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, NotFound
from chatbot_app.llm import context
from chatbot_app.llm.protocol import Prompt, PromptMessage
from chatbot_app.models import Chat, Message, Project
from chatbot_app.repositories import chats, messages, projects
from chatbot_app.schemas import Turn
from chatbot_app.services import text, views

RETRIABLE = frozenset({"failed", "interrupted", "stopped"})

_BUSY = "An answer is still being written in this chat. Stop it, or wait until it has ended."


def begin(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    chat_id: uuid.UUID | str | None,
    question: str,
) -> tuple[Turn, Prompt]:
    """Ask in a chat, or in a new one titled from the first words, all in one transaction.

    Raises: InvalidInput, NotFound, Conflict while an answer is being written there.
    """
    words = text.passage(
        question, "The message", limit=get_settings().message_max_chars, required=True
    )
    with db.session(write=True) as session:
        project = projects.get(session, user_id, text.identifier(project_id))
        if chat_id is None:
            chat = Chat(project_id=project.id, title=text.title(words))
            chats.add(session, chat)
        else:
            chat = _idle_chat(session, user_id, project, text.identifier(chat_id))
        asked = Message(
            chat_id=chat.id,
            parent_id=chat.active_leaf_id,
            role="user",
            status="complete",
            content=words,
        )
        messages.add(session, asked)
        answer = _begin_answer(session, project, chat, asked)
        prompt = _prompt(session, user_id, project, asked)
    return _turn(user_id, chat, asked, answer, is_new_chat=chat_id is None), prompt


def retry(user_id: uuid.UUID, message_id: uuid.UUID | str) -> tuple[Turn, Prompt]:
    """Ask for the last answer again, when it failed, was stopped or broke off.

    The new answer takes its place in the branch that is shown; the old one stays in the tree.

    Raises: NotFound, Conflict when it isn't the last one, is whole, or is being written.
    """
    with db.session(write=True) as session:
        found = messages.get(session, user_id, text.identifier(message_id))
        chat = chats.get(session, user_id, found.chat_id, lock=True)
        project = projects.get(session, user_id, chat.project_id)
        old = _leaf(session, user_id, chat)
        if old is not None and old.status == "generating":
            raise Conflict(_BUSY)
        if old is None or old.id != found.id or old.parent_id is None:
            raise Conflict("Only the last answer of a chat can be asked for again.")
        if old.status not in RETRIABLE:
            raise Conflict("This answer is whole; there is nothing to try again.")
        asked = messages.get(session, user_id, old.parent_id)
        answer = _begin_answer(session, project, chat, asked)
        prompt = _prompt(session, user_id, project, asked)
    return _turn(user_id, chat, asked, answer, is_new_chat=False), prompt


def _idle_chat(session: Session, user_id: uuid.UUID, project: Project, chat_id: uuid.UUID) -> Chat:
    # Locked before its leaf is read, so that of two sends at once the second one sees the first.
    chat = chats.get(session, user_id, chat_id, lock=True)
    if chat.project_id != project.id:
        raise NotFound("This chat doesn't exist, or was deleted.")
    leaf = _leaf(session, user_id, chat)
    if leaf is not None and leaf.status == "generating":
        raise Conflict(_BUSY)
    return chat


def _leaf(session: Session, user_id: uuid.UUID, chat: Chat) -> Message | None:
    if chat.active_leaf_id is None:
        return None
    return messages.get(session, user_id, chat.active_leaf_id)


def _begin_answer(session: Session, project: Project, chat: Chat, asked: Message) -> Message:
    answer = Message(
        chat_id=chat.id,
        parent_id=asked.id,
        role="assistant",
        status="generating",
        model=project.model,
    )
    messages.add(session, answer)
    chat.active_leaf_id = answer.id
    chat.last_message_at = answer.created_at
    return answer


def _prompt(session: Session, user_id: uuid.UUID, project: Project, asked: Message) -> Prompt:
    fitting = context.fit(
        project.system_prompt,
        _history(session, user_id, asked.id),
        get_settings().context_tokens,
    )
    return Prompt(fitting, model=project.model or None, temperature=project.temperature)


def _history(session: Session, user_id: uuid.UUID, newest_id: uuid.UUID) -> Iterator[PromptMessage]:
    """Go back through what the model should remember, newest first, reading as little as it can.

    A stopped or interrupted answer was read by a person and counts; a failed one is an error.
    """
    for message in messages.walk_up(session, user_id, newest_id):
        if message.content and message.status != "failed":
            role = "user" if message.role == "user" else "assistant"
            yield PromptMessage(role=role, content=message.content)


def _turn(
    user_id: uuid.UUID, chat: Chat, asked: Message, answer: Message, *, is_new_chat: bool
) -> Turn:
    return Turn(
        user_id=user_id,
        chat=views.chat_item(chat),
        question=views.message_view(asked),
        answer=views.message_view(answer),
        is_new_chat=is_new_chat,
    )
