"""The open chat: its messages, and what a person does in it."""

import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import reflex as rx

from chatbot_app import db
from chatbot_app.errors import AppError, NotFound
from chatbot_app.generation import worker
from chatbot_app.schemas import ChatItem, Turn, Viewer
from chatbot_app.services import (
    answers,
    chats,
    model_choices,
    passages,
    projects,
    sessions,
    temporary,
)
from chatbot_app.services import text as text_rules
from chatbot_app.state.forms import MessageForm, TitleForm
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import chat_path, query_argument, route_argument
from chatbot_app.state.rail import Rail
from chatbot_app.state.session import Session
from chatbot_app.state.shown_messages import RECENT
from chatbot_app.state.temporary import TemporaryChat
from chatbot_app.words import t

if TYPE_CHECKING:
    from chatbot_app.state.answer import LiveAnswer

FURTHER = 3
"""Longest pages that are read beyond the first to find where another branch parts from the one that
is shown; one that is longer begins with its end.
"""


class Conversation(TemporaryChat, rx.State):
    """The open chat, stored or temporary."""

    open_project_id: str = ""
    project_name: str = ""
    model_name: str = ""
    default_model: str = ""
    """What this project's chats are asked with unless they chose another."""
    starters: list[str] = []
    is_demo: bool = False
    is_loaded: bool = False
    is_missing: bool = False
    is_renaming: bool = False
    accepted: int = 0
    accepted_key: str = ""
    """Counts messages that were taken, and names the last: the composer lets go of its text then,
    never before.
    """
    refused: int = 0
    refused_key: str = ""
    """Counts messages that were not, and names the last: the composer sends it by itself no more."""

    @rx.var
    def is_empty(self) -> bool:
        """Whether nothing has been said here yet."""
        return self.is_loaded and not self.recent and not self.earlier

    @rx.var
    def may_become_temporary(self) -> bool:
        """Whether this chat may still be made a temporary one, or an ordinary one again."""
        return self.is_empty and not self.is_missing and not self.open_chat_id

    @rx.var
    def tab_title(self) -> str:
        """What the browser's tab says; empty until it is known, which the page has a word for."""
        return (not self.is_missing and self.title) or self.project_name

    _is_arriving: bool = False
    """A chat was just begun, and the page is on its way to the chat's own address."""

    @handler
    async def open(self, viewer: Viewer) -> rx.event.EventSpec | None:
        """Show the chat, or the new chat, that the address names. One that was taken to another
        project is found there.
        """
        told = await self._open(viewer)
        if told:
            # The address goes on without the message, which would come up by itself another time.
            (await self.get_state(Session)).notice = told
            here = chat_path(self.open_project_id, self.open_chat_id)
            return rx.redirect(here, replace=True)
        if self.is_missing and (chat_id := route_argument(self, "chat_id")):
            with suppress(NotFound):
                chat = await db.in_thread(chats.get, viewer.user_id, chat_id)
                return rx.redirect(chat_path(chat.project_id, chat.id), replace=True)
        return None

    async def _open(self, viewer: Viewer) -> str:
        """Take over what the address names; gives what a person is to be told of it, if anything."""
        project_id, chat_id = route_argument(self, "project_id"), route_argument(self, "chat_id")
        wanted = query_argument(self, "message")
        is_temporary = self._is_to_be_temporary()
        goes_on = is_temporary and self.is_temporary and project_id == self.open_project_id
        live, page, told = await self._live_answer(), None, ""
        try:
            project = await db.in_thread(projects.get, viewer.user_id, project_id)
            if goes_on:
                page = self._temporary_page(viewer.user_id, live._told)
            elif chat_id:
                page, told = await answers.open_at(viewer.user_id, project_id, chat_id, wanted)
        except NotFound:
            await self._begin_anew(viewer, is_temporary=is_temporary)
            self.is_missing, self.is_loaded = True, True
            self.open_project_id, self.open_chat_id, self.title = project_id, "", ""
            return ""
        if not goes_on:
            await self._begin_anew(viewer, is_temporary=is_temporary)
        if page is not None and chat_id == self.open_chat_id and not page.newer_than:
            if wanted or not self.newer_than:
                self._merge(page)
            live._believe(page.messages)
        else:
            self.earlier = []
            self.recent = page.messages if page else []
            self.older_than = page.older_than if page else ""
            self.newer_than = page.newer_than if page else ""
            self._call(page.chat if page else ChatItem())
            self.hint, self.is_renaming = "", False
        self.open_project_id, self.open_chat_id = project_id, chat_id
        self.project_name = project.name
        model = worker.engine().model
        self.default_model, self.is_demo = project.model or model.name, model.is_demo
        self.model_name = (page.chat.model if page else "") or self.default_model
        self.starters = project.starters.splitlines()
        self.is_missing, self.is_loaded, self._is_arriving = False, True, False
        return told

    @handler
    async def send_message(self, viewer: Viewer, form: MessageForm) -> rx.event.EventSpec | None:
        """Ask the model; what can't be taken leaves a hint, and the text stays in its field."""
        return await self._ask(viewer, form["message"], form["key"], form.get("model", ""))

    @handler
    async def ask(
        self, viewer: Viewer, question: str, key: str, model: str = ""
    ) -> rx.event.EventSpec | None:
        """Ask one of the suggested questions."""
        return await self._ask(viewer, question, key, model)

    @handler
    async def retry(self, viewer: Viewer, message_id: str, model: str) -> None:
        """Ask for another answer in place of one that ended early; `model` is a temporary chat's."""
        await self._ask_again(viewer, message_id, model, answers.retry)

    @handler
    async def resume(self, viewer: Viewer, message_id: str) -> None:
        """Go on with an answer that ended early, from the text that is there."""
        sessions.require_verified(viewer)
        turn = await answers.resume(viewer.user_id, message_id)
        await self._take(viewer, turn, turn.question.id)

    @handler
    async def regenerate(self, viewer: Viewer, message_id: str, model: str) -> None:
        """Ask for another answer in place of this one, also of one in the middle, or for one to a
        question that has none; `model` is a temporary chat's.
        """
        await self._ask_again(viewer, message_id, model, answers.regenerate)

    @handler
    async def show_version(self, viewer: Viewer, message_id: str) -> None:
        """Show this message, and what was said after it, in place of another version of it."""
        await answers.show_version(viewer.user_id, message_id)
        await self._read_again(viewer)

    @handler(background=True)
    async def stop(self, viewer: Viewer) -> None:
        """Stop the answer that is being written; in the background, so nothing is in its way."""
        async with self:
            chat_id, live = self.open_chat_id, self._live_temporary()
        if live is not None:
            await temporary.stop(viewer.user_id, live.id)
        else:
            await answers.stop(viewer.user_id, chat_id)

    @handler
    async def load_earlier(self, viewer: Viewer) -> None:
        """Put the messages before those on the page in front of them."""
        if not self.older_than:
            return
        if self.is_temporary:
            self._take_from_aside()
            return
        page = await db.in_thread(
            chats.open_page,
            viewer.user_id,
            self.open_project_id,
            self.open_chat_id,
            before=self.older_than,
        )
        self.earlier = page.messages + self._shown("earlier")
        self.older_than = page.older_than

    @handler
    async def load_later(self, viewer: Viewer) -> None:
        """Put the messages behind those on the page behind them, in a stretch from the middle."""
        if not self.newer_than:
            return
        page = await db.in_thread(
            passages.below,
            viewer.user_id,
            self.open_project_id,
            self.open_chat_id,
            after=self.newer_than,
        )
        if page is None:
            await self._show_end(viewer)
            return
        self.earlier = self._shown("earlier") + self._shown("recent")
        self.recent, self.newer_than = page.messages, page.newer_than

    @handler
    async def show_end(self, viewer: Viewer) -> None:
        """Leave a stretch from the middle for the newest messages."""
        await self._show_end(viewer)

    @handler
    async def start_renaming(self, viewer: Viewer) -> None:
        """Turn the title into a field."""
        self.is_renaming = bool(self.open_chat_id)

    @handler
    async def cancel_renaming(self, viewer: Viewer) -> None:
        """Leave the title as it was."""
        self.is_renaming = False

    @handler
    async def rename(self, viewer: Viewer, form: TitleForm) -> None:
        """Give the open chat another title."""
        chat = await db.in_thread(chats.rename, viewer.user_id, self.open_chat_id, form["title"])
        self.title, self.is_renaming = chat.title, False
        (await self.get_state(Rail))._show_chat(chat)
        answers.announce(chat.id)

    async def _ask(
        self, viewer: Viewer, text: str, key: str, model: str = ""
    ) -> rx.event.EventSpec | None:
        key = text_rules.key(key)  # it goes back to the page
        try:
            sessions.require_verified(viewer)
            if not self._is_where_the_page_is():
                await self._open(viewer)
                if self.is_missing:
                    raise NotFound(t("This chat doesn't exist, or was deleted."))
            turn = await self._send(viewer, text, key, model)
        except AppError as error:
            self.hint = error.message
            self.refused, self.refused_key = self.refused + 1, key
            return None
        self.hint = ""
        self.accepted, self.accepted_key = self.accepted + 1, key
        if turn is None:
            return None
        if self.open_chat_id and turn.chat.id != self.open_chat_id:
            # It was sent in another chat before, and is not asked again.
            return rx.redirect(chat_path(turn.chat.project_id, turn.chat.id))
        self._call(turn.chat)
        if self.newer_than:
            await self._show_end(viewer)
        self._append(turn)
        if self.is_temporary:
            return None
        (await self.get_state(Rail))._show_chat(turn.chat)
        if not turn.is_new_chat:
            return None
        self.open_chat_id = turn.chat.id
        self.model_name = turn.chat.model or self.default_model
        self._is_arriving = True
        return rx.redirect(chat_path(turn.chat.project_id, turn.chat.id), replace=True)

    async def _ask_again(
        self,
        viewer: Viewer,
        message_id: str,
        model: str,
        ask: Callable[[uuid.UUID, str], Awaitable[Turn]],
    ) -> None:
        sessions.require_verified(viewer)
        model = model_choices.checked(model)
        if self.is_temporary:
            await self._ask_temporary_again(viewer, self.open_project_id, message_id, model)
            return
        turn = await ask(viewer.user_id, message_id)
        await self._take(viewer, turn, turn.question.id)

    async def _send(self, viewer: Viewer, text: str, key: str, model: str) -> Turn | None:
        """Ask, or nothing if it is the last question once more."""
        if not self.is_temporary:
            return await answers.send(
                viewer.user_id, self.open_project_id, self.open_chat_id or None, text, key, model
            )
        if key and key == self.accepted_key:
            return None
        return await self._ask_in_temporary(viewer, self.open_project_id, text, model)

    async def _live_answer(self) -> "LiveAnswer":
        from chatbot_app.state.answer import LiveAnswer  # which knows this state already

        return await self.get_state(LiveAnswer)

    async def _show_end(self, viewer: Viewer) -> None:
        page = await db.in_thread(
            chats.open_page, viewer.user_id, self.open_project_id, self.open_chat_id
        )
        self._merge(page)

    def _is_where_the_page_is(self) -> bool:
        """Whether the open chat is the one in the address: a quick hand sends before `open` has run."""
        if route_argument(self, "project_id") != self.open_project_id:
            return False
        if self._is_to_be_temporary() != self.is_temporary:
            return False
        chat_id = route_argument(self, "chat_id")
        return chat_id == self.open_chat_id or (not chat_id and self._is_arriving)

    async def _take(self, viewer: Viewer, turn: Turn, place: str) -> None:
        """Show a turn in the place of this message and of all that follows it on the page."""
        self.hint = ""
        if turn.chat.id != self.open_chat_id:
            return
        earlier, recent = self._shown("earlier"), self._shown("recent")
        shown = earlier + recent
        start = next((n for n, message in enumerate(shown) if message.id == place), None)
        if start is None:
            await self._read_again(viewer)
            return
        self.newer_than = ""
        if start < len(earlier):
            # So many stay in the short list that what is read next moves none between the two.
            split = max(0, start - RECENT + 2)
            self.earlier = earlier = shown[:split]
        self.recent = [*shown[len(earlier) : start], turn.question, turn.answer]

    async def _read_again(self, viewer: Viewer) -> None:
        """Take over what is stored, from where it parts from what is shown, if that isn't too far."""
        chat = (viewer.user_id, self.open_project_id, self.open_chat_id)
        page = await db.in_thread(chats.open_page, *chat)
        for _ in range(FURTHER):
            if not page.older_than or self._joins(page):
                break
            above = await db.in_thread(
                chats.open_page, *chat, before=page.older_than, limit=chats.LONGEST_PAGE
            )
            page = replace(above, messages=above.messages + page.messages)
        self._merge(page)
