"""The live answer alone, with the thoughts before it, in a state of its own, so that nothing else is
sent or drawn again while it grows.
"""

import uuid
from typing import Any

import reflex as rx

from chatbot_app.schemas import MessageView, Viewer
from chatbot_app.services import views
from chatbot_app.state.block_groups import GROUP_VARS, TAIL_VARS, THOUGHT_VARS
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.follower import Follower
from chatbot_app.state.gate import handler, session_token


class LiveAnswer(rx.State):
    """The answer that is being written in the open chat, or was the last to be: finished blocks and
    an open tail.

    The blocks stay when the answer ends, for swapping them for another rendering would freeze a
    long page.
    """

    message_id: str = ""
    large_1: list[str] = []
    large_2: list[str] = []
    large_3: list[str] = []
    large_4: list[str] = []
    large_5: list[str] = []
    large_6: list[str] = []
    large_7: list[str] = []
    large_8: list[str] = []
    small_1: list[str] = []
    small_2: list[str] = []
    small_3: list[str] = []
    small_4: list[str] = []
    small_5: list[str] = []
    small_6: list[str] = []
    small_7: list[str] = []
    small_8: list[str] = []
    newest: list[str] = []
    tail_oldest: str = ""
    tail_older: str = ""
    tail_newer: str = ""
    tail: str = ""
    thoughts_oldest: str = ""
    thoughts_old: str = ""
    thoughts_older: str = ""
    thoughts_newer: str = ""
    thoughts: str = ""
    thought_ms: int = 0
    """How long the model thought before it began to answer: 0 while it does, -1 if nobody knows."""
    finished: int = 0
    """Counts answers that ended while this page watched, so that each can be announced."""

    outcome: str = ""
    """How the last of them ended: its status, or the sentence why it ended early."""

    _follower: str = ""
    """Which follower may write here: after a reconnection to another worker, the former one may not
    know yet that its socket is gone.
    """

    @handler
    async def keep_up(self, viewer: Viewer) -> Any:
        """Follow the chat that was just opened.

        An event in the background does not wait for those before it: by itself `follow` might look
        which chat is open before one is.
        """
        return LiveAnswer.follow

    @handler(background=True, supersedes=True)
    async def follow(self, viewer: Viewer) -> Any:
        """Keep this tab in step with its open chat until it leaves the chat or is closed; one whose
        session ends, perhaps from another device, is led to the sign-in page.

        Every load of the page calls this: the tab that asked, a second tab, a page reloaded in
        mid-answer and one that sat idle all keep up on this one path.
        """
        async with self:
            conversation = await self.get_state(Conversation)
            project_id, chat_id = conversation.open_project_id, conversation._followed_id()
            token = session_token(self)
            self._follower = name = uuid.uuid4().hex
        if chat_id:
            return await Follower(self, name, viewer.user_id, project_id, chat_id, token).run()
        return None

    def _believe(self, stored: list[MessageView]) -> None:
        """Let go of a followed answer that ended with another text than was followed: another
        worker had the last word, or this page looked away and its follower is not here yet.
        """
        ended = next(
            (m for m in stored if m.id == self.message_id and m.status != "generating"), None
        )
        if ended is None:
            return
        thoughts = "".join(getattr(self, name) for name in THOUGHT_VARS)
        is_same = self._told(ended.id) == "".join(ended.blocks)
        if not is_same or views.shown_thoughts(thoughts) != ended.reasoning:
            self.message_id = ""

    def _told(self, message_id: str) -> str:
        """All text of this answer that came to this page, if it is the one that was followed last."""
        if message_id != self.message_id:
            return ""
        blocks = [text for name in GROUP_VARS for text in getattr(self, name)]
        return "".join(blocks + [getattr(self, name) for name in TAIL_VARS])
