"""What changes a conversation's tree: a question in other words, and a message that is deleted.

Apart from `Conversation`, for every message reads what an edit of it was refused for, and is drawn
again when anything in the state that it reads changes.
"""

import reflex as rx

from chatbot_app.errors import AppError
from chatbot_app.schemas import Viewer
from chatbot_app.services import answers, sessions
from chatbot_app.services import text as text_rules
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import chat_path
from chatbot_app.state.rail import Rail


class Edits(rx.State):
    """Why the last edit was not taken; what was typed stays in its field, which is the page's own."""

    refused_id: str = ""
    reason: str = ""

    @handler
    async def edit(self, viewer: Viewer, message_id: str, question: str, key: str) -> None:
        """Ask a question in other words, in its own place."""
        message_id = str(text_rules.identifier(message_id))  # it goes back to the page
        conversation = await self.get_state(Conversation)
        try:
            sessions.require_verified(viewer)
            turn = await answers.edit(viewer.user_id, message_id, question, key)
        except AppError as error:
            self.refused_id, self.reason = message_id, error.message
            return
        self.refused_id = self.reason = ""
        await conversation._take(viewer, turn, message_id)
        (await self.get_state(Rail))._show_chat(turn.chat)


class Deletion(rx.State):
    """Which message is about to be deleted, if one is."""

    message_id: str = ""

    _chat_id: str = ""

    @handler
    async def ask(self, viewer: Viewer, message_id: str) -> None:
        """Ask whether this message may really go."""
        conversation = await self.get_state(Conversation)
        shown = conversation._shown("earlier") + conversation._shown("recent")
        if any(message.id == message_id for message in shown):
            self.message_id, self._chat_id = message_id, conversation.open_chat_id

    @handler
    async def keep(self, viewer: Viewer) -> None:
        """Don't delete after all."""
        self.message_id = ""

    @handler
    async def delete(self, viewer: Viewer) -> rx.event.EventSpec | None:
        """Delete the message that was asked about, with all that follows it; if nothing is left of
        the chat, the way leads to a new one.
        """
        message_id, self.message_id = self.message_id, ""
        conversation = await self.get_state(Conversation)
        if not message_id or self._chat_id != conversation.open_chat_id:
            return None  # clicked twice, or the page shows another chat by now
        if await answers.delete_message(viewer.user_id, message_id):
            await conversation._read_again(viewer)
            return None
        rail = await self.get_state(Rail)
        rail._list([c for c in rail.get_value("_chats") if c.id != conversation.open_chat_id])
        return rx.redirect(chat_path(conversation.open_project_id))

    def _close(self) -> None:
        """Ask nothing any more: the page is about something else."""
        if self.message_id:
            self.message_id = ""
