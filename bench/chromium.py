"""A headless Chromium over the DevTools protocol, with nothing in between.

A driver that listens to every domain has the page report each of its websocket's frames, on the
main thread that is measured here: this one turns on what a measurement needs, and nothing else.
"""

import itertools
import json
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import websocket

EXECUTABLE = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    # Its address bar's menus are pages of their own, which nobody sees here.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
    # Of ten pages at once, nine are in the background.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--remote-debugging-port=0",
    "about:blank",
]
PATIENCE = 60.0
"""Seconds for anything that is waited for, unless said otherwise."""


class Chromium:
    """The browser, for the length of a `with` block."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._listeners: dict[str, list[Callable[[dict[str, Any]], None]]] = defaultdict(list)

    def __enter__(self) -> Self:
        self._profile = tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
        self._process = subprocess.Popen(
            [EXECUTABLE, f"--user-data-dir={self._profile.name}", *FLAGS],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        told = Path(self._profile.name, "DevToolsActivePort")
        until = time.monotonic() + PATIENCE
        while not (told.exists() and told.read_text().count("\n")):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("Chromium did not start")
            time.sleep(0.05)
        port, path = told.read_text().split("\n")[:2]
        self._socket = websocket.create_connection(
            f"ws://127.0.0.1:{port}{path}", suppress_origin=True, skip_utf8_validation=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(websocket.WebSocketException, OSError, RuntimeError):
            self.send("Browser.close", {})
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._profile.cleanup()

    def send(
        self, method: str, parameters: dict[str, Any], session: str = "", seconds: float = PATIENCE
    ) -> dict[str, Any]:
        """Say something and give the answer; events that come meanwhile go to who listens."""
        number = self.post(method, parameters, session)
        return self.answer(number, seconds)

    def post(self, method: str, parameters: dict[str, Any], session: str = "") -> int:
        """Say something and go on; gives the number to ask for the `answer` with."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        return number

    def answer(self, number: int, seconds: float = PATIENCE) -> dict[str, Any]:
        """Wait for the answer to what was posted.

        Raises: RuntimeError when Chromium refuses it, or nothing came in time.
        """
        until = time.monotonic() + seconds
        while number not in self._answers:
            self._socket.settimeout(max(0.001, until - time.monotonic()))
            try:
                message = json.loads(self._socket.recv())
            except websocket.WebSocketTimeoutException:
                raise RuntimeError(f"nothing came within {seconds:g} s") from None
            if "id" in message:
                self._answers[message["id"]] = message
            for listener in self._listeners.get(message.get("sessionId", ""), ()):
                listener(message)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"Chromium refused: {answer['error']}")
        return answer["result"]

    def listen(self, session: str, listener: Callable[[dict[str, Any]], None]) -> None:
        """Hear of every event of a page from now on."""
        self._listeners[session].append(listener)

    def page(self, url: str = "", session_cookie: str = "") -> "Page":
        """Open a page in a profile of its own, with an empty cache, as the person of this cookie."""
        context = self.send("Target.createBrowserContext", {"disposeOnDetach": True})
        context_id: str = context["browserContextId"]
        if session_cookie:
            cookie = {"name": "session", "value": session_cookie, "url": url, "httpOnly": True}
            cookies = {"cookies": [cookie], "browserContextId": context_id}
            self.send("Storage.setCookies", cookies)
        made = {"url": "about:blank", "browserContextId": context_id, "width": 1280, "height": 900}
        target = self.send("Target.createTarget", made)["targetId"]
        attached = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})
        return Page(self, context_id, attached["sessionId"])


class Page:
    """One page of its own context."""

    def __init__(self, browser: Chromium, context: str, session: str) -> None:
        self.browser = browser
        self.session = session
        self._context = context
        self.send("Performance.enable")
        self.send("Emulation.setFocusEmulationEnabled", enabled=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.send("Target.disposeBrowserContext", {"browserContextId": self._context})

    def send(self, method: str, /, **parameters: Any) -> dict[str, Any]:
        """Say something to this page alone."""
        return self.browser.send(method, parameters, self.session)

    def first_run(self, script: str) -> None:
        """Run a script before any other of each document from now on."""
        self.send("Page.enable")
        self.send("Page.addScriptToEvaluateOnNewDocument", source=script)

    def listen(self, listener: Callable[[dict[str, Any]], None]) -> None:
        """Hear of this page's events from now on, whenever its browser is spoken to."""
        self.browser.listen(self.session, listener)

    def goto(self, url: str) -> None:
        """Go to an address, and wait for nothing."""
        self.send("Page.navigate", url=url)

    def reload(self) -> None:
        """Load the page again, and wait until its former self is gone."""
        self.evaluate("window.isFormer = true")
        self.send("Page.reload")
        self.wait("!window.isFormer")

    def rest(self, seconds: float = 1.0) -> None:
        """Let the page come to rest."""
        time.sleep(seconds)

    def evaluate(self, script: str, seconds: float = PATIENCE) -> Any:
        """Give the value of an expression; of a promise, what it comes to."""
        return self.value(self.begin(script), seconds)

    def begin(self, script: str) -> int:
        """Begin to evaluate an expression; `value` waits for it."""
        asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
        return self.browser.post("Runtime.evaluate", asked, self.session)

    def value(self, number: int, seconds: float = PATIENCE) -> Any:
        """Give the value of what was begun."""
        answer = self.browser.answer(number, seconds)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"the page failed: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def wait(self, condition: str, seconds: float = PATIENCE) -> None:
        """Look until an expression is true."""
        until = time.monotonic() + seconds
        while True:
            with suppress(RuntimeError):  # it may just be leaving for another page
                if self.evaluate(f"Boolean({condition})"):
                    return
            if time.monotonic() > until:
                raise RuntimeError(f"waited {seconds:g} s in vain for {condition}")
            time.sleep(0.02)

    def write(self, text: str) -> None:
        """Write into the composer."""
        self.evaluate('document.querySelector("textarea[data-composer]").focus()')
        self.send("Input.insertText", text=text)

    def press_enter(self) -> None:
        """Press Enter, and wait for nothing."""
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
        for kind in ({"type": "keyDown", "text": "\r"}, {"type": "keyUp"}):
            self.browser.post("Input.dispatchKeyEvent", key | kind, self.session)

    def metrics(self) -> dict[str, float]:
        """Chromium's own counters of this page, in seconds."""
        metrics = self.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics}
