"""The left rail: which projects there are, and the chats of the open one."""

import reflex as rx

from chatbot_app import db
from chatbot_app.schemas import ChatItem, ChatList, ProjectCard, Viewer
from chatbot_app.services import answers, chats, projects
from chatbot_app.state.dates import ChatGroup, group_by_age, reader_now
from chatbot_app.state.forms import TitleForm
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import route_argument
from chatbot_app.words import t

LISTED = 50
"""Chats in the rail at first, and how many more each time somebody asks for older ones."""


class Rail(rx.State):
    """Projects and chats to go to, and a chat's title. What else one does to a chat is in
    `ChatActions`.
    """

    projects: list[ProjectCard] = []
    groups: list[ChatGroup] = []
    older_than: str = ""
    listed_project_id: str = ""
    is_loaded: bool = False
    renaming_id: str = ""

    _chats: list[ChatItem] = []
    _pinned: list[ChatItem] = []
    _address: str = ""
    """Where the page was when this was loaded last."""

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
        self._list(page.chats, page.pinned)
        self.older_than = page.older_than
        self.is_loaded = True
        # Loaded again where it is, after a lost connection, the page keeps what is being typed.
        if self._address != self.router.url.path:
            self._address, self.renaming_id = self.router.url.path, ""
            await self._close_dialogs()

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
        self._list(_latest_first([*listed, *(chat for chat in page.chats if chat.id not in known)]))
        self.older_than = page.older_than

    @handler
    async def start_renaming(self, viewer: Viewer, chat_id: str) -> None:
        """Turn a chat's line into a field."""
        if any(chat.id == chat_id for chat in self._all()):
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

    async def _close_dialogs(self) -> None:
        # They know this state already.
        from chatbot_app.state.branches import Deletion
        from chatbot_app.state.chat_actions import ChatActions
        from chatbot_app.state.sharing import Sharing

        for about_a_chat in (ChatActions, Deletion, Sharing):
            (await self.get_state(about_a_chat))._close()

    def _all(self) -> list[ChatItem]:
        return [*self.get_value("_pinned"), *self.get_value("_chats")]

    def _show_chat(self, chat: ChatItem) -> None:
        """Put a chat that was begun, renamed, written in or put elsewhere where it belongs."""
        if chat.project_id != self.listed_project_id or chat.is_archived:
            self._drop_chat(chat.id)
            return
        pinned = list(self.get_value("_pinned"))
        others = [c for c in self.get_value("_chats") if c.id != chat.id]
        if not chat.is_pinned:
            pinned = [c for c in pinned if c.id != chat.id]
            others = _latest_first([chat, *others])
        elif any(c.id == chat.id for c in pinned):
            pinned = [chat if c.id == chat.id else c for c in pinned]
        else:
            pinned = [chat, *pinned]
        self._list(others, pinned)

    def _drop_chat(self, chat_id: str) -> None:
        """Take a chat off the list."""
        if any(chat.id == chat_id for chat in self._all()):
            self._list(
                [chat for chat in self.get_value("_chats") if chat.id != chat_id],
                [chat for chat in self.get_value("_pinned") if chat.id != chat_id],
            )

    def _list(self, listed: list[ChatItem], pinned: list[ChatItem] | None = None) -> None:
        self._chats = listed
        if pinned is not None:
            self._pinned = pinned
        groups = group_by_age(listed, reader_now(self.router.headers.cookie))
        if on_top := list(self.get_value("_pinned")):
            groups = [ChatGroup(t("Pinned"), on_top), *groups]
        if _face(groups) != _face(self.get_value("groups")):
            self.groups = groups


def _latest_first(listed: list[ChatItem]) -> list[ChatItem]:
    return sorted(listed, key=lambda chat: chat.last_message_at, reverse=True)


def _face(groups: list[ChatGroup]) -> list[tuple[str, list[tuple[str, str]]]]:
    """What of the groups can be seen: a turn in the chat that is on top already changes nothing."""
    return [(group.label, [(chat.id, chat.title) for chat in group.chats]) for group in groups]
