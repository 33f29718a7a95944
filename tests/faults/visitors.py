"""People at the product's door without a browser: they sign up, open pages, ask, and look.

A `Visitor` speaks the same websocket as a page and does what a page does when it loads; what it
shows is read from the state that the server sent it, by the rules of the page's components.
"""

import json
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from playwright.sync_api import Page

from chatbot_app.state.block_groups import GROUP_VARS, TAIL_VARS
from tests.fake_provider import FakeProvider
from tests.served import PATIENCE, Served
from tests.waiting import wait_until
from tests.wire import Tab

PASSWORD = "a horse reads the paper"
REST_SECONDS = 30
CHAT_PAGE = "/projects/[project_id]/chat/[[chat_id]]"


@dataclass(frozen=True)
class Account:
    """Somebody who has signed in, and the project that everybody begins with."""

    session: str
    project_id: str


def sign_up(served: Served, name: str = "Alice") -> Account:
    """Register as the form does."""
    email = f"{name.lower()}-{uuid.uuid4().hex[:10]}@example.org"
    body = {"name": name, "email": email, "password": PASSWORD}
    response = served.request("/api/auth/register", method="POST", body=body)
    assert response.status == 201, response.text
    project_id = json.loads(response.text)["next"].split("/")[2]
    return Account(response.session, project_id)


class Visitor:
    """One tab at a chat: the new chat of one's project, or the chat with this id."""

    def __init__(
        self, served: Served, account: Account, chat_id: str = "", *, port: int = 0
    ) -> None:
        self.served = served
        self.account = account
        self.chat_id = chat_id
        self.tab = Tab(served, account.session, port=port)
        self.load()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.tab.close()

    def load(self) -> None:
        """Do what the page does when it is loaded, or led to another address."""
        route = {"project_id": self.account.project_id}
        if self.chat_id:
            route["chat_id"] = self.chat_id
        self.tab.at(CHAT_PAGE, **route)
        self.tab.send("conversation.open")
        self.tab.emit("live_answer.follow")

    def ask(self, question: str, key: str = "", *, seconds: float = PATIENCE) -> str:
        """Send a message, wait until it is taken, and give the answer's id."""
        before = self.tab.vars.get("conversation.accepted", 0)
        self.say(question, key)
        self.until(lambda: self.tab.vars["conversation.accepted"] > before, seconds)
        if not self.chat_id:
            self.chat_id = self.tab.vars["conversation.open_chat_id"]
            self.load()
        return self.answer["id"]

    def say(self, question: str, key: str = "") -> None:
        """Send a message, and wait for nothing."""
        self.tab.emit("conversation.send_message", form={"message": question, "key": key})

    def retry(self) -> str:
        """Click Retry at the last answer; gives the new one's id."""
        former = self.answer["id"]
        self.tab.send("conversation.retry", message_id=former, model="")
        assert self.answer["id"] != former, self.notice
        return self.answer["id"]

    def resume(self) -> None:
        """Click Continue at the last answer."""
        self.tab.send("conversation.resume", message_id=self.answer["id"])
        assert self.status in ("generating", "complete"), self.notice

    def stop(self) -> None:
        """Click Stop, and wait until it has stopped."""
        self.tab.emit("conversation.stop")
        self.wait_status("stopped")

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages on the page, oldest first."""
        shown = self.tab.vars
        return [*shown.get("conversation.earlier", []), *shown.get("conversation.recent", [])]

    @property
    def answer(self) -> dict[str, Any]:
        """The last message, which is an answer."""
        return self.messages[-1]

    @property
    def status(self) -> str:
        """How the last answer stands."""
        return self.answer["status"]

    @property
    def text(self) -> str:
        """The last answer as the page shows it, and as its Copy button gives it."""
        live = self.tab.vars
        if live.get("live_answer.message_id") != self.answer["id"]:
            return "".join(self.answer["blocks"])
        blocks = [block for name in GROUP_VARS for block in live.get(f"live_answer.{name}", [])]
        return "".join(blocks + [live.get(f"live_answer.{name}", "") for name in TAIL_VARS])

    @property
    def notice(self) -> str:
        """What the page has to tell beside the conversation."""
        return self.tab.vars.get("session.notice", "") or self.tab.vars["conversation.hint"]

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Read what the server sends until the page is as it should be."""
        if not condition():
            self.tab.until(lambda _update: condition(), seconds)

    def wait_status(self, status: str, seconds: float = PATIENCE) -> None:
        """Wait until the last answer on the page stands so."""
        self.until(lambda: self.status == status, seconds)

    def wait_text(self, seconds: float = PATIENCE) -> None:
        """Wait until the page shows some of the last answer."""
        self.until(lambda: self.text != "", seconds)


def counted(tab: Visitor) -> tuple[int, int]:
    """How many messages this page was told were taken, and were not."""
    taken, refused = (tab.tab.vars.get(f"conversation.{n}", 0) for n in ("accepted", "refused"))
    return taken, refused


def wait_stored(served: Served, message_id: str, status: str, seconds: float = PATIENCE) -> str:
    """Wait until an answer stands so in the database; gives its text."""
    wait_until(
        lambda: served.message(message_id)[0] == status,
        f"the answer to be {status} in the database",
        seconds,
    )
    return served.message(message_id)[1]


def leave_at_rest(served: Served) -> None:
    """Wait until no answer is being written, so that the next test finds nobody else at work.

    What a test leaves behind when it fails ends with the server, which is started again.
    """

    def is_at_rest() -> bool:
        return served.query("SELECT count(*) FROM answer_run") == [(0,)]

    if served.is_running:
        with suppress(AssertionError):
            wait_until(is_at_rest, "the answers of this test to end", REST_SECONDS)
            return
    served.kill()
    served.start()
    wait_until(is_at_rest, "the answers that were left to be interrupted", REST_SECONDS)


def assert_whole(visitor: Visitor, provider: FakeProvider, index: int = -1) -> None:
    """The page, the database and the provider agree on the last answer, to the byte."""
    sent = provider.requests[index].text_sent
    assert visitor.status == "complete"
    assert visitor.text == sent
    assert visitor.served.message(visitor.answer["id"]) == ("complete", sent)


def assert_nothing_odd(served: Served) -> None:
    """No answer without its run and no run without its answer, no question without an answer, no
    text left in the journal, no two answers being written in one chat.
    """
    generating = served.query("SELECT count(*) FROM message WHERE status = 'generating'")
    runs = served.query("SELECT count(*) FROM answer_run")
    assert generating == runs, "an answer is generating and nobody writes it, or the reverse"
    stray = served.query(
        "SELECT count(*) FROM message_chunk c LEFT JOIN answer_run r"
        " ON r.message_id = c.message_id WHERE r.message_id IS NULL"
    )
    assert stray == [(0,)], "the journal holds text that belongs to no run"
    unanswered = served.query(
        "SELECT count(*) FROM message q LEFT JOIN message a ON a.parent_id = q.id"
        " WHERE q.role = 'user' AND a.id IS NULL"
    )
    assert unanswered == [(0,)], "a question has no answer"


def stored_in_project(served: Served, page: Page) -> int:
    """How many messages are stored in the project that this page stands in."""
    project = page.url.partition("/projects/")[2].partition("/")[0]
    [(count,)] = served.query(
        "SELECT count(*) FROM message m JOIN chat c ON c.id = m.chat_id"
        " WHERE c.project_id = :project",
        project=uuid.UUID(project),
    )
    return int(count)


def seconds_since(moment: float) -> float:
    """How long ago a moment of `time.monotonic()` was."""
    return time.monotonic() - moment
