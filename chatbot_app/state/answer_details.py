"""What there is to know about one answer, for whoever wants to."""

import reflex as rx

from chatbot_app import db
from chatbot_app.generation import worker
from chatbot_app.schemas import AnswerFacts, MessageView, Viewer
from chatbot_app.services import answer_details, temporary
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.gate import handler


class AnswerDetails(rx.State):
    """What one answer took, and the thoughts of one that were too long to come with it."""

    message_id: str = ""
    facts: AnswerFacts = AnswerFacts()
    thoughts_id: str = ""
    thoughts: str = ""

    @handler
    async def look(self, viewer: Viewer, message_id: str) -> None:
        """Show what this answer took."""
        found = await self._in_temporary_chat(message_id)
        default = worker.engine().model.name
        self.facts = (
            answer_details.of(found, found.reasoning)
            if found
            else await db.in_thread(
                answer_details.get, viewer.user_id, message_id, default_model=default
            )
        )
        self.message_id = message_id

    @handler
    async def read_thoughts(self, viewer: Viewer, message_id: str) -> None:
        """Show all that was thought for this answer."""
        found = await self._in_temporary_chat(message_id)
        self.thoughts = (
            temporary.thoughts(viewer.user_id, found)
            if found
            else await db.in_thread(answer_details.thoughts, viewer.user_id, message_id)
        )
        self.thoughts_id = message_id

    async def _in_temporary_chat(self, message_id: str) -> MessageView | None:
        conversation = await self.get_state(Conversation)
        if not conversation.is_temporary:
            return None
        shown = conversation._shown("earlier") + conversation._shown("recent")
        return next((message for message in shown if message.id == message_id), None)
