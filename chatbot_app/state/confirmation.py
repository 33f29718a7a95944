"""Asking for the mail that confirms one's address once more."""

import reflex as rx

from chatbot_app.schemas import Viewer
from chatbot_app.services import verification
from chatbot_app.state.gate import handler


class Confirmation(rx.State):
    """Whether another mail is on its way."""

    is_sent: bool = False

    @handler
    async def send_again(self, viewer: Viewer) -> None:
        """Mail another link; a refusal becomes a notice."""
        await verification.ask_again(viewer)
        self.is_sent = True
