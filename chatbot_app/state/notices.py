"""Taking note of a notice. A state of its own, for the gate that writes notices can't hold a
handler.
"""

import reflex as rx

from chatbot_app.schemas import Viewer
from chatbot_app.state.gate import handler
from chatbot_app.state.session import Session


class Notices(rx.State):
    """Nothing to hold: the notice is in the tab's `Session`."""

    @handler(anonymous=True)
    async def dismiss(self, viewer: Viewer | None) -> None:
        """Take the sentence away."""
        (await self.get_state(Session)).notice = ""
