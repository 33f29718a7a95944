"""What a person gets, seen from a real headless Chromium over the DevTools protocol."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page

from bench.product import Product
from tests.fake_provider import Answer, FakeProvider, RecordedRequest

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
]

# Notes when the answer's text last changed and when it was no longer being written, each as soon as
# the page knows (DOM) and after the next frame (painted). Reads no text while the answer grows.
WATCH = """() => {
  const seen = window.bench = {first: null, changed: null, painted: null, ended: null,
    endPainted: null, status: null, batches: 0, longTasks: 0, longest: 0};
  const before = new Set([...document.querySelectorAll("article")].map((a) => a.dataset.messageId));
  const now = () => performance.now();
  const painted = (name) => requestAnimationFrame(() => setTimeout(() => { seen[name] = now(); }));
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
    seen.longTasks += 1;
    seen.longest = Math.max(seen.longest, entry.duration);
  })).observe({type: "longtask"});
  seen.done = new Promise((resolve) => {
    let quiet;
    const observer = new MutationObserver((changes) => {
      const article = [...document.querySelectorAll('article[data-role="assistant"]')].at(-1);
      if (!article || before.has(article.dataset.messageId)) return;
      const prose = article.querySelector(".prose");
      if (prose && changes.some((c) => c.type !== "attributes" && prose.contains(c.target)
          && (c.type === "characterData" || c.addedNodes.length || c.removedNodes.length))) {
        seen.changed = now();
        if (seen.first === null && prose.textContent) seen.first = seen.changed;
        seen.batches += 1;
        painted("painted");
      }
      if (seen.ended === null && article.dataset.status !== "generating") {
        seen.ended = now();
        painted("endPainted");
      }
      if (seen.ended === null) return;
      clearTimeout(quiet);
      quiet = setTimeout(() => {
        observer.disconnect();
        seen.status = article.dataset.status;
        seen.text = prose.textContent;
        resolve();
      }, 1000);
    });
    observer.observe(document, {subtree: true, childList: true, characterData: true,
      attributes: true, attributeFilter: ["data-status"]});
  });
}"""

SOURCE = """() => {
  let source = null;
  const copy = window.chatbot.copyMessage;
  window.chatbot.copyMessage = (id, text) => { source = text; };
  [...document.querySelectorAll('article[data-role="assistant"] [data-copy]')].at(-1).click();
  window.chatbot.copyMessage = copy;
  return source;
}"""

SHOWN = """() => [...document.querySelectorAll('article[data-role="assistant"] .prose')].at(-1).textContent"""


class TimedProvider(FakeProvider):
    """Notes when the first and the last piece of each answer was sent (`time.monotonic()`)."""

    def __init__(self) -> None:
        super().__init__()
        self.first_sent = 0.0
        self.last_sent = 0.0

    def record(self, request: RecordedRequest) -> Answer:
        """Note a request, and from then on its pieces."""
        count = request.piece_sent
        self.first_sent = 0.0

        def piece_sent(piece: str) -> None:
            self.last_sent = time.monotonic()
            self.first_sent = self.first_sent or self.last_sent
            count(piece)

        request.piece_sent = piece_sent
        return super().record(request)


@dataclass
class Weight:
    """What opening a page with an empty cache transfers, in bytes as they came, headers included."""

    transferred: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("JS", "CSS", "other"), 0)
    )
    requests: int = 0
    uncompressed: list[str] = field(default_factory=list[str])
    """Scripts and styles above 1 kB that came as they are."""
    repeated: list[str] = field(default_factory=list[str])
    websocket: int = 0
    """Payload bytes received on the websocket until the page came to rest (uncompressed)."""

    @property
    def total(self) -> int:
        """All of it but the websocket."""
        return sum(self.transferred.values())


def weigh(context: BrowserContext, url: str, ready: str) -> Weight:
    """Open a page with the cache off, wait for the selector and for rest, and count."""
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    weight, kinds, addresses = Weight(), dict[str, str](), Counter[str]()

    def responded(event: dict[str, Any]) -> None:
        response = event["response"]
        kind = {"Script": "JS", "Stylesheet": "CSS"}.get(event["type"], "other")
        if "javascript" in response["mimeType"]:
            kind = "JS"
        kinds[event["requestId"]] = kind
        headers = {name.lower(): value for name, value in response["headers"].items()}
        large = int(headers.get("content-length", 0)) > 1000
        if kind in {"JS", "CSS"} and large and "content-encoding" not in headers:
            weight.uncompressed.append(response["url"])

    def loaded(event: dict[str, Any]) -> None:
        weight.transferred[kinds.get(event["requestId"], "other")] += int(
            event["encodedDataLength"]
        )

    cdp.on("Network.requestWillBeSent", lambda e: addresses.update([e["request"]["url"]]))
    cdp.on("Network.responseReceived", responded)
    cdp.on("Network.loadingFinished", loaded)
    frames = count_frames(cdp)
    cdp.send("Network.enable")
    cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
    page.goto(url)
    page.wait_for_selector(ready)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1000)
    addresses = Counter({a: n for a, n in addresses.items() if a.startswith("http")})
    weight.requests = addresses.total()
    weight.repeated = [address for address, times in addresses.items() if times > 1]
    weight.websocket = sum(frames)
    page.close()
    return weight


def count_frames(cdp: CDPSession) -> list[int]:
    """Gather the payload sizes of websocket frames as they come, after decompression."""
    frames = list[int]()
    cdp.on(
        "Network.webSocketFrameReceived",
        lambda event: frames.append(len(event["response"]["payloadData"].encode())),
    )
    return frames


@dataclass
class Measured:
    """One answer. Times in seconds; lags count from the provider's last piece."""

    tokens: int
    answer_bytes: int
    provider_seconds: float
    first_lag: float
    text_lag: float
    complete_lag: float
    clock_error: float
    frames: int
    websocket_bytes: int
    wire_bytes: int | None
    task_seconds: float
    script_seconds: float
    layout_seconds: float
    style_seconds: float
    long_tasks: int
    longest_task: float
    updates: int
    server_cpu: float
    faults: list[str]
    """What was not as it has to be: the status, the text, the text after a reload."""

    @property
    def lag(self) -> float:
        """Until the whole text is painted and the answer is marked complete, whichever is later."""
        return max(self.text_lag, self.complete_lag)

    @property
    def per_byte(self) -> float:
        """Websocket payload for each byte of the answer."""
        return self.websocket_bytes / self.answer_bytes

    @property
    def wire_per_byte(self) -> float | None:
        """TCP payload for each byte of the answer."""
        return None if self.wire_bytes is None else self.wire_bytes / self.answer_bytes


def measure_answer(
    context: BrowserContext,
    product: Product,
    provider: TimedProvider,
    new_chat: str,
    answer: Answer,
) -> tuple[Measured, str]:
    """Ask in a new chat and watch the answer come; gives what was measured, and the chat's address."""
    page = context.new_page()
    cdp = context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.send("Performance.enable")
    page.goto(new_chat)
    page.wait_for_selector('.chat[data-empty="true"]')
    page.fill("textarea[data-composer]", "Tell me of the harbour.")
    page.wait_for_timeout(1000)  # let the page come to rest
    page.evaluate(WATCH)
    offset, clock_error = _page_clock(page)
    provider.enqueue(answer)
    frames = count_frames(cdp)
    before, cpu, wire = _metrics(cdp), product.cpu_seconds(), product.bytes_sent()
    page.press("textarea[data-composer]", "Enter")
    page.evaluate("() => window.bench.done")
    after, cpu_after, wire_after = _metrics(cdp), product.cpu_seconds(), product.bytes_sent()
    seen: dict[str, Any] = page.evaluate("() => window.bench")
    sent = list(frames)  # not what the reload below brings
    faults = _faults(page, seen, answer.full_text)
    address = page.url
    page.close()

    def lag(name: str, since: float) -> float:
        return seen[name] / 1000 + offset - since

    return Measured(
        tokens=len(answer.all_pieces),
        answer_bytes=len(answer.full_text.encode()),
        provider_seconds=provider.last_sent - provider.first_sent,
        first_lag=lag("first", provider.first_sent),
        text_lag=lag("painted", provider.last_sent),
        complete_lag=lag("endPainted", provider.last_sent),
        clock_error=clock_error,
        frames=len(sent),
        websocket_bytes=sum(sent),
        wire_bytes=_more(wire, wire_after),
        task_seconds=after["TaskDuration"] - before["TaskDuration"],
        script_seconds=after["ScriptDuration"] - before["ScriptDuration"],
        layout_seconds=after["LayoutDuration"] - before["LayoutDuration"],
        style_seconds=after["RecalcStyleDuration"] - before["RecalcStyleDuration"],
        long_tasks=seen["longTasks"],
        longest_task=seen["longest"] / 1000,
        updates=seen["batches"],
        server_cpu=cpu_after - cpu,
        faults=faults,
    ), address


def _faults(page: Page, seen: dict[str, Any], text: str) -> list[str]:
    faults = list[str]()
    if seen["status"] != "complete":
        faults.append(f"the answer ended as {seen['status']}")
    if page.evaluate(SOURCE) != text:
        faults.append("the markdown in the page is not what the provider sent")
    page.reload()
    page.wait_for_selector('article[data-role="assistant"][data-status="complete"] .prose > *')
    page.wait_for_timeout(1000)
    if page.evaluate(SHOWN) != seen["text"]:
        faults.append("the text on the page is not the one that a reload shows")
    return faults


def _page_clock(page: Page) -> tuple[float, float]:
    """Seconds to add to the page's clock to get `time.monotonic()`, and how wrong that may be."""
    samples = list[tuple[float, float]]()
    for _ in range(50):
        before = time.monotonic()
        page_time = page.evaluate("() => performance.now()") / 1000
        after = time.monotonic()
        samples.append(((after - before) / 2, (before + after) / 2 - page_time))
    error, offset = min(samples)
    return offset, error


def _metrics(cdp: CDPSession) -> dict[str, float]:
    metrics = cdp.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in metrics}


def _more(before: dict[str, int] | None, after: dict[str, int] | None) -> int | None:
    if before is None or after is None:
        return None
    return sum(count - before.get(connection, 0) for connection, count in after.items())
