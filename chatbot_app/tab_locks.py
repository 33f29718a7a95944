"""Tabs that stay usable when a task is cancelled: with Redis, Reflex 0.10.1 would leave one locked.

A tab's state is locked by a key in Redis. A task that is cancelled between setting that key and
hearing that it is set holds a lock that nobody knows of, and the tab stands still until the key
expires. Followers are cancelled whenever somebody goes to another chat, and lock twenty times a
second while an answer is written, so this happens.
"""

import asyncio
import functools
from typing import Any


def release_when_cancelled() -> None:
    """Have whoever is cancelled while waiting for a lock give it back, from now on."""
    from reflex.istate.manager.redis import StateManagerRedis

    manager: Any = StateManagerRedis
    wait = manager._wait_lock
    if hasattr(wait, "__wrapped__"):
        return

    @functools.wraps(wait)
    async def wait_or_give_back(self: Any, lock_key: bytes, lock_id: bytes) -> None:
        try:
            await wait(self, lock_key, lock_id)
        except asyncio.CancelledError:
            await asyncio.shield(_give_back(self, lock_key, lock_id))
            raise

    manager._wait_lock = wait_or_give_back


async def _give_back(manager: Any, lock_key: bytes, lock_id: bytes) -> None:
    # Nobody else ever sets a key to this id, so nothing can come between the two.
    if await manager.redis.get(lock_key) == lock_id:
        await manager.redis.delete(lock_key)
        manager._notify_next_waiter(lock_key)
