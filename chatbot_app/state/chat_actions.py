"""What one does to a chat from a menu: pin it, put it away, take it to another project, delete it,
and change one's mind.

The same for the rail, the chat's own bar and the list of archived chats, so that nothing here asks
where a chat is shown.
"""

from typing import Any

import reflex as rx

from chatbot_app import db
from chatbot_app.schemas import ChatItem, Viewer
from chatbot_app.services import answers, chat_places, chats
from chatbot_app.state.archived import Archived
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import chat_path, route_argument
from chatbot_app.state.rail import Rail
from chatbot_app.state.toasts import Toast
from chatbot_app.words import t


class ChatActions(rx.State):
    """The chat that a dialog asks about; none is open where there is none."""

    deleting_id: str = ""
    deleting_title: str = ""
    moving_id: str = ""
    moving_title: str = ""
    moving_from: str = ""

    @handler
    async def pin(self, viewer: Viewer, chat_id: str) -> None:
        """Put a chat on top of the list."""
        await self._show(await db.in_thread(chat_places.pin, viewer.user_id, chat_id))

    @handler
    async def unpin(self, viewer: Viewer, chat_id: str) -> None:
        """Put a chat back among the others."""
        await self._show(await db.in_thread(chat_places.unpin, viewer.user_id, chat_id))

    @handler
    async def archive(self, viewer: Viewer, chat_id: str) -> None:
        """Put a chat away."""
        was_pinned = (await db.in_thread(chats.get, viewer.user_id, chat_id)).is_pinned
        chat = await db.in_thread(chat_places.archive, viewer.user_id, chat_id)
        await self._show(chat)
        toast = await self.get_state(Toast)
        undoes = "archive-pinned" if was_pinned else "archive"
        toast._say(t("Chat archived"), undoes=undoes, chat_id=chat.id)

    @handler
    async def unarchive(self, viewer: Viewer, chat_id: str) -> None:
        """Put a chat back into its project's list."""
        await self._show(await db.in_thread(chat_places.unarchive, viewer.user_id, chat_id))
        (await self.get_state(Archived))._drop(chat_id)

    @handler
    async def ask_to_move(self, viewer: Viewer, chat_id: str) -> None:
        """Ask where a chat is to go."""
        chat = await db.in_thread(chats.get, viewer.user_id, chat_id)
        self.moving_id, self.moving_title, self.moving_from = chat.id, chat.title, chat.project_id

    @handler
    async def stay(self, viewer: Viewer) -> None:
        """Don't move after all."""
        self.moving_id = ""

    @handler
    async def move(self, viewer: Viewer, project_id: str) -> rx.event.EventSpec | None:
        """Take the chat that was asked about to this project; whoever looks at it goes along."""
        chat_id, self.moving_id = self.moving_id, ""
        if not chat_id:
            return None  # clicked twice
        chat = await db.in_thread(chat_places.move, viewer.user_id, chat_id, project_id)
        await self._show(chat)
        named = [p.name for p in (await self.get_state(Rail)).projects if p.id == chat.project_id]
        (await self.get_state(Toast))._say(t("Chat moved to {project}", project="".join(named)))
        return rx.redirect(chat_path(chat.project_id, chat.id)) if self._shows(chat.id) else None

    @handler
    async def ask_to_delete(self, viewer: Viewer, chat_id: str) -> None:
        """Ask whether a chat may really go."""
        chat = await db.in_thread(chats.get, viewer.user_id, chat_id)
        self.deleting_id, self.deleting_title = chat.id, chat.title

    @handler
    async def keep(self, viewer: Viewer) -> None:
        """Don't delete after all."""
        self.deleting_id = ""

    @handler
    async def delete(self, viewer: Viewer) -> rx.event.EventSpec | None:
        """Delete the chat that was asked about; whoever looks at it is led to a new one."""
        chat_id, self.deleting_id = self.deleting_id, ""
        if not chat_id:
            return None  # clicked twice
        await answers.delete_chat(viewer.user_id, chat_id)
        (await self.get_state(Rail))._drop_chat(chat_id)
        (await self.get_state(Archived))._drop(chat_id)
        toast = await self.get_state(Toast)
        was_shown = self._shows(chat_id)
        toast._say(t("Chat deleted"), undoes="delete", chat_id=chat_id, leads_back=was_shown)
        return rx.redirect(chat_path(route_argument(self, "project_id"))) if was_shown else None

    @handler
    async def undo(self, viewer: Viewer) -> Any:
        """Take back what was done to a chat last."""
        toast = await self.get_state(Toast)
        way, chat_id, leads_back = toast._undoes, toast._chat_id, toast._leads_back
        toast._clear()
        ways = {
            "delete": chats.restore,
            "archive": chat_places.unarchive,
            "archive-pinned": chat_places.pin,
        }
        if way not in ways:
            return None
        chat = await db.in_thread(ways[way], viewer.user_id, chat_id)
        await self._show(chat)
        if leads_back:
            return rx.redirect(chat_path(chat.project_id, chat.id))
        return Archived.load if self.router.url.path == Archived.PATH else None

    async def _show(self, chat: ChatItem) -> None:
        """Show where a chat stands now, here and wherever else it is open."""
        (await self.get_state(Rail))._show_chat(chat)
        answers.announce(chat.id)

    def _shows(self, chat_id: str) -> bool:
        return route_argument(self, "chat_id") == chat_id

    def _close(self) -> None:
        """Ask nothing any more: the page is about something else."""
        if self.deleting_id or self.moving_id:
            self.deleting_id = self.moving_id = ""
