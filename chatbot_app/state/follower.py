"""How a tab keeps up with its open chat: text from memory, stored messages from the database."""

import asyncio
import contextlib
import time
import uuid
from typing import Any

import reflex as rx
from reflex.event import EventSpec
from reflex_base.registry import RegistrationContext

from chatbot_app import db
from chatbot_app.errors import NotFound, Unavailable
from chatbot_app.generation import Channel, Generation, worker
from chatbot_app.markdown import BlockSplitter
from chatbot_app.schemas import ChatItem, ChatPage, MessageView
from chatbot_app.services import chats, sessions
from chatbot_app.state.block_groups import (
    GROUP_VARS,
    TAIL_VARS,
    THOUGHT_VARS,
    BlockGroups,
    TailStretches,
)
from chatbot_app.state.conversation import Conversation
from chatbot_app.state.gate import resolve
from chatbot_app.state.paths import chat_path
from chatbot_app.state.rail import Rail
from chatbot_app.state.session import Session

PAINT_SECONDS = 0.04
"""The shortest time between two updates of the page; text gathers in between."""

CROWD_SECONDS = 0.0005
"""How much longer for each answer that this worker writes: with two hundred, seven updates a second
are enough, and leave it the time to end each one without delay.
"""

RECHECK_SECONDS = 5.0
"""How often a follower, which is one long event, asks whether its session and its socket are still
there.
"""

SHOWN_SECONDS = 1.5
"""For how long at most it goes on to show what is said in between: a sign-out on another worker is
noticed so soon, one on this worker at once.
"""

RETRY_SECONDS = 1.0
"""Pause before a follower that met a database that is away looks again."""

REFRESHED = 6
"""How many of the newest messages are read when something in the chat changed."""


class _Left(Exception):
    """The tab does not show this chat any more."""


class Follower:
    """One run of `LiveAnswer.follow`: what it watches and what it has shown so far."""

    def __init__(
        self,
        state: Any,
        name: str,
        user_id: uuid.UUID,
        project_id: str,
        chat_id: str,
        token: str | None,
    ) -> None:
        self.state = state
        self.name = name
        self.user_id = user_id
        self.project_id = project_id
        self.chat_id = chat_id
        self.token = token
        self.socket = state.router.session.session_id
        # The gate, which let this person in, may have remembered them for as long.
        self.checked = time.monotonic() - sessions.REMEMBERED
        self.changes = sessions.changes()
        self._watch(None)

    async def run(self) -> EventSpec | None:
        """Follow until this tab leaves the chat, its socket closes, or the chat is gone from where it
        was; gives what the page is to do then.

        Raises: NotSignedIn when the session ends: the page is then led away, for it still shows what
        was said.
        """
        channels = worker.engine().channels
        with (
            channels.follow(uuid.UUID(self.chat_id)) as channel,
            contextlib.suppress(_Left),
        ):
            while True:
                with contextlib.suppress(NotFound):
                    await self._follow_through(channel)
                chat = await self._look_elsewhere(channel)
                if chat.project_id != self.project_id:
                    return rx.redirect(chat_path(chat.project_id, chat.id), replace=True)
        return None

    async def _look_elsewhere(self, channel: Channel) -> ChatItem:
        """Find a chat that was taken to another project. Say that one is gone, until somebody thinks
        better of it.
        """
        while True:
            seen = channel.messages
            try:
                chat = await db.in_thread(chats.get, self.user_id, self.chat_id)
            except NotFound:
                await self._show_whether_missing(is_missing=True)
            except Unavailable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            else:
                await self._show_whether_missing(is_missing=False)
                return chat
            while channel.messages == seen:
                await channel.wait_for_messages(seen, RECHECK_SECONDS)
                with contextlib.suppress(Unavailable):
                    await self._recheck()

    async def _show_whether_missing(self, *, is_missing: bool) -> None:
        async with self.state:
            conversation = await self._conversation()
            if conversation.is_missing != is_missing:
                conversation.is_missing = is_missing
            if is_missing:
                (await self.state.get_state(Rail))._drop_chat(self.chat_id)

    async def _follow_through(self, channel: Channel) -> None:
        """Follow, and take it up again when the database was away."""
        while True:
            with contextlib.suppress(Unavailable):
                await self._follow(channel)
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self, channel: Channel) -> None:
        messages = -1
        while True:
            version = channel.version
            seen = channel.messages
            if time.monotonic() - self.checked > SHOWN_SECONDS or self._may_have_ended():
                await self._recheck()
            if seen != messages and await self._refresh(channel, seen):
                messages = seen
            live = worker.live_in(uuid.UUID(self.chat_id))
            if live is not None and live is not self.generation:
                self._watch(live)
            if self.generation is not None and await self._show_text(self.generation):
                crowd = len(worker.engine().live)
                await channel.wait_for_messages(seen, PAINT_SECONDS + crowd * CROWD_SECONDS)
            await channel.wait(version, RECHECK_SECONDS)

    def _watch(self, generation: Generation | None) -> None:
        self.generation = generation
        self.is_fresh = True  # whether the page may still hold blocks of an earlier watch
        self.position = 0
        self.splitter = BlockSplitter()
        self.groups = BlockGroups()
        self.stretches = TailStretches()
        self.thought_position = 0
        self.thoughts = TailStretches(THOUGHT_VARS)
        self.thought_ms = 0

    async def _refresh(self, channel: Channel, seen: int) -> bool:
        """Bring the newest stored messages to the page, and in the same update the end of an answer
        that ended.

        False if what was read is not the whole truth any more: something happened meanwhile, or the
        answer has ended and its worker has not said so yet. Its news wakes the follower again.
        """
        page = await self._newest()
        async with self.state:
            conversation = await self._conversation()
            generation = self.generation
            ended = generation is not None and generation.saved.is_set()
            if channel.messages != seen or (not ended and self._has_ended(page.messages)):
                return False
            was_answering = conversation.is_answering
            if not conversation.newer_than:
                conversation._merge(page)
            if not conversation.is_temporary:
                (await self.state.get_state(Rail))._show_chat(page.chat)
            if generation is not None and ended:
                self._put(generation, self._read(generation), is_last=True)
            if was_answering and not conversation.is_answering:
                self.state.finished += 1
                last = page.messages[-1]
                self.state.outcome = last.error or last.status
            self.state._believe(page.messages)
        if ended:
            self._watch(None)
        return True

    async def _newest(self) -> ChatPage:
        """Read the newest messages, and more of them where another branch is shown than before."""
        async with self.state:
            conversation = await self._conversation()
            if conversation.is_temporary:
                return conversation._temporary_page(self.user_id, self.state._told)
        chat = (self.user_id, self.project_id, self.chat_id)
        page = await db.in_thread(chats.open_page, *chat, limit=REFRESHED)
        if page.older_than:
            async with self.state:
                joins = (await self._conversation())._joins(page)
            if not joins:
                page = await db.in_thread(chats.open_page, *chat)
        return page

    def _has_ended(self, shown: list[MessageView]) -> bool:
        """Whether the answer that is followed has ended, as it is stored."""
        followed = self.generation and str(self.generation.message_id)
        return any(m.id == followed and m.status != "generating" for m in shown)

    async def _show_text(self, generation: Generation) -> bool:
        """Show what came since the last time, if anything did."""
        new = self._read(generation)
        if not any(new):
            return False
        async with self.state:
            await self._conversation()
            self._put(generation, new)
        return True

    def _read(self, generation: Generation) -> tuple[str, str]:
        """The thoughts and the text that came since the last time."""
        thoughts, self.thought_position = generation.read_thoughts(self.thought_position)
        text, self.position = generation.read(self.position)
        return thoughts, text

    def _put(self, generation: Generation, new: tuple[str, str], *, is_last: bool = False) -> None:
        """Show this much more, and set only the vars that differ; under the state's lock only."""
        thoughts, text = new
        blocks = self.splitter.feed(text)
        if is_last:
            blocks += self.splitter.finish()
        groups = self.groups.add(blocks)
        stretches = self.stretches
        texts = stretches.restart(self.splitter.tail) if blocks else stretches.grow(text)
        if self.is_fresh:
            self.state.message_id = str(generation.message_id)
            groups, texts = set(GROUP_VARS), set(TAIL_VARS)
        for name in groups:
            setattr(self.state, name, list(self.groups.groups[name]))
        for name in texts:
            setattr(self.state, name, stretches.texts[name])
        self._put_thoughts(generation, thoughts)
        self.is_fresh = False

    def _put_thoughts(self, generation: Generation, new: str) -> None:
        timing = generation.timing
        changed = set(THOUGHT_VARS) if self.is_fresh else set[str]()
        changed |= self.thoughts.grow(new)
        for name in changed:
            setattr(self.state, name, self.thoughts.texts[name])
        thought_ms = 0 if timing.is_thinking or not self.thought_position else timing.reasoning_ms
        if self.is_fresh or thought_ms != self.thought_ms:
            self.thought_ms = thought_ms
            self.state.thought_ms = -1 if thought_ms is None else thought_ms

    async def _conversation(self) -> Conversation:
        """The tab's conversation, if it still is this one and this person's, and followed by nobody
        else; under the state's lock only.
        """
        conversation: Conversation = await self.state.get_state(Conversation)
        session: Session = await self.state.get_state(Session)
        is_here = conversation._followed_id() == self.chat_id and self.state._follower == self.name
        if not is_here or session._owner != str(self.user_id):
            raise _Left
        return conversation

    def _may_have_ended(self) -> bool:
        return sessions.changes() != self.changes

    async def _recheck(self) -> None:
        """Ask the database itself, for what is remembered may be a second old already. A database that
        is away has not said yes: nothing more is shown until it did.
        """
        asked, changes = time.monotonic(), sessions.changes()
        await resolve(self.token, is_fresh=True)
        self.checked, self.changes = asked, changes
        sockets = RegistrationContext.get().app.event_namespace
        if sockets is None or self.socket not in sockets.sid_to_token:
            raise _Left
