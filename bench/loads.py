"""Scenarios of starting, of standing idle, and of pages that load."""

import statistics
import time
from pathlib import Path
from typing import Any

from bench.chromium import Page
from bench.crowds import Crowd
from bench.pages import EMPTY_CHAT
from bench.processes import Server
from bench.stage import HISTORIES, Stage, step
from bench.table import Row

READY = Path(__file__).with_name("ready.js").read_text()
OPENED = Path(__file__).with_name("opened.js").read_text()

FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"

STARTS = 5
LOADS = 5
OPENINGS = 5
TABS = 20
REST_SECONDS = 3.0


def starts(stage: Stage) -> list[Row]:
    """Start what is built and has a database, some times."""
    step(f"starting, {STARTS} times each")

    def again(server: Server) -> list[float]:
        seconds = list[float]()
        for _ in range(STARTS):
            server.stop()
            seconds.append(server.start())
        return seconds

    return [
        Row(
            "Start of a built checkout to the first byte",
            "s",
            1.5,
            again(stage.product),
            again(stage.bare),
            "start of the process to the first 200 of /, asked every 2 ms",
        )
    ]


def memory(stage: Stage) -> list[Row]:
    """What the processes hold when nobody does anything, and what a signed-in tab adds."""
    step("memory")
    for open_page in (lambda: stage.open_chat(stage.people[0]), stage.open_bare):
        with open_page():
            pass
    time.sleep(REST_SECONDS)
    idle = stage.product.memory()
    with Crowd(stage.product.url, stage.people[:5]):  # the first ones bring what all share
        time.sleep(REST_SECONDS)
        few = stage.product.memory()
        with Crowd(stage.product.url, stage.people[5 : 5 + TABS]):
            time.sleep(REST_SECONDS)
            many = stage.product.memory()
    count = len(stage.product.processes())
    return [
        Row(
            "Memory, idle",
            "MB",
            130,
            [idle],
            [stage.bare.memory()],
            f"PSS of all its processes ({count}), {REST_SECONDS:g} s after a new chat was opened"
            " and closed",
        ),
        Row(
            "Memory of another signed-in tab",
            "MB",
            1,
            [(many - few) / TABS],
            how=f"what {TABS} tabs add to 5, each of another person at a short chat",
        ),
    ]


def page(stage: Stage) -> list[Row]:
    """Load the page of a new chat with an empty cache."""
    step(f"the page of a new chat, {LOADS} times each")
    person = stage.people[0]
    url = stage.chat_url(person)
    product = [_load(stage, url, person["session"]) for _ in range(LOADS)]
    bare = [_load(stage, stage.bare.url) for _ in range(LOADS)]
    sendable = statistics.median(ready["open"] for ready in product)
    painted = statistics.median(ready["painted"] for ready in product)
    weight, requests, lines = _weigh(stage, url, person["session"])
    bare_weight, _, _ = _weigh(stage, stage.bare.url)
    return [
        Row(
            "New chat, cold cache: transferred",
            "kB",
            420,
            [weight],
            [bare_weight],
            f"encodedDataLength of {requests} requests, as served, with headers, until the page"
            f" rests; {lines:.0f} kB on the websocket besides",
        ),
        Row(
            "New chat, cold cache: ready to type",
            "s",
            0.5,
            [ready["ready"] for ready in product],
            [ready["ready"] for ready in bare],
            "start of the navigation to a composer that is hydrated and enabled; first paint at"
            f" {painted:.2f} s, and the chat known, so that it can be sent, at {sendable:.2f} s",
        ),
    ]


def opening(stage: Stage) -> list[Row]:
    """Go from a new chat to the longest one by its link in the rail."""
    longest = max(HISTORIES)
    step(f"opening a chat of {longest:,} messages, {OPENINGS} times")
    return [
        Row(
            f"A chat of {longest:,} messages opens",
            "s",
            0.4,
            [_open(stage, longest) for _ in range(OPENINGS)],
            how="click on it in the rail to its last message painted in view, coming from a new chat",
        )
    ]


def session_checks(stage: Stage) -> list[Row]:
    """Know whose an event is, as every event has to."""
    step("session checks")
    found = stage.product.checked(stage.people[0]["session"])
    return [
        Row(
            "Session check of an event, remembered",
            "ms",
            0.001,
            [found["remembered"]],
            how="the owner's lock and the gate's look; the database is asked once a second",
        ),
        Row(
            "Session check of an event, asking the database",
            "ms",
            None,
            [found["fresh"]],
            how="one query, in a thread of the database's",
        ),
        Row(
            "An event that does nothing, to one without any check",
            "×",
            None,
            [found["checked"] / found["bare"]],
            how=f"through Reflex's queue, without a network: {found['checked'] * 1000:.2f} ms and"
            f" {found['bare'] * 1000:.2f} ms",
        ),
    ]


def _load(stage: Stage, url: str, session: str = "") -> dict[str, float]:
    with stage.chromium.page(url, session) as page:
        page.first_run(READY)
        page.goto(url)
        page.wait("window.benchReady?.open")
        page.rest()
        ready: dict[str, float] = page.evaluate("window.benchReady")
        ready["painted"] = page.evaluate(FIRST_PAINT)
        return {name: moment / 1000 for name, moment in ready.items()}


def _weigh(stage: Stage, url: str, session: str = "") -> tuple[float, int, float]:
    """Kilobytes that came over HTTP, in how many requests, and kilobytes on websockets."""
    sizes, lines = list[float](), list[int]()

    def heard(event: dict[str, Any]) -> None:
        if event.get("method") == "Network.loadingFinished":
            sizes.append(event["params"]["encodedDataLength"])
        if event.get("method") == "Network.webSocketFrameReceived":
            lines.append(len(event["params"]["response"]["payloadData"]))

    with stage.chromium.page(url, session) as page:
        page.listen(heard)
        page.send("Network.enable")
        page.goto(url)
        page.wait(EMPTY_CHAT)
        page.rest(2)
        page.metrics()  # hears what is waiting
    return sum(sizes) / 1000, len(sizes), sum(lines) / 1000


def _open(stage: Stage, length: int) -> float:
    with stage.open_chat(stage.people[0]) as page:
        path = f"/chat/{stage.people[0]['chats'][str(length)]}"
        page.evaluate(OPENED.replace("PATH", path))
        _click(page, f"""document.querySelector('#rail a[href$="{path}"]')""")
        return page.evaluate("window.benchOpened") / 1000


def _click(page: Page, element: str) -> None:
    box = page.evaluate(
        f"(({element}).scrollIntoView(), ({element}).getBoundingClientRect().toJSON())"
    )
    spot = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    for kind in ("mousePressed", "mouseReleased"):
        page.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **spot)
