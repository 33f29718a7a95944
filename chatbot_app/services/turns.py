"""Turns: storing a question with the beginnings of its answer, and what the model is sent.

A turn is committed before the model is asked; writing the answer is the engine's. What is asked for
twice, by a double click or a request that was sent again, happens once.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, NotFound
from chatbot_app.generation import Job, worker
from chatbot_app.llm import context
from chatbot_app.llm.protocol import Prompt, PromptMessage
from chatbot_app.models import Chat, Message, Project
from chatbot_app.repositories import answer_runs, chats, messages, projects
from chatbot_app.schemas import Turn
from chatbot_app.services import model_choices, text, views
from chatbot_app.words import mark, t

RETRIABLE = frozenset({"failed", "interrupted", "stopped"})
RESUMABLE = frozenset({"interrupted", "stopped"})

GO_ON = (
    "Your last answer was cut off. Continue it from exactly where it stops. Do not repeat anything "
    "of it, do not comment on this, and do not start a new paragraph unless one is due."
)
"""What the model is asked for an answer that is to be gone on with. Said as a person's message,
for many models take the last word only from a person.
"""

_BUSY = mark("An answer is still being written in this chat. Stop it, or wait until it has ended.")


class Begun(NamedTuple):
    """A turn that is stored, and what the engine has to do for it: nothing if it was begun before."""

    turn: Turn
    job: Job | None


def begin(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    chat_id: uuid.UUID | str | None,
    question: str,
    key: str = "",
    model: str = "",
) -> Begun:
    """Ask in a chat, or in a new one titled from the first words, all in one transaction.

    `key` is the client's own name for this question: with the same one it is asked once, however
    often it is sent. `model` is a new chat's own one; one that exists has chosen before.

    Raises: InvalidInput, NotFound, Conflict while an answer is being written there.
    """
    words = text.passage(
        question, t("The message"), limit=get_settings().message_max_chars, required=True
    )
    question_id = _question_id(user_id, text.key(key))
    own_model = model_choices.checked(model)
    with db.session(write=True) as session:
        # A new chat has no row to wait at, so that of two requests the second sees the first.
        project = projects.get(session, user_id, text.identifier(project_id), lock=chat_id is None)
        chat = None
        if chat_id is not None:
            chat = _locked_chat(session, user_id, project, text.identifier(chat_id))
        asked, job = messages.find(session, user_id, question_id, or_deleted=True), None
        if asked is not None:
            chat = chats.get(session, user_id, asked.chat_id)
            answer = messages.get_newest_answer(session, user_id, asked.id)
        else:
            if chat is None:
                chat = Chat(project_id=project.id, title=text.title(words), model=own_model)
                chats.add(session, chat)
            _refuse_while_writing(session, chat)
            asked = _question(question_id, chat, words)
            messages.add(session, asked)
            answer, job = _begin_answer(session, user_id, project, chat, asked)
        rows = _rows(session, user_id, chat, asked, answer)
    return Begun(_turn(user_id, rows, is_new_chat=chat_id is None), job)


def retry(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Begun:
    """Ask for the last answer again, when it failed, was stopped or broke off.

    The new answer takes its place in the branch that is shown; the old one stays in the tree. If
    another answer to the same question is being written already, that is the one.

    Raises: NotFound, Conflict when it isn't the last one, is whole, or is being written.
    """
    with db.session(write=True) as session:
        chat, project, old, leaf = _answer_in_chat(session, user_id, message_id)
        asked = messages.get(session, user_id, old.parent_id) if old.parent_id else None
        if asked and leaf and leaf.status == "generating" and leaf.parent_id == old.parent_id:
            answer, job = leaf, None
        else:
            _refuse_while_writing(session, chat)
            if asked is None or leaf is None or leaf.id != old.id:
                raise Conflict(t("Only the last answer of a chat can be asked for again."))
            if old.status not in RETRIABLE:
                raise Conflict(t("This answer is whole; there is nothing to try again."))
            answer, job = _begin_answer(session, user_id, project, chat, asked)
        rows = _rows(session, user_id, chat, asked, answer)
    return Begun(_turn(user_id, rows), job)


def resume(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Begun:
    """Go on with the last answer, in the same message, when it was stopped or broke off in the
    middle; if that is being done already, nothing more happens.

    Raises: NotFound, Conflict when it isn't the last one, is whole, or has no text to go on from.
    """
    with db.session(write=True) as session:
        chat, project, answer, leaf = _answer_in_chat(session, user_id, message_id)
        if leaf is None or leaf.id != answer.id or answer.parent_id is None:
            raise Conflict(t("Only the last answer of a chat can be continued."))
        asked, job = messages.get(session, user_id, answer.parent_id), None
        if answer.status != "generating":
            if answer.status not in RESUMABLE or text.is_blank(answer.content):
                raise Conflict(t("There is nothing in this answer to continue from."))
            answer.status, answer.error, answer.ended_at = "generating", "", None
            job = Job(
                message_id=answer.id,
                chat_id=chat.id,
                run_id=answer_runs.add(session, answer.id, chat.id),
                prompt=_prompt(session, user_id, project, chat, asked, begun=answer.content),
                text=answer.content,
            )
        rows = _rows(session, user_id, chat, asked, answer)
    return Begun(_turn(user_id, rows), job)


def show_version(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Chat:
    """Show the branch through this message in place of the one through its sibling, down to where
    it was written in last.

    Raises: NotFound, Conflict while an answer is being written there.
    """
    with db.session(write=True) as session:
        found = messages.get(session, user_id, text.identifier(message_id))
        chat = chats.get(session, user_id, found.chat_id, lock=True)
        _refuse_while_writing(session, chat)
        chat.active_leaf_id = messages.find_newest_below(session, user_id, found.id).id
    return chat


def _question_id(user_id: uuid.UUID, key: str) -> uuid.UUID:
    # The key of a table is unique without more ado, and nobody makes another person's ids.
    return uuid.uuid5(user_id, f"question {key}") if key else uuid.uuid4()


def _question(question_id: uuid.UUID, chat: Chat, words: str) -> Message:
    return Message(
        id=question_id,
        chat_id=chat.id,
        parent_id=chat.active_leaf_id,
        role="user",
        status="complete",
        content=words,
    )


def _locked_chat(
    session: Session, user_id: uuid.UUID, project: Project, chat_id: uuid.UUID
) -> Chat:
    # Locked before its leaf is read, so that of two sends at once the second one sees the first.
    chat = chats.get(session, user_id, chat_id, lock=True)
    if chat.project_id != project.id:
        raise NotFound(t("This chat doesn't exist, or was deleted."))
    return chat


def _refuse_while_writing(session: Session, chat: Chat) -> None:
    if answer_runs.find_in_chat(session, chat.id) is not None:
        raise Conflict(t(_BUSY))


def _answer_in_chat(
    session: Session, user_id: uuid.UUID, message_id: uuid.UUID | str
) -> tuple[Chat, Project, Message, Message | None]:
    """Get an answer with its chat, which is locked, its project, and the last message there."""
    found = messages.get(session, user_id, text.identifier(message_id))
    chat = chats.get(session, user_id, found.chat_id, lock=True)
    project = projects.get(session, user_id, chat.project_id)
    session.refresh(found)  # as it is now that nobody else changes it
    leaf = messages.find(session, user_id, chat.active_leaf_id) if chat.active_leaf_id else None
    return chat, project, found, leaf


def _begin_answer(
    session: Session, user_id: uuid.UUID, project: Project, chat: Chat, asked: Message
) -> tuple[Message, Job]:
    answer = Message(
        chat_id=chat.id,
        parent_id=asked.id,
        role="assistant",
        status="generating",
        model=_model(project, chat) or worker.default_model(),
    )
    messages.add(session, answer)
    chat.active_leaf_id = answer.id
    chat.archived_at = None
    chat.last_message_at = answer.created_at
    job = Job(
        message_id=answer.id,
        chat_id=chat.id,
        run_id=answer_runs.add(session, answer.id, chat.id),
        prompt=_prompt(session, user_id, project, chat, asked),
    )
    return answer, job


def _prompt(
    session: Session,
    user_id: uuid.UUID,
    project: Project,
    chat: Chat,
    asked: Message,
    *,
    begun: str = "",
) -> Prompt:
    limit = get_settings().context_tokens
    history = _history(session, user_id, asked.id)
    if begun:
        fitting = context.fit_to_go_on(project.system_prompt, history, begun, GO_ON, limit)
    else:
        fitting = context.fit(project.system_prompt, history, limit)
    return Prompt(fitting, model=_model(project, chat) or None, temperature=project.temperature)


def _model(project: Project, chat: Chat) -> str:
    """The model that was chosen for this chat; empty: the server's default."""
    return chat.model or project.model


def _history(session: Session, user_id: uuid.UUID, newest_id: uuid.UUID) -> Iterator[PromptMessage]:
    """Go back through what the model should remember, newest first, reading as little as it can.

    A stopped or interrupted answer was read by a person and counts; a failed one is an error.
    """
    for message in messages.walk_up(session, user_id, newest_id):
        if message.content and message.status != "failed":
            role = "user" if message.role == "user" else "assistant"
            yield PromptMessage(role=role, content=message.content)


@dataclass(frozen=True)
class _Rows:
    chat: Chat
    asked: Message
    answer: Message
    versions: list[uuid.UUID]


def _rows(
    session: Session, user_id: uuid.UUID, chat: Chat, asked: Message, answer: Message
) -> _Rows:
    versions = messages.list_versions(session, user_id, [asked.id])
    return _Rows(chat, asked, answer, versions.get(asked.id, []))


def _turn(user_id: uuid.UUID, rows: _Rows, *, is_new_chat: bool = False) -> Turn:
    # Outside of the transaction: to find the blocks of a long answer takes a while.
    return Turn(
        user_id=user_id,
        chat=views.chat_item(rows.chat),
        question=views.message_view(rows.asked),
        answer=views.message_view(rows.answer, rows.versions),
        is_new_chat=is_new_chat,
    )
