"""A tab without a browser: real events through Reflex's real queue, and everything that it was sent."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import urlencode

from reflex.app import App
from reflex.istate.manager.memory import StateManagerMemory
from reflex.istate.manager.token import BaseStateToken
from reflex.state import BaseState, StateUpdate
from reflex_base.event import Event, EventHandler
from reflex_base.event.processor import BaseStateEventProcessor
from reflex_base.utils.format import format_event_handler

PATIENCE = 10.0

S = TypeVar("S", bound=BaseState)


class _Wire:
    """Stands where the websocket is: hands each update to its tab."""

    def __init__(self) -> None:
        self.tabs: dict[str, Tab] = {}

    async def emit_update(self, update: StateUpdate, token: str) -> None:
        self.tabs[token].receive(update)


class Tabs:
    """A server's worth of tabs, behind the application's own middleware."""

    def __init__(self, app: App) -> None:
        self.manager = StateManagerMemory()
        self.wire = _Wire()
        self.processor = BaseStateEventProcessor(middleware=app)
        self.processor.configure(state_manager=self.manager, event_namespace=self.wire)  # pyright: ignore[reportArgumentType]

    def open(self, cookie: str = "") -> "Tab":
        """Open a tab whose websocket came with this session cookie."""
        return Tab(self, cookie)


class Tab:
    """One tab: sends events as its page would, and remembers what came back."""

    def __init__(self, tabs: Tabs, cookie: str) -> None:
        self.token = str(uuid.uuid4())
        self.cookie = cookie
        self.path = "/somewhere"
        self.route: dict[str, str] = {}
        self.vars: dict[str, Any] = {}
        self.events: list[Event] = []
        self._tabs = tabs
        self._news = asyncio.Event()
        tabs.wire.tabs[self.token] = self

    async def send(self, handler: EventHandler | Any, /, **payload: Any) -> None:
        """Send an event and wait until it and all that it led to are done."""
        await self.send_payload(handler, payload)

    async def send_payload(self, handler: EventHandler | Any, payload: dict[str, Any]) -> None:
        """Send an event with arguments of any name."""
        future = await self.start(handler, payload)
        async with asyncio.timeout(PATIENCE):
            await future.wait_all()

    async def start(self, handler: EventHandler | Any, payload: dict[str, Any]) -> Any:
        """Send an event without waiting for its end."""
        headers = {"cookie": f"session={self.cookie}" if self.cookie else ""}
        event = Event(
            name=format_event_handler(handler),
            payload=payload,
            router_data={
                "headers": headers,
                "sid": f"socket of {self.token}",
                "token": self.token,
                "ip": "203.0.113.7",
                "pathname": self.path,
                "asPath": f"{self.path}?{urlencode(self.route)}",
                "query": dict(self.route),
            },
        )
        return await self._tabs.processor.enqueue(self.token, event)

    def receive(self, update: StateUpdate) -> None:
        """Take over what the server sent (for the wire)."""
        for state, changes in (update.delta or {}).items():
            for name, value in changes.items():
                self.vars[f"{state.rpartition('.')[2]}.{name}"] = value
        self.events += update.events or []
        self._news.set()

    async def until(self, condition: Any) -> None:
        """Wait until what was received makes the condition true."""
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def state(self, cls: type[S]) -> S:
        """Give the state of this tab, to look at."""
        root = await self._tabs.manager.get_state(BaseStateToken(ident=self.token, cls=cls))
        return await root.get_state(cls)

    @property
    def redirects(self) -> list[str]:
        """Where the page was led."""
        return [
            str(event.payload.get("path")) for event in self.events if event.name == "_redirect"
        ]


@asynccontextmanager
async def running(app: App) -> AsyncIterator[Tabs]:
    """Process the events of any tabs for as long as the block lasts."""
    tabs = Tabs(app)
    async with tabs.processor:
        yield tabs
