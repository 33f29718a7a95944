"""Temporary chats: asked and answered like any other, and stored nowhere.

What was said is in the tab that asked alone, and comes back with each question. An answer is in this
worker's memory while it is written, and for a while after, so that a page that was just reloaded
finds it.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chatbot_app import db, markdown
from chatbot_app.errors import Conflict, NotFound, Unavailable
from chatbot_app.generation import Generation, Job, worker
from chatbot_app.llm.protocol import Prompt
from chatbot_app.models import Message
from chatbot_app.repositories import projects
from chatbot_app.schemas import ChatItem, MessageView, Turn
from chatbot_app.services import model_choices, prompts, text, turns, views
from chatbot_app.words import mark, t

MOST = 200
"""Messages that a temporary chat may have: the tab that holds them has to be read whole by whichever
worker takes its next event.
"""

KEPT_SECONDS = 900.0
"""For how long an answer that has ended is still here for its tab to take."""

CUT_OFF = mark("The connection to this answer was lost. What had come by then is here.")
REST_IS_GONE = mark("The rest is gone: a temporary chat keeps long thoughts for a while only.")


@dataclass(frozen=True)
class _Asked:
    """An answer of this worker, and the task that forgets it."""

    user_id: uuid.UUID
    generation: Generation
    model: str
    at: datetime
    forgetting: asyncio.Task[None]


_asked: dict[uuid.UUID, _Asked] = {}


async def ask(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    chat_id: uuid.UUID,
    said: Sequence[MessageView],
    question: str,
    model: str = "",
) -> Turn:
    """Begin the answer to a question, after all that was `said` before. Nothing of it is stored.

    Raises:
        InvalidInput: the text is blank or too long, or no model can have this name.
        NotFound: there is no such project of this user.
        Conflict: an answer is still being written, or the chat is as long as it may get.
        Unavailable: the server is restarting.
    """
    engine = worker.engine()
    if engine.is_closing:
        raise Unavailable(t("The server is restarting. Please send this again in a moment."))
    words, own_model = turns.words_of(question), model_choices.checked(model)
    if len(said) >= MOST:
        raise Conflict(
            t("A temporary chat has at most {limit} messages. Please begin another.", limit=MOST)
        )
    past = [as_it_is(user_id, message) for message in said]
    if any(message.status == "generating" for message in past):
        raise Conflict(
            t("An answer is still being written in this chat. Stop it, or wait until it has ended.")
        )
    prompt = await db.in_thread(_prompt, user_id, project_id, past, words, own_model)
    asked = Message(chat_id=chat_id, role="user", status="complete", content=words)
    answer = Message(
        chat_id=chat_id,
        parent_id=asked.id,
        role="assistant",
        status="generating",
        model=prompt.model or worker.default_model(),
    )
    generation = engine.start(Job(answer.id, chat_id, uuid.uuid4(), prompt, is_temporary=True))
    forgetting = asyncio.create_task(_forget(generation))
    _asked[answer.id] = _Asked(user_id, generation, answer.model, answer.created_at, forgetting)
    return Turn(
        user_id=user_id,
        chat=ChatItem(id=str(chat_id), project_id=str(project_id)),
        question=views.message_view(asked),
        answer=views.message_view(answer),
        is_new_chat=False,
    )


def as_it_is(user_id: uuid.UUID, message: MessageView, arrived: str = "") -> MessageView:
    """Show a message of a temporary chat as it is by now.

    An answer that was being written and that this worker does not know broke off; `arrived` is what
    its page has of it.
    """
    if message.status != "generating":
        return message
    asked = _asked.get(uuid.UUID(message.id))
    if asked is None or asked.user_id != user_id:
        return replace(
            message, status="interrupted", error=t(CUT_OFF), blocks=list(markdown.split(arrived))
        )
    return _ended(asked) if asked.generation.saved.is_set() else message


def thoughts(user_id: uuid.UUID, answer: MessageView) -> str:
    """Give all that was thought for an answer while this worker knows it; then what its page has."""
    asked = _asked.get(uuid.UUID(answer.id))
    if asked is not None and asked.user_id == user_id:
        return asked.generation.reasoning
    if len(answer.reasoning) <= views.SHOWN_THOUGHTS:
        return answer.reasoning
    return f"{answer.reasoning[: views.SHOWN_THOUGHTS]}…\n\n*{t(REST_IS_GONE)}*"


async def stop(user_id: uuid.UUID, message_id: uuid.UUID | str) -> bool:
    """End this answer now and keep what it says so far; False if it isn't being written here.

    Raises:
        NotFound: it is not one of this person's.
    """
    asked = _asked.get(text.identifier(message_id))
    if asked is None or asked.user_id != user_id:
        raise NotFound(t("This message doesn't exist, or was deleted."))
    return await worker.engine().stop(asked.generation.message_id)


async def stop_all(user_id: uuid.UUID) -> None:
    """End all temporary answers of a person, and forget them."""
    for message_id, asked in list(_asked.items()):
        if asked.user_id == user_id:
            await worker.engine().stop(message_id)
            asked.forgetting.cancel()
            _asked.pop(message_id, None)


def _prompt(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    said: Sequence[MessageView],
    words: str,
    model: str,
) -> Prompt:
    with db.session() as session:
        project = projects.get(session, user_id, text.identifier(project_id))
        return prompts.of_words(project, said, words, model)


def _ended(asked: _Asked) -> MessageView:
    generation = asked.generation
    took = generation.took
    return views.message_view(
        Message(
            id=generation.message_id,
            chat_id=generation.chat_id,
            role="assistant",
            status=generation.status,
            content=generation.text,
            error=generation.error,
            model=asked.model,
            created_at=asked.at,
            reasoning=generation.reasoning,
            reasoning_ms=took.reasoning_ms,
            duration_ms=took.duration_ms,
            prompt_tokens=took.prompt_tokens,
            completion_tokens=took.completion_tokens,
        )
    )


async def _forget(generation: Generation) -> None:
    await generation.saved.wait()
    await asyncio.sleep(KEPT_SECONDS)
    _asked.pop(generation.message_id, None)
