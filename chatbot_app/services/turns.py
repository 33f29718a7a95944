"""Turns: storing a question with the beginnings of its answer, and what the model is sent.

A turn is committed before the model is asked; writing the answer is the engine's. What is asked for
twice, by a double click or a request that was sent again, happens once. Nothing that was said is
ever overwritten: a question that is edited and an answer that is asked for again stand beside what
was there.
"""

import uuid
from dataclasses import dataclass
from typing import NamedTuple

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, NotFound
from chatbot_app.generation import Job, worker
from chatbot_app.models import Chat, Message, Project
from chatbot_app.repositories import answer_runs, chats, messages, projects
from chatbot_app.schemas import Turn
from chatbot_app.services import branches, model_choices, prompts, text, views
from chatbot_app.words import t

RETRIABLE = frozenset({"failed", "interrupted", "stopped"})
RESUMABLE = frozenset({"interrupted", "stopped"})


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
    words, question_id = words_of(question), _question_id(user_id, text.key(key))
    own_model = model_choices.checked(model)
    with db.session(write=True) as session:
        # A new chat has no row to wait at, so that of two requests the second sees the first.
        project = projects.get(session, user_id, text.identifier(project_id), lock=chat_id is None)
        chat = None
        if chat_id is not None:
            chat = _locked_chat(session, user_id, project, text.identifier(chat_id))
        rows, job = _asked_before(session, user_id, question_id), None
        if rows is None:
            if chat is None:
                chat = Chat(project_id=project.id, title=text.title(words), model=own_model)
                chats.add(session, chat)
            asked = _question(question_id, chat, chat.active_leaf_id, words)
            rows, job = _ask(session, user_id, project, chat, asked)
    return Begun(_turn(user_id, rows, is_new_chat=chat_id is None), job)


def edit(user_id: uuid.UUID, message_id: uuid.UUID | str, question: str, key: str = "") -> Begun:
    """Ask a question in other words: in its own place, where it is shown from now on with its own
    answer. The former one stays, with all that followed it.

    `key` is as in `begin`.

    Raises: InvalidInput, NotFound, Conflict for an answer and while one is being written there.
    """
    words, question_id = words_of(question), _question_id(user_id, text.key(key))
    with db.session(write=True) as session:
        former, chat = branches.lock(session, user_id, message_id)
        if former.role != "user":
            raise Conflict(t("Only what you wrote yourself can be edited."))
        rows, job = _asked_before(session, user_id, question_id), None
        if rows is None:
            project = projects.get(session, user_id, chat.project_id)
            asked = _question(question_id, chat, former.parent_id, words)
            rows, job = _ask(session, user_id, project, chat, asked)
    return Begun(_turn(user_id, rows), job)


def regenerate(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Begun:
    """Ask for another answer in place of this one, or for one to a question that has none (any more),
    wherever it stands; the former one stays, with all that followed it.

    If an answer to the same question is being written already, that is the one.

    Raises: NotFound, Conflict while another answer is being written in the chat.
    """
    with db.session(write=True) as session:
        found, chat = branches.lock(session, user_id, message_id)
        rows, job = _answer_again(session, user_id, chat, found)
    return Begun(_turn(user_id, rows), job)


def retry(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Begun:
    """Ask for the last answer again, when it failed, was stopped or broke off; see `regenerate`.

    Raises: NotFound, Conflict when it isn't the last one, is whole, or is being written.
    """
    with db.session(write=True) as session:
        old, chat = branches.lock(session, user_id, message_id)
        if not _find_live_answer(session, user_id, chat, old.parent_id):
            branches.refuse_while_writing(session, chat)
            if old.role != "assistant" or chat.active_leaf_id != old.id:
                raise Conflict(t("Only the last answer of a chat can be asked for again."))
            if old.status not in RETRIABLE:
                raise Conflict(t("This answer is whole; there is nothing to try again."))
        rows, job = _answer_again(session, user_id, chat, old)
    return Begun(_turn(user_id, rows), job)


def resume(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Begun:
    """Go on with the last answer, in the same message, when it was stopped or broke off in the
    middle; if that is being done already, nothing more happens.

    Raises: NotFound, Conflict when it isn't the last one, is whole, or has no text to go on from.
    """
    with db.session(write=True) as session:
        answer, chat = branches.lock(session, user_id, message_id)
        if chat.active_leaf_id != answer.id or answer.parent_id is None:
            raise Conflict(t("Only the last answer of a chat can be continued."))
        project = projects.get(session, user_id, chat.project_id)
        asked, job = messages.get(session, user_id, answer.parent_id), None
        if answer.status != "generating":
            if answer.status not in RESUMABLE or text.is_blank(answer.content):
                raise Conflict(t("There is nothing in this answer to continue from."))
            answer.status, answer.error, answer.ended_at = "generating", "", None
            job = Job(
                message_id=answer.id,
                chat_id=chat.id,
                run_id=answer_runs.add(session, answer.id, chat.id),
                prompt=prompts.of_question(
                    session, user_id, project, chat, asked, begun=answer.content
                ),
                text=answer.content,
                reasoning=answer.reasoning,
                took=messages.Took(
                    reasoning_ms=answer.reasoning_ms,
                    duration_ms=answer.duration_ms,
                    prompt_tokens=answer.prompt_tokens,
                    completion_tokens=answer.completion_tokens,
                ),
            )
        rows = _rows(session, user_id, chat, asked, answer)
    return Begun(_turn(user_id, rows), job)


def words_of(question: str) -> str:
    """Take a question as it was typed.

    Raises: InvalidInput.
    """
    limit = get_settings().message_max_chars
    return text.passage(question, t("The message"), limit=limit, required=True)


def _question_id(user_id: uuid.UUID, key: str) -> uuid.UUID:
    # The key of a table is unique without more ado, and nobody makes another person's ids.
    return uuid.uuid5(user_id, f"question {key}") if key else uuid.uuid4()


def _question(
    question_id: uuid.UUID, chat: Chat, parent_id: uuid.UUID | None, words: str
) -> Message:
    return Message(
        id=question_id,
        chat_id=chat.id,
        parent_id=parent_id,
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


def _asked_before(session: Session, user_id: uuid.UUID, question_id: uuid.UUID) -> "_Rows | None":
    """Find what was stored when this very question was asked before, if it was.

    Raises: NotFound where its chat was deleted since.
    """
    asked = messages.find(session, user_id, question_id, or_deleted=True)
    if asked is None:
        return None
    chat = chats.get(session, user_id, asked.chat_id)
    answer = messages.get_newest_answer(session, user_id, asked.id)
    return _rows(session, user_id, chat, asked, answer)


def _ask(
    session: Session, user_id: uuid.UUID, project: Project, chat: Chat, asked: Message
) -> "tuple[_Rows, Job]":
    branches.refuse_while_writing(session, chat)
    messages.add(session, asked)
    answer, job = _begin_answer(session, user_id, project, chat, asked)
    return _rows(session, user_id, chat, asked, answer), job


def _answer_again(
    session: Session, user_id: uuid.UUID, chat: Chat, found: Message
) -> "tuple[_Rows, Job | None]":
    """Begin another answer in place of this one, or to this question, in a chat that is locked."""
    if found.role == "user":
        asked = found
    elif found.parent_id is not None:
        asked = messages.get(session, user_id, found.parent_id)
    else:
        raise Conflict(t("There is no question to this answer."))
    job = None
    answer = _find_live_answer(session, user_id, chat, asked.id)
    if answer is None:
        branches.refuse_while_writing(session, chat)
        project = projects.get(session, user_id, chat.project_id)
        answer, job = _begin_answer(session, user_id, project, chat, asked)
    return _rows(session, user_id, chat, asked, answer), job


def _find_live_answer(
    session: Session, user_id: uuid.UUID, chat: Chat, asked_id: uuid.UUID | None
) -> Message | None:
    """Find the answer to this question that is being written at the moment."""
    leaf = messages.find(session, user_id, chat.active_leaf_id) if chat.active_leaf_id else None
    is_it = leaf and leaf.status == "generating" and leaf.parent_id == asked_id
    return leaf if is_it else None


def _begin_answer(
    session: Session, user_id: uuid.UUID, project: Project, chat: Chat, asked: Message
) -> tuple[Message, Job]:
    answer = Message(
        chat_id=chat.id,
        parent_id=asked.id,
        role="assistant",
        status="generating",
        model=prompts.model(project, chat) or worker.default_model(),
    )
    messages.add(session, answer)
    chat.active_leaf_id = answer.id
    chat.archived_at = None
    chat.last_message_at = answer.created_at
    job = Job(
        message_id=answer.id,
        chat_id=chat.id,
        run_id=answer_runs.add(session, answer.id, chat.id),
        prompt=prompts.of_question(session, user_id, project, chat, asked),
    )
    return answer, job


@dataclass(frozen=True)
class _Rows:
    chat: Chat
    asked: Message
    answer: Message
    versions: dict[uuid.UUID, list[uuid.UUID]]


def _rows(
    session: Session, user_id: uuid.UUID, chat: Chat, asked: Message, answer: Message
) -> _Rows:
    versions = messages.list_versions(session, user_id, [asked, answer])
    return _Rows(chat, asked, answer, versions)


def _turn(user_id: uuid.UUID, rows: _Rows, *, is_new_chat: bool = False) -> Turn:
    # Outside of the transaction: to find the blocks of a long answer takes a while.
    return Turn(
        user_id=user_id,
        chat=views.chat_item(rows.chat),
        question=views.message_view(rows.asked, rows.versions[rows.asked.id]),
        answer=views.message_view(rows.answer, rows.versions[rows.answer.id]),
        is_new_chat=is_new_chat,
    )
