"""Choosing the model that the open chat is asked with."""

import reflex as rx

from chatbot_app import db
from chatbot_app.schemas import Viewer
from chatbot_app.services import model_choices
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.forms import ModelForm
from chatbot_app.state.gate import handler


class ModelChoice(rx.State):
    """What the picker in the composer does; the list itself comes by the API when it is opened."""

    @handler
    async def choose(self, viewer: Viewer, form: ModelForm) -> None:
        """Ask the open chat with another model from the next message on.

        A chat that is still new chooses with its first message, in the composer.
        """
        conversation = await self.get_state(Conversation)
        if not conversation.open_chat_id:
            return
        chat = await db.in_thread(
            model_choices.choose, viewer.user_id, conversation.open_chat_id, form["model"]
        )
        conversation.model_name = chat.model or conversation.default_model
