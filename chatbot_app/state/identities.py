"""Where else a person is known: the list in the settings."""

import reflex as rx

from chatbot_app import db
from chatbot_app.errors import AppError
from chatbot_app.schemas import Connection, Viewer
from chatbot_app.services import identities
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import identity_problem


class Identities(rx.State):
    """The providers that are offered or connected, and what went wrong with one."""

    connections: list[Connection] = []
    is_loaded: bool = False
    problem: str = ""

    @handler
    async def load(self, viewer: Viewer) -> None:
        """List them, and say what became of connecting one."""
        self.connections = await db.in_thread(identities.list_for, viewer.user_id)
        self.problem, self.is_loaded = identity_problem(self), True

    @handler
    async def disconnect(self, viewer: Viewer, identity_id: str) -> None:
        """Forget who this person is at a provider."""
        self.problem = ""
        try:
            await db.in_thread(identities.disconnect, viewer.user_id, identity_id)
        except AppError as error:
            self.problem = error.message
        self.connections = await db.in_thread(identities.list_for, viewer.user_id)
