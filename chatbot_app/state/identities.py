"""Where else a person is known: the list in the settings."""

import reflex as rx

from chatbot_app import db
from chatbot_app.schemas import Connection, Viewer
from chatbot_app.services import identities
from chatbot_app.state.gate import handler
from chatbot_app.state.paths import identity_problem
from chatbot_app.state.session import Session
from chatbot_app.words import t


class Identities(rx.State):
    """The providers that are offered or connected."""

    connections: list[Connection] = []

    @handler
    async def load(self, viewer: Viewer) -> None:
        """List them, and say what became of connecting one: that part of the page may be far down."""
        self.connections = await db.in_thread(identities.list_for, viewer.user_id)
        outcome = identity_problem(self) or self._connected()
        if outcome:
            (await self.get_state(Session)).notice = outcome

    @handler
    async def disconnect(self, viewer: Viewer, identity_id: str) -> None:
        """Forget who this person is at a provider."""
        await db.in_thread(identities.disconnect, viewer.user_id, identity_id)
        self.connections = await db.in_thread(identities.list_for, viewer.user_id)

    def _connected(self) -> str:
        """Say that the provider which the address names is connected, if it is."""
        said = self.router.url.query_parameters.get("connected", "")
        names = [c.name for c in self.connections if c.identity_id and c.provider_id == said]
        return (
            t("{provider} is connected: you can sign in with it as well.", provider=names[0])
            if said and names
            else ""
        )
