"""A temporary chat in the tab that it lives in: what was said stands in the tab's state, and nowhere
else.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress

from chatbot_app.errors import Conflict, NotFound
from chatbot_app.schemas import ChatItem, ChatPage, MessageView, Turn, Viewer
from chatbot_app.services import temporary
from chatbot_app.state.paths import query_argument, route_argument
from chatbot_app.state.shown_messages import KEPT, ShownMessages
from chatbot_app.words import t


class TemporaryChat(ShownMessages, mixin=True):
    """What the open chat does while it is a temporary one. It lasts until the tab goes elsewhere."""

    open_chat_id: str = ""
    is_temporary: bool = False

    _temporary_id: str = ""
    """What this one is followed by; empty while another chat is open."""
    _aside: list[MessageView] = []
    """What was said before the messages on the page."""

    def _is_to_be_temporary(self) -> bool:
        """Whether the page's address is that of a temporary chat."""
        is_asked_for = query_argument(self, "temporary") == "1"
        return is_asked_for and not route_argument(self, "chat_id")

    async def _begin_anew(self, viewer: Viewer, *, is_temporary: bool) -> None:
        """Leave a temporary chat that is open, for good; begin another if `is_temporary`."""
        live = self._live_temporary()
        self._temporary_id, self._aside = uuid.uuid4().hex if is_temporary else "", []
        if self.is_temporary != is_temporary:
            self.is_temporary = is_temporary
        if live is not None:
            with suppress(NotFound):  # it ended, or another worker writes it
                await temporary.stop(viewer.user_id, live.id)

    def _followed_id(self) -> str:
        """What news of the open chat goes by; empty for a new one, of which there are none."""
        return self.open_chat_id or self._temporary_id

    def _live_temporary(self) -> MessageView | None:
        """The answer of a temporary chat that is being written, as far as the page knows."""
        last = self._shown("recent")[-1:] if self._temporary_id else []
        return next((message for message in last if message.status == "generating"), None)

    def _temporary_page(self, user_id: uuid.UUID, told: Callable[[str], str]) -> ChatPage:
        """The newest messages as they are by now; `told` knows what came of a live answer."""
        messages = [
            temporary.as_it_is(user_id, message, told(message.id))
            for message in self._shown("recent")
        ]
        return ChatPage(ChatItem(), messages)

    async def _ask_in_temporary(
        self, viewer: Viewer, project_id: str, text: str, model: str
    ) -> Turn:
        said = self._aside + self._shown("earlier") + self._shown("recent")
        chat_id = uuid.UUID(self._temporary_id)
        return await temporary.ask(viewer.user_id, project_id, chat_id, said, text, model)

    async def _ask_temporary_again(
        self, viewer: Viewer, project_id: str, answer_id: str, model: str
    ) -> None:
        """Ask for another answer in place of the last one, which goes."""
        recent = self._shown("recent")
        if len(recent) < 2 or recent[-1].id != answer_id:
            raise Conflict(t("Only the last answer of a chat can be asked for again."))
        asked = recent[-2]
        said = self._aside + self._shown("earlier") + recent[:-2]
        turn = await temporary.ask(
            viewer.user_id,
            project_id,
            uuid.UUID(self._temporary_id),
            said,
            "".join(asked.blocks),
            model,
        )
        self.recent = [*recent[:-2], turn.question, turn.answer]

    def _put_aside(self, messages: list[MessageView]) -> None:
        if self._temporary_id:
            self._aside = self._aside + messages

    def _take_from_aside(self) -> None:
        """Put the messages before those on the page in front of them."""
        found = self._aside[-KEPT:]
        self._aside = self._aside[:-KEPT]
        self.earlier = found + self._shown("earlier")
        self.older_than = found[0].id if self._aside else ""
