"""What was just done, in a sentence that goes away by itself, with the way back where there is one.

A state of its own, so that saying it draws nothing else anew.
"""

import reflex as rx

from chatbot_app.schemas import Viewer
from chatbot_app.state.gate import handler


class Toast(rx.State):
    """One sentence at a time; empty when there is none."""

    message: str = ""
    can_undo: bool = False
    number: int = 0
    """Counts sentences, so that the same one said again is shown for its whole time."""

    _undoes: str = ""
    """What was done to the chat, and may be taken back: see `ChatActions.undo`."""
    _chat_id: str = ""
    _leads_back: bool = False
    """Whether the page showed that chat, and is to show it again."""

    @handler
    async def dismiss(self, viewer: Viewer) -> None:
        """Take the sentence away."""
        self._clear()

    def _say(
        self, message: str, *, undoes: str = "", chat_id: str = "", leads_back: bool = False
    ) -> None:
        self.message, self.can_undo, self.number = message, bool(undoes), self.number + 1
        self._undoes, self._chat_id, self._leads_back = undoes, chat_id, leads_back

    def _clear(self) -> None:
        self.message, self.can_undo = "", False
        self._undoes, self._chat_id = "", ""
