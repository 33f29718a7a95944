"""Asking the model: send, retry, stop. The only services that are coroutines because of the engine.

A question and its answer's row are committed before the engine starts, so a crash between the two
loses nothing that was acknowledged. These run to their end even if whoever asked is cancelled in
between (a closed tab, a navigation).
"""

import asyncio
import uuid
from collections.abc import Coroutine
from typing import Any, TypeVar

from chatbot_app import db
from chatbot_app.generation import worker
from chatbot_app.llm import Prompt
from chatbot_app.schemas import Turn
from chatbot_app.services import chats, projects, turns

T = TypeVar("T")

_running: set[asyncio.Task[Any]] = set()


async def send(
    user_id: uuid.UUID, project_id: uuid.UUID | str, chat_id: uuid.UUID | str | None, text: str
) -> Turn:
    """Store the question and begin its answer; without a `chat_id` a new chat begins with it.

    Raises:
        InvalidInput: the text is blank or too long.
        NotFound: there is no such project or chat of this user.
        Conflict: an answer is still being written in this chat.
    """
    worker.engine()
    return await _to_the_end(_begin(turns.begin, user_id, project_id, chat_id, text))


async def retry(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Turn:
    """Ask the same question again; the new answer stands beside the old one and is shown in its
    place.

    Raises:
        NotFound: there is no such message of this user.
        Conflict: it is not an answer that ended early, or not the last of its chat.
    """
    worker.engine()
    return await _to_the_end(_begin(turns.retry, user_id, message_id))


async def stop(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> bool:
    """End this chat's live answer and keep its text; returns once that is stored. False if none is
    live.

    Raises:
        NotFound: there is no such chat of this user.
    """
    chat = await db.in_thread(chats.get, user_id, chat_id)
    engine = worker.engine()
    generation = engine.live_in(uuid.UUID(chat.id))
    return generation is not None and await _to_the_end(engine.stop(generation.message_id))


async def delete_chat(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> None:
    """Stop the chat's live answer, then delete the chat with all its messages.

    Raises:
        NotFound: there is no such chat of this user.
    """
    chat = await db.in_thread(chats.get, user_id, chat_id)
    engine = worker.engine()
    await engine.stop_chats([uuid.UUID(chat.id)])
    await db.in_thread(chats.delete, user_id, chat_id)
    engine.channels.messages_changed(uuid.UUID(chat.id))


async def delete_project(user_id: uuid.UUID, project_id: uuid.UUID | str) -> None:
    """Stop every live answer in the project, then delete it with everything under it.

    Raises:
        NotFound: there is no such project of this user.
    """
    chat_ids = await db.in_thread(projects.chat_ids, user_id, project_id)
    engine = worker.engine()
    await engine.stop_chats(chat_ids)
    await db.in_thread(projects.delete, user_id, project_id)
    for chat_id in chat_ids:
        engine.channels.messages_changed(chat_id)


def announce(chat_id: str) -> None:
    """Tell every page that shows this chat that something about it changed."""
    worker.engine().channels.messages_changed(uuid.UUID(chat_id))


async def _begin(begin: Any, *arguments: Any) -> Turn:
    turn: Turn
    prompt: Prompt
    turn, prompt = await db.in_thread(begin, *arguments)
    worker.engine().start(uuid.UUID(turn.answer.id), uuid.UUID(turn.chat.id), prompt)
    return turn


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return await asyncio.shield(task)
