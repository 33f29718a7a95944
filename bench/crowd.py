"""Many people at once without browsers, in a process of its own: `python -m bench.crowd`.

Reads from its input who they are and what they want (`Errand`, as JSON on one line), connects
everybody, says so in a line, waits for a line, has everybody ask, and writes when each one's answer
had ended (`time.monotonic()`) and what was wrong with it. With nothing to ask, it just holds its
connections until that line comes.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench.lines import Line
from bench.wanted import Wanted

SPREAD_SECONDS = 2.0
"""Within which all begin: all at one moment would be a burst of writes, and of ends."""

AT_A_TIME = 8
"""How many connect at once."""

PATIENCE_SECONDS = 60.0
"""After the answer should have ended, until it is lost."""


@dataclass(frozen=True)
class Errand:
    """Who goes where: people with a session and a chat for the product, none for the bare page."""

    url: str
    people: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    tokens: int = 0
    rate: int = 0
    seeds: list[int] = field(default_factory=list[int])

    def wanted(self, number: int) -> Wanted:
        """What this one asks for."""
        return Wanted(self.tokens, self.rate, self.seeds[number])

    @property
    def patience(self) -> float:
        """Seconds until an answer is lost."""
        return PATIENCE_SECONDS + (self.tokens / self.rate if self.rate else 0)


async def ask_product(line: Line, wanted: Wanted) -> dict[str, Any]:
    """Ask in the product, and wait for the message that is no longer being written."""
    await line.ask(wanted.question, str(wanted.seed))
    message = await line.ended()
    found = {"seed": wanted.seed, "ended": time.monotonic(), "id": message["id"], "fault": ""}
    text = "".join(message.get("blocks") or [])
    if message["status"] != "complete":
        found["fault"] = f"the answer ended as {message['status']}"
    elif text and text != wanted.text:
        found["fault"] = "the page was sent another text"
    elif not line.has_heard(wanted.text.split()[-1]):
        found["fault"] = "the page was not sent the last words"
    return found


async def ask_bare(url: str, wanted: Wanted) -> dict[str, Any]:
    """Ask the bare page's server, and read to the end."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection("127.0.0.1", address.port, limit=2**20)
    body = json.dumps({"question": wanted.question}).encode()
    head = f"POST /ask HTTP/1.1\r\nhost: {address.netloc}\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    pieces = list[str]()
    while True:
        line = await reader.readline()
        if not line:
            raise ConnectionError("the stream broke off")
        if line.startswith(b"data: "):
            words = json.loads(line[6:])
            if words is None:
                break
            pieces.append(words)
    ended = time.monotonic()
    writer.close()
    fault = "" if "".join(pieces) == wanted.text else "another text came"
    return {"seed": wanted.seed, "ended": ended, "id": "", "fault": fault}


async def one(errand: Errand, number: int, line: Line | None) -> dict[str, Any]:
    """Let one person ask; whose answer is lost says why."""
    wanted = errand.wanted(number)
    await asyncio.sleep(random.uniform(0, SPREAD_SECONDS))
    try:
        async with asyncio.timeout(errand.patience):
            if line is None:
                return await ask_bare(errand.url, wanted)
            return await ask_product(line, wanted)
    except (OSError, TimeoutError, ConnectionError) as error:
        reason = f"lost: {type(error).__name__} {error}".strip()
        return {"seed": wanted.seed, "ended": 0.0, "id": "", "fault": reason}


async def enter(url: str, person: dict[str, str], doors: asyncio.Semaphore) -> Line:
    """Open one person's chat, not all of them at a time."""
    async with doors:
        return await Line.open(url, **person)


async def run() -> None:
    """Connect, wait for the word, ask, tell."""
    errand = Errand(**json.loads(await asyncio.to_thread(sys.stdin.readline)))
    lines: list[Line | None] = [None] * len(errand.seeds)
    if errand.people:
        doors = asyncio.Semaphore(AT_A_TIME)
        lines = [*await asyncio.gather(*(enter(errand.url, p, doors) for p in errand.people))]
    for number in range(len(errand.seeds)):
        _ = errand.wanted(number).pieces  # made now, and not when it is compared
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    cpu = time.process_time()
    asking = (one(errand, number, lines[number]) for number in range(len(errand.seeds)))
    answers = await asyncio.gather(*asking)
    print(json.dumps({"answers": answers, "cpu": time.process_time() - cpu}), flush=True)
    for line in filter(None, lines):
        await line.close()


if __name__ == "__main__":
    asyncio.run(run())
