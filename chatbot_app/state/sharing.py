"""A person's links to their chats, and what others see at the end of one."""

from dataclasses import replace

import reflex as rx

from chatbot_app import db
from chatbot_app.errors import AppError, NotFound
from chatbot_app.schemas import MessageView, SharedLink, Viewer
from chatbot_app.services import sharing
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.dates import ago, reader_now
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import route_argument


class Sharing(rx.State):
    """The links to the open chat in its dialog, or all of them in the settings."""

    links: list[SharedLink] = []
    is_loaded: bool = False
    is_open: bool = False
    error: str = ""

    _chat_id: str = ""
    """The chat whose links are shown; empty for all."""

    @handler
    async def load(self, viewer: Viewer) -> None:
        """List all links."""
        self._chat_id, self.error = "", ""
        await self._list(viewer)
        self.is_loaded = True

    @handler
    async def show_dialog(self, viewer: Viewer, is_open: bool) -> None:
        """Open or close the dialog about the open chat."""
        self.error = ""
        if is_open:
            self._chat_id = (await self.get_state(Conversation)).open_chat_id
            await self._list(viewer)
        self.is_open = is_open

    @handler
    async def create(self, viewer: Viewer) -> None:
        """Make a link to the chat as it is now."""
        if self._chat_id != (await self.get_state(Conversation)).open_chat_id:
            return  # the page shows another one by now
        try:
            await db.in_thread(sharing.share, viewer.user_id, self._chat_id)
        except AppError as error:
            self.error = error.message
            return
        self.error = ""
        await self._list(viewer)

    @handler
    async def withdraw(self, viewer: Viewer, link_id: str) -> None:
        """Have a link lead nowhere."""
        try:
            await db.in_thread(sharing.withdraw, viewer.user_id, link_id)
        finally:
            await self._list(viewer)

    def _close(self) -> None:
        """Close the dialog: the page is about something else."""
        if self.is_open:
            self.is_open = False

    async def _list(self, viewer: Viewer) -> None:
        now = reader_now(self.router.headers.cookie)
        listed = await db.in_thread(sharing.list_for, viewer.user_id, self._chat_id or None)
        self.links = [replace(link, shared_at=ago(link.shared_at, now)) for link in listed]


class Snapshot(rx.State):
    """What a link leads to. It belongs to nobody: whoever opens it sees the same."""

    title: str = ""
    shared_at: str = ""
    messages: list[MessageView] = []
    has_more: bool = False
    is_loaded: bool = False
    is_missing: bool = False

    _token: str = ""

    @handler(anonymous=True)
    async def open(self, viewer: Viewer | None) -> None:
        """Show the beginning of what the address names."""
        self._token = route_argument(self, "share_token")
        try:
            page = await db.in_thread(sharing.open_page, self._token)
        except NotFound:
            self.reset()
            self.is_loaded = self.is_missing = True
            return
        now = reader_now(self.router.headers.cookie)
        self.title, self.shared_at = page.title, ago(page.shared_at, now)
        self.messages, self.has_more = page.messages, page.has_more
        self.is_loaded, self.is_missing = True, False

    @handler(anonymous=True)
    async def show_more(self, viewer: Viewer | None) -> None:
        """Show the next stretch, unless the link was withdrawn meanwhile."""
        if not self.has_more:
            return
        shown = list(self.get_value("messages"))
        page = await db.in_thread(sharing.open_page, self._token, after=len(shown))
        self.messages, self.has_more = shown + page.messages, page.has_more
