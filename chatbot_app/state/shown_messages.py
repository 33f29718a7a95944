"""The messages of the open chat that are in the page."""

import reflex as rx

from chatbot_app.schemas import ChatItem, ChatPage, MessageView, Turn

RECENT = 8
"""Messages in the short list, which is sent at every turn; older ones move to the long list."""

KEPT = 60
"""Messages of the long list that stay in the page while the chat goes on; scrolling up loads the
rest again.
"""


class ShownMessages(rx.State, mixin=True):
    """A stretch of a chat, in two lists so that a turn does not resend what is already there; and
    what the chat is called.
    """

    title: str = ""
    is_pinned: bool = False
    is_archived: bool = False
    earlier: list[MessageView] = []
    recent: list[MessageView] = []
    older_than: str = ""
    newer_than: str = ""
    """Set while a stretch from the middle is shown: what comes new stays away until one goes there."""
    hint: str = ""
    """Why what was sent last was not taken."""

    @rx.var
    def is_answering(self) -> bool:
        """Whether an answer is being written in this chat."""
        return any(message.status == "generating" for message in self.recent[-1:])

    def _call(self, chat: ChatItem) -> None:
        """Say what the chat is called and where it stands; what is said already is left alone."""
        for name in ("title", "is_pinned", "is_archived"):
            if getattr(self, name) != getattr(chat, name):
                setattr(self, name, getattr(chat, name))

    def _shown(self, name: str) -> list[MessageView]:
        """The plain list behind a var, without the proxy that watches for changes."""
        return list(self.get_value(name))

    def _append(self, turn: Turn) -> None:
        if any(m.id == turn.question.id for m in self._shown("earlier") + self._shown("recent")):
            return  # it was sent twice, and is here already
        recent = [*self._shown("recent"), turn.question, turn.answer]
        if len(recent) > RECENT:
            earlier = self._shown("earlier") + recent[: -RECENT // 2]
            recent = recent[-RECENT // 2 :]
            if len(earlier) > KEPT:
                self._put_aside(earlier[:-KEPT])
                earlier = earlier[-KEPT:]
                self.older_than = earlier[0].id
            self.earlier = earlier
        self.recent = recent

    def _put_aside(self, messages: list[MessageView]) -> None:
        """Let go of the oldest messages; what is stored can be loaded again."""

    def _joins(self, page: ChatPage) -> bool:
        """Whether a stretch of the stored branch begins with a message that is on the page."""
        shown = self._shown("earlier") + self._shown("recent")
        return bool(page.messages) and any(m.id == page.messages[0].id for m in shown)

    def _merge(self, page: ChatPage) -> None:
        """Take over the newest messages as they are stored, and set only what differs."""
        if self.newer_than:
            self.newer_than = ""
        earlier, recent = self._shown("earlier"), self._shown("recent")
        shown = [message.id for message in earlier + recent]
        first = page.messages[0].id if page.messages else ""
        if first not in shown:
            self.earlier, self.recent = [], page.messages
            self.older_than = page.older_than
        else:
            merged = (earlier + recent)[: shown.index(first)] + page.messages
            if merged[: len(earlier)] != earlier:
                self.earlier = earlier = earlier[: shown.index(first)]
            if merged[len(earlier) :] != recent:
                self.recent = merged[len(earlier) :]
        self._call(page.chat)
        if self.hint and not self.is_answering:
            self.hint = ""
