"""The search palette: what was found by the words that are typed there.

The text itself stays in the page, which sends it when the typing pauses; `assets/palette.js` opens the
palette, and moves through it.
"""

import dataclasses

import reflex as rx

from chatbot_app import db
from chatbot_app.errors import InvalidInput
from chatbot_app.schemas import ChatHit, Found, MessageHit, Viewer
from chatbot_app.services import search
from chatbot_app.state.dates import ago, reader_now
from chatbot_app.state.forms import SearchForm
from chatbot_app.state.gate import handler


class Palette(rx.State):
    """Chats and messages to go to. With nothing typed: the chats where one was last."""

    found_for: str = ""
    """The text that this was found by: until the page's own is the same, more is to come."""
    is_loaded: bool = False
    chats: list[ChatHit] = []
    messages: list[MessageHit] = []
    older_than: str = ""
    hint: str = ""

    @handler(background=True, supersedes=True)
    async def look_for(self, viewer: Viewer, form: SearchForm) -> None:
        """Find what is typed. Whoever types on waits for nothing that was to be found before."""
        query, hint = form["search"], ""
        try:
            if query.strip():
                found = await db.in_thread(search.find, viewer.user_id, query)
            else:
                found = Found(await db.in_thread(search.recent_chats, viewer.user_id), [])
        except InvalidInput as error:
            found, hint = Found([], []), error.message
        async with self:
            self.chats, self.messages = found.chats, self._dated(found.messages)
            self.older_than, self.hint = found.older_than, hint
            # It goes back to the page: as it came, it could be what no page can be sent.
            self.found_for = db.storable(query[: search.LONGEST_QUERY])
            self.is_loaded = True

    @handler
    async def show_more(self, viewer: Viewer) -> None:
        """Find older messages by the same words."""
        if not self.older_than:
            return
        found = await db.in_thread(
            search.find, viewer.user_id, self.found_for, before=self.older_than
        )
        self.messages = [*self.get_value("messages"), *self._dated(found.messages)]
        self.older_than = found.older_than

    def _dated(self, hits: list[MessageHit]) -> list[MessageHit]:
        now = reader_now(self.router.headers.cookie)
        return [dataclasses.replace(hit, said_at=ago(hit.said_at, now)) for hit in hits]
