"""How those who follow a chat learn that something in it changed: a counter to compare and a
wake-up to wait for.
"""

import asyncio
import uuid
from collections.abc import Generator
from contextlib import contextmanager, suppress


class Channel:
    """News of one chat. `version` counts all of it, `messages` only changes of what is stored."""

    def __init__(self) -> None:
        self.version = 0
        self.messages = 0
        self.followers = 0
        self._wake = asyncio.Event()
        self._wake_for_messages = asyncio.Event()

    def text_came(self) -> None:
        """Wake every follower once."""
        self.version += 1
        self._wake.set()
        self._wake = asyncio.Event()

    def messages_changed(self) -> None:
        """Wake every follower once, also those who let text gather."""
        self.messages += 1
        self._wake_for_messages.set()
        self._wake_for_messages = asyncio.Event()
        self.text_came()

    async def wait(self, version: int, seconds: float) -> None:
        """Return as soon as there is news since `version`, or after so many `seconds`."""
        if self.version == version:
            await _wait(self._wake, seconds)

    async def wait_for_messages(self, messages: int, seconds: float) -> None:
        """Return as soon as what is stored has changed since `messages`, or after so many `seconds`."""
        if self.messages == messages:
            await _wait(self._wake_for_messages, seconds)


async def _wait(news: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()


class Channels:
    """The channels that somebody follows. A chat nobody looks at costs nothing."""

    def __init__(self) -> None:
        self._channels: dict[uuid.UUID, Channel] = {}

    @contextmanager
    def follow(self, chat_id: uuid.UUID) -> Generator[Channel]:
        """The chat's channel for as long as the block lasts."""
        channel = self._channels.setdefault(chat_id, Channel())
        channel.followers += 1
        try:
            yield channel
        finally:
            channel.followers -= 1
            if not channel.followers:
                self._channels.pop(chat_id, None)

    def followed(self) -> set[uuid.UUID]:
        """The chats that somebody follows."""
        return set(self._channels)

    def text_came(self, chat_id: uuid.UUID) -> None:
        """Tell followers that a live answer grew."""
        if channel := self._channels.get(chat_id):
            channel.text_came()

    def messages_changed(self, chat_id: uuid.UUID) -> None:
        """Tell followers that stored messages were added, ended or removed, or that the chat itself
        changed.
        """
        if channel := self._channels.get(chat_id):
            channel.messages_changed()
