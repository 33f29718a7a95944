"""Where the signed-in go from pages that are for the signed-out."""

import reflex as rx

from chatbot_app import db
from chatbot_app.schemas import Viewer
from chatbot_app.services import accounts
from chatbot_app.state.gate import handler


class Landing(rx.State):
    """Nothing to show; only the way on."""

    @handler(anonymous=True)
    async def pass_through(self, viewer: Viewer | None) -> rx.event.EventSpec | None:
        """Lead somebody who is signed in to their last chat."""
        if viewer is None:
            return None
        return rx.redirect(await db.in_thread(accounts.landing, viewer.user_id))
