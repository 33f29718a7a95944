"""The left rail: which projects there are, and the chats of the open one."""

import reflex as rx

from chatbot_app import db
from chatbot_app.schemas import ChatItem, ChatList, ProjectCard, Viewer
from chatbot_app.services import answers, chats, projects
from chatbot_app.state.dates import ChatGroup, group_by_age, reader_now
from chatbot_app.state.forms import TitleForm
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import chat_path, route_argument

LISTED = 50
"""Chats in the rail at first, and how many more each time somebody asks for older ones."""


class Rail(rx.State):
    """Projects and chats to go to, and the two things one does to a chat from here."""

    projects: list[ProjectCard] = []
    groups: list[ChatGroup] = []
    older_than: str = ""
    listed_project_id: str = ""
    is_loaded: bool = False
    renaming_id: str = ""
    deleting_id: str = ""
    deleting_title: str = ""

    _chats: list[ChatItem] = []

    @handler
    async def load(self, viewer: Viewer) -> None:
        """List the projects, and the chats of the one the address names or else of the one used
        last.
        """
        cards = await db.in_thread(projects.list_for, viewer.user_id)
        named = route_argument(self, "project_id")
        known = {card.id for card in cards}
        project_id = next((i for i in (named, self.listed_project_id) if i in known), "")
        project_id = project_id or (cards[0].id if cards else "")
        shown = len(self.get_value("_chats")) if project_id == self.listed_project_id else 0
        page = ChatList([])
        if project_id:
            page = await db.in_thread(
                chats.list_page, viewer.user_id, project_id, limit=max(LISTED, shown)
            )
        if cards != self.get_value("projects"):
            self.projects = cards
        self.listed_project_id = project_id
        self._list(page.chats)
        self.older_than = page.older_than
        self.is_loaded = True
        self.renaming_id = self.deleting_id = ""

    @handler
    async def load_older(self, viewer: Viewer) -> None:
        """List more chats, behind those that are listed."""
        if not self.older_than:
            return
        page = await db.in_thread(
            chats.list_page,
            viewer.user_id,
            self.listed_project_id,
            before=self.older_than,
            limit=LISTED,
        )
        listed = list(self.get_value("_chats"))
        known = {chat.id for chat in listed}
        self._list([*listed, *(chat for chat in page.chats if chat.id not in known)])
        self.older_than = page.older_than

    @handler
    async def start_renaming(self, viewer: Viewer, chat_id: str) -> None:
        """Turn a chat's line into a field."""
        if any(chat.id == chat_id for chat in self.get_value("_chats")):
            self.renaming_id = chat_id

    @handler
    async def cancel_renaming(self, viewer: Viewer) -> None:
        """Leave the chat's title as it was."""
        self.renaming_id = ""

    @handler
    async def rename(self, viewer: Viewer, form: TitleForm) -> None:
        """Give the chat that is being renamed another title."""
        chat = await db.in_thread(chats.rename, viewer.user_id, self.renaming_id, form["title"])
        self.renaming_id = ""
        self._show_chat(chat)
        answers.announce(chat.id)

    @handler
    async def ask_to_delete(self, viewer: Viewer, chat_id: str) -> None:
        """Ask whether this chat may really go."""
        found = next((c for c in self.get_value("_chats") if c.id == chat_id), None)
        if found is not None:
            self.deleting_id, self.deleting_title = found.id, found.title

    @handler
    async def keep(self, viewer: Viewer) -> None:
        """Don't delete after all."""
        self.deleting_id = ""

    @handler
    async def delete(self, viewer: Viewer) -> rx.event.EventSpec | None:
        """Delete the chat that was asked about; whoever looks at it is led to a new one."""
        chat_id, self.deleting_id = self.deleting_id, ""
        await answers.delete_chat(viewer.user_id, chat_id)
        self._list([chat for chat in self.get_value("_chats") if chat.id != chat_id])
        if route_argument(self, "chat_id") == chat_id:
            return rx.redirect(chat_path(self.listed_project_id))
        return None

    def _show_chat(self, chat: ChatItem) -> None:
        """Put a chat that was begun, renamed or written in where it belongs."""
        if chat.project_id != self.listed_project_id:
            return
        others = [c for c in self.get_value("_chats") if c.id != chat.id]
        self._list(sorted([chat, *others], key=lambda c: c.last_message_at, reverse=True))

    def _list(self, listed: list[ChatItem]) -> None:
        self._chats = listed
        groups = group_by_age(listed, reader_now(self.router.headers.cookie))
        if _face(groups) != _face(self.get_value("groups")):
            self.groups = groups


def _face(groups: list[ChatGroup]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What of the groups can be seen: a turn in the chat that is on top already changes nothing."""
    return [(group.label, [(chat.id, chat.title) for chat in group.chats]) for group in groups]
