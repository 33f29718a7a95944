"""A task that is cancelled while it takes a tab's lock leaves the tab usable."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis
from reflex.istate.manager.redis import StateManagerRedis
from reflex.istate.manager.token import BaseStateToken

from chatbot_app import tab_locks
from chatbot_app.state.session import Session
from tests.redis_server import RedisServer

TOKEN = BaseStateToken(ident="a-tab", cls=Session)


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
async def manager(redis_server: RedisServer) -> AsyncIterator[StateManagerRedis]:
    tab_locks.release_when_cancelled()
    async with Redis.from_url(redis_server.url) as redis:
        await redis.flushall()
        made = StateManagerRedis(redis=redis)
        yield made
        await made.close()


async def lock(manager: StateManagerRedis) -> None:
    async with manager._lock(TOKEN):
        await asyncio.sleep(0)


async def test_cancelled_between_the_lock_and_hearing_of_it(
    manager: StateManagerRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = asyncio.Event()
    try_get = StateManagerRedis._try_get_lock

    async def slow_to_hear(self: Any, lock_key: bytes, lock_id: bytes) -> Any:
        got = await try_get(self, lock_key, lock_id)
        taken.set()
        await asyncio.sleep(0.2)
        return got

    monkeypatch.setattr(StateManagerRedis, "_try_get_lock", slow_to_hear)
    task = asyncio.create_task(lock(manager))
    await taken.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    monkeypatch.setattr(StateManagerRedis, "_try_get_lock", try_get)
    await asyncio.wait_for(lock(manager), 10)


async def test_cancelled_at_any_moment_among_many(manager: StateManagerRedis) -> None:
    for number in range(200):
        task = asyncio.create_task(lock(manager))
        for _ in range(number % 20):
            await asyncio.sleep(0)
        await asyncio.sleep(0.0005 * (number % 7) / 7)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.wait_for(lock(manager), 10)


async def test_a_lock_of_somebody_else_is_left_alone(manager: StateManagerRedis) -> None:
    async with manager._lock(TOKEN):
        waiting = asyncio.create_task(lock(manager))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert await manager.redis.get(manager._lock_key(TOKEN)) is not None
