"""What the pages for the signed-out show, and where the signed-in go from them."""

import reflex as rx

from chatbot_app import db
from chatbot_app.schemas import Provider, Viewer
from chatbot_app.services import accounts, identities
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import identity_problem


class Landing(rx.State):
    """Who else may say who somebody is, and what came of it when that failed."""

    providers: list[Provider] = []
    problem: str = ""

    @handler(anonymous=True)
    async def pass_through(self, viewer: Viewer | None) -> rx.event.EventSpec | None:
        """Lead somebody who is signed in to their last chat, and show the others the ways in."""
        if viewer is None:
            self.providers = identities.providers()
            self.problem = identity_problem(self)
            return None
        return rx.redirect(await db.in_thread(accounts.landing, viewer.user_id))
