"""The chats that were put away, over all projects."""

from dataclasses import replace
from typing import ClassVar

import reflex as rx

from chatbot_app import db
from chatbot_app.schemas import ArchivedChat, Viewer
from chatbot_app.services import chat_places
from chatbot_app.state.dates import ago, reader_now
from chatbot_app.state.gate import handler

LISTED = 50
"""Chats at first, and how many more each time somebody asks for them."""


class Archived(rx.State):
    """The list, the last to be archived first."""

    PATH: ClassVar[str] = "/archived"

    chats: list[ArchivedChat] = []
    older_than: str = ""
    is_loaded: bool = False

    @handler
    async def load(self, viewer: Viewer) -> None:
        """List the last to be archived."""
        page = await db.in_thread(chat_places.list_archived, viewer.user_id, limit=LISTED)
        self.chats, self.older_than = self._in_words(page.chats), page.older_than
        self.is_loaded = True

    @handler
    async def show_more(self, viewer: Viewer) -> None:
        """List more, behind those that are listed."""
        if not self.older_than:
            return
        page = await db.in_thread(
            chat_places.list_archived, viewer.user_id, before=self.older_than, limit=LISTED
        )
        self.chats = [*self.get_value("chats"), *self._in_words(page.chats)]
        self.older_than = page.older_than

    def _drop(self, chat_id: str) -> None:
        """Take a chat off the list."""
        listed: list[ArchivedChat] = self.get_value("chats")
        if any(chat.id == chat_id for chat in listed):
            self.chats = [chat for chat in listed if chat.id != chat_id]

    def _in_words(self, chats: list[ArchivedChat]) -> list[ArchivedChat]:
        now = reader_now(self.router.headers.cookie)
        return [replace(chat, archived_at=ago(chat.archived_at, now)) for chat in chats]
