"""The person's own settings. Passwords never come here: they go straight to the API."""

import reflex as rx

from chatbot_app import db
from chatbot_app.errors import AppError
from chatbot_app.schemas import Viewer
from chatbot_app.services import accounts
from chatbot_app.state.forms import ProfileForm
from chatbot_app.state.gate import handler
from chatbot_app.state.session import Session


class Profile(rx.State):
    """What came of saving the profile."""

    is_loaded: bool = False
    saved: int = 0
    error: str = ""

    @handler
    async def load(self, viewer: Viewer) -> None:
        """Start afresh; name and email are in the tab's session already."""
        if self.is_loaded:  # else what came of a save that began the tab's state anew is news
            self.saved, self.error = 0, ""
        self.is_loaded = True

    @handler
    async def rename(self, viewer: Viewer, form: ProfileForm) -> None:
        """Take another name."""
        try:
            name = await db.in_thread(accounts.rename, viewer.user_id, form["name"])
        except AppError as error:
            self.error, self.saved = error.message, 0
            return
        (await self.get_state(Session)).name = name
        self.error, self.saved = "", self.saved + 1
