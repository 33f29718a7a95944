"""Asking the model: send, edit, regenerate, retry, resume, stop, and deleting what may be in the
middle of an answer. The only services that are coroutines because of the engine.

A question and its answer's row are committed before the engine starts, so a crash between the two
loses nothing that was acknowledged. These run to their end even if whoever asked is cancelled in
between (a closed tab, a navigation).
"""

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from chatbot_app import db
from chatbot_app.errors import Conflict, NotFound, Unavailable
from chatbot_app.generation import records, worker
from chatbot_app.schemas import ChatPage, Turn
from chatbot_app.services import accounts, branches, chats, passages, projects, temporary, turns
from chatbot_app.words import t

T = TypeVar("T")

QUIET_BEATS = 2
"""A worker that a person asked to stop, and that was not heard of for so many beats, is taken for
dead: sooner than the reaper would, for somebody waits.
"""

PATIENCE_SECONDS = 5.0
"""How long a worker that lives may take to stop."""

LOOK_SECONDS = 0.1
"""How often one looks whether another worker has stopped."""

_running: set[asyncio.Task[Any]] = set()


async def send(
    user_id: uuid.UUID,
    project_id: uuid.UUID | str,
    chat_id: uuid.UUID | str | None,
    text: str,
    key: str = "",
    model: str = "",
) -> Turn:
    """Store the question and begin its answer; without a `chat_id` a new chat begins with it.

    With the `key` of an earlier question of this person it gives that one's turn and does nothing.
    A new chat is asked with `model` from then on, unless it is empty.

    Raises:
        InvalidInput: the text is blank or too long, or no model can have this name.
        NotFound: there is no such project or chat of this user.
        Conflict: an answer is still being written in this chat.
        Unavailable: the server is restarting.
    """
    return await _begin(turns.begin, user_id, project_id, chat_id, text, key, model)


async def edit(user_id: uuid.UUID, message_id: uuid.UUID | str, text: str, key: str = "") -> Turn:
    """Ask a question in other words; it stands beside the former one and is shown in its place.

    With the `key` of an earlier question of this person it gives that one's turn and does nothing.

    Raises:
        InvalidInput: the text is blank or too long.
        NotFound: there is no such message of this user.
        Conflict: it is an answer, or one is still being written in this chat.
        Unavailable: the server is restarting.
    """
    return await _begin(turns.edit, user_id, message_id, text, key)


async def regenerate(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Turn:
    """Ask for another answer, in place of any answer or to any question; see `turns.regenerate`.

    Raises:
        NotFound: there is no such message of this user.
        Conflict: another answer is still being written in this chat.
        Unavailable: the server is restarting.
    """
    return await _begin(turns.regenerate, user_id, message_id)


async def retry(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Turn:
    """Ask the same question again; the new answer stands beside the old one and is shown in its
    place.

    Raises:
        NotFound: there is no such message of this user.
        Conflict: it is not an answer that ended early, or not the last of its chat.
        Unavailable: the server is restarting.
    """
    return await _begin(turns.retry, user_id, message_id)


async def resume(user_id: uuid.UUID, message_id: uuid.UUID | str) -> Turn:
    """Go on with an answer that was stopped or broke off, from the text that is there.

    Raises:
        NotFound: there is no such message of this user.
        Conflict: it is not an answer that ended early with some text, or not the last of its chat.
        Unavailable: the server is restarting.
    """
    return await _begin(turns.resume, user_id, message_id)


async def show_version(user_id: uuid.UUID, message_id: uuid.UUID | str) -> None:
    """Show this message, and what was said after it, in place of its sibling.

    Raises:
        NotFound: there is no such message of this user.
        Conflict: an answer is still being written in this chat.
    """
    chat = await db.in_thread(branches.show_version, user_id, message_id)
    worker.engine().channels.messages_changed(chat.id)


async def open_at(
    user_id: uuid.UUID, project_id: uuid.UUID | str, chat_id: uuid.UUID | str, message_id: str = ""
) -> tuple[ChatPage, str]:
    """Open the stretch of a chat around this message, and show its branch; without one, or where it
    is gone or an answer is being written on another branch, the latest stretch. With it comes what
    a person is to be told of that.

    Raises: NotFound, also for a chat of another project.
    """
    page, told = None, ""
    if message_id:
        try:
            page = await db.in_thread(passages.around, user_id, project_id, chat_id, message_id)
            if page is None:
                await show_version(user_id, message_id)
                page = await db.in_thread(passages.around, user_id, project_id, chat_id, message_id)
        except NotFound:
            told = t("This message isn't there any more.")
        except Conflict as error:
            told = error.message
    page = page or await db.in_thread(chats.open_page, user_id, project_id, chat_id)
    return page, told


async def delete_message(user_id: uuid.UUID, message_id: uuid.UUID | str) -> bool:
    """Delete a message with all that was said after it, in every version; an answer that is being
    written there is stopped. False if the chat went too, for nothing was left of it.

    Raises:
        NotFound: there is no such message of this user.
    """
    return await _to_the_end(_delete_and_stop(user_id, message_id))


async def stop(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> bool:
    """End this chat's live answer and keep its text, whichever worker writes it; returns once that
    is stored. False if none is live.

    Raises:
        NotFound: there is no such chat of this user.
    """
    chat = uuid.UUID((await db.in_thread(chats.get, user_id, chat_id)).id)
    engine = worker.engine()
    generation = engine.live_in(chat)
    if generation is not None:
        return await _to_the_end(engine.stop(generation.message_id))
    return await _to_the_end(_stop_elsewhere(chat))


async def delete_chat(user_id: uuid.UUID, chat_id: uuid.UUID | str) -> None:
    """Stop the chat's live answer, then delete the chat; see `chats.delete`.

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


async def delete_account(user_id: uuid.UUID, *, by: uuid.UUID | None = None) -> None:
    """Stop every live answer of a person, then delete the account with everything under it.

    Raises:
        NotFound: there is no such account.
        Conflict: it is the last administrator's.
    """
    await db.in_thread(accounts.require_deletable, user_id)
    chat_ids = await db.in_thread(accounts.chat_ids, user_id)
    engine = worker.engine()
    await engine.stop_chats(chat_ids)
    await temporary.stop_all(user_id)
    await db.in_thread(accounts.delete, user_id, by=by)
    for chat_id in chat_ids:
        engine.channels.messages_changed(chat_id)


async def settle(seconds: float) -> None:
    """Wait until what was begun here is begun or done, so long at most: before the engine closes."""
    if _running:
        await asyncio.wait(set(_running), timeout=seconds)


def announce(chat_id: str) -> None:
    """Tell every page that shows this chat that something about it changed."""
    worker.engine().channels.messages_changed(uuid.UUID(chat_id))


async def _begin(begin: Callable[..., turns.Begun], *arguments: Any) -> Turn:
    if worker.engine().is_closing:
        raise Unavailable(t("The server is restarting. Please send this again in a moment."))
    return await _to_the_end(_store_and_start(begin, *arguments))


async def _store_and_start(begin: Callable[..., turns.Begun], *arguments: Any) -> Turn:
    engine = worker.engine()
    begun = await db.in_thread(begin, *arguments)
    if begun.job is not None:
        engine.start(begun.job)
    else:
        announce(begun.turn.chat.id)  # whoever asks again may not have seen what came of it
    return begun.turn


async def _delete_and_stop(user_id: uuid.UUID, message_id: uuid.UUID | str) -> bool:
    """Its run went with the message, in one transaction: what its worker still says finds no place.
    In this worker that is known at once, in others at their next tick.
    """
    engine = worker.engine()
    cut = await db.in_thread(branches.delete, user_id, message_id)
    live = engine.live_in(cut.chat_id)
    if live is not None and live.run_id == cut.run_id:
        engine.lose(live)
        await live.saved.wait()
    engine.channels.messages_changed(cut.chat_id)
    return cut.is_chat_left


async def _stop_elsewhere(chat_id: uuid.UUID) -> bool:
    """Ask the worker that writes in this chat; if it does not live any more, end its answer here."""
    run_id = await db.in_thread(records.request_stop, chat_id)
    if run_id is None:
        return False
    quiet = QUIET_BEATS * worker.heartbeat_seconds()
    deadline = time.monotonic() + quiet + PATIENCE_SECONDS
    while await db.in_thread(records.has_run, chat_id, run_id):
        if orphan := await db.in_thread(records.find_orphan, chat_id, quiet):
            await db.in_thread(records.end_orphan, orphan, status="stopped", error="")
        elif time.monotonic() > deadline:
            raise Unavailable(t("This answer couldn't be stopped right now. Please try again."))
        await asyncio.sleep(LOOK_SECONDS)
    worker.engine().channels.messages_changed(chat_id)
    return True


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    task = asyncio.create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
    return await asyncio.shield(task)
