"""What the pages for the signed-out show, and where the signed-in go from them."""

import reflex as rx

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.schemas import Provider, Viewer
from chatbot_app.services import accounts, identities
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import identity_problem


class Landing(rx.State):
    """Settings that pages can't be built with, for an operator may change them at any start; who
    else may say who somebody is, and what came of it when that failed.
    """

    providers: list[Provider] = []
    problem: str = ""
    registration: str = "open"
    has_mail: bool = True
    has_new_password: bool = False
    """Whether somebody comes from choosing another password."""

    @handler(anonymous=True)
    async def pass_through(self, viewer: Viewer | None) -> rx.event.EventSpec | None:
        """Lead somebody who is signed in to their last chat; tell others what there is."""
        self._look()
        if viewer is None:
            self.providers = identities.providers()
            self.problem = identity_problem(self)
            return None
        return rx.redirect(await db.in_thread(accounts.landing, viewer.user_id))

    @handler(anonymous=True)
    async def look_around(self, viewer: Viewer | None) -> None:
        """Tell what there is, whoever asks."""
        self._look()

    def _look(self) -> None:
        settings = get_settings()
        self.registration, self.has_mail = settings.registration, settings.has_mail
        self.has_new_password = self.router.url.query_parameters.get("saved") == "password"
