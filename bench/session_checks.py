"""What it costs to know whose an event is: measured in a process of its own, without a network.

    echo TOKEN | python -m bench.session_checks

with the product's settings in the environment. Writes the figures, in seconds, as one line of JSON.
"""

import asyncio
import importlib
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import reflex as rx
from reflex.state import State
from reflex_base.event import Event
from reflex_base.utils.format import format_event_handler

from chatbot_app.schemas import Viewer
from chatbot_app.state import gate
from tests.state.tab import Tab, running

EVENTS = 250  # fewer than a person may send at once
LOOKS = 2_000
FRESH_LOOKS = 200


class Checked(rx.State):
    """Does nothing, behind the gate and without it."""

    @gate.handler
    async def nothing(self, viewer: Viewer) -> None:
        pass

    @rx.event
    async def bare(self) -> None:
        pass


async def _each(times: int, what: Callable[[], Awaitable[object]]) -> list[float]:
    await what()
    took = list[float]()
    for _ in range(times):
        began = time.perf_counter()
        await what()
        took.append(time.perf_counter() - began)
    return took


async def _measure(token: str) -> dict[str, float]:
    app: Any = importlib.import_module("chatbot_app.chatbot_app").app
    lock = gate.OwnerLock()
    event = Event(name=format_event_handler(Checked.nothing))
    async with running(app) as tabs:
        tab = tabs.open(token)
        await tab.send(Checked.nothing)
        root: Any = (await tab.state(Checked))._get_root_state()
        assert isinstance(root, State)

        async def remembered() -> None:
            await lock.preprocess(app, root, event)
            await gate.resolve(token)

        async def fresh() -> None:
            await gate.resolve(token, is_fresh=True)

        found = {
            "remembered": statistics.median(await _each(LOOKS, remembered)),
            "fresh": statistics.median(await _each(FRESH_LOOKS, fresh)),
            "checked": await _event(tab, Checked.nothing),
        }
        app._middlewares[:] = [
            one for one in app._middlewares if not isinstance(one, gate.OwnerLock)
        ]
        return found | {"bare": await _event(tab, Checked.bare)}


async def _event(tab: Tab, handler: Any) -> float:
    return statistics.median(await _each(EVENTS, lambda: tab.send(handler)))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(sys.stdin.read().strip()))))
