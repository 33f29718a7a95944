"""Where the product shows what somebody wrote. Each place puts hostile text there and has it shown.

A new place is a function here: `@place("the title of a shared chat")`, which takes the stage and ends
when the text is seen. Whether it stayed text is asked after each by `test_hostile`, and in between
with `stage.expect_only_text(…)`. They are visited in the order in which they stand, by one page.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.e2e import hostile
from tests.e2e.steps import (
    PASSWORD,
    account,
    answer,
    button,
    chat_links,
    expect_chat_ready,
    expect_status,
    messages,
    send,
)
from tests.e2e.test_prose import prose
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.served import Served
from tests.wire import Tab

NAME = hostile.LINES[1]


@dataclass(frozen=True)
class Stage:
    """One page of somebody with hostile manners, and a second tab of theirs without a browser."""

    app: Served
    provider: FakeProvider
    page: Page
    tab: Tab
    project: str
    expect_only_text: Callable[[str], None]

    @property
    def chat(self) -> str:
        """The chat that the page shows."""
        return self.page.url.split("/chat/")[1]

    def in_chat(self) -> Tab:
        """The second tab, at the chat that the page shows."""
        path = f"/projects/{self.project}/chat/{self.chat}"
        tab = self.tab.at(path, project_id=self.project, chat_id=self.chat)
        tab.send("conversation.open")
        return tab


Show = Callable[[Stage], None]
PLACES: dict[str, Show] = {}


def place(name: str) -> Callable[[Show], Show]:
    """Have this place visited."""

    def added(show: Show) -> Show:
        PLACES[name] = show
        return show

    return added


@contextmanager
def settle_in(app: Served, provider: FakeProvider, page: Page) -> Iterator[tuple[Tab, str]]:
    """Register under a hostile name, and give the first project hostile words everywhere."""
    form = {"name": NAME, "email": account("Mallory").email, "password": PASSWORD}
    answered = page.request.post("/api/auth/register", data=form)
    assert answered.ok, answered.text()
    project: str = answered.json()["next"].split("/")[2]
    [cookie] = [c["value"] for c in page.context.cookies() if c["name"] == "session"]
    with Tab(app, cookie).at(f"/projects/{project}", project_id=project) as tab:
        tab.send("project_settings.load")
        words = {"name": NAME, "description": hostile.TEXT, "system_prompt": hostile.TEXT}
        starters = "\n".join(hostile.RAW_HTML[:6])
        form = {**words, "model": "", "temperature": "", "starters": starters}
        tab.send("project_settings.save", form=form)
        assert tab.state()["project_settings.saved"] == 1
        yield tab, project


@place("the names of a person and a project, in an empty chat")
def _names(stage: Stage) -> None:
    stage.page.goto(f"/projects/{stage.project}/chat")
    expect_chat_ready(stage.page)
    expect(button(stage.page, "Account menu")).to_contain_text(NAME)
    expect(button(stage.page, hostile.RAW_HTML[0])).to_be_visible()


@place("what is searched among the models, and the one that was chosen")
def _models(stage: Stage) -> None:
    button(stage.page, "Model: fake-model").click()
    stage.page.get_by_role("combobox", name="Search models", exact=True).fill(hostile.RAW_HTML[0])
    expect(stage.page.get_by_role("option")).to_contain_text(hostile.RAW_HTML[0])
    stage.expect_only_text("a model that nobody has")
    stage.page.keyboard.press("Enter")
    expect(button(stage.page, f"Model: {hostile.RAW_HTML[0]}")).to_be_visible()


@place("a question and its answer, in the middle and at its end")
def _talk(stage: Stage) -> None:
    page, size = stage.page, 7
    pieces = [hostile.TEXT[i : i + size] for i in range(0, len(hostile.TEXT), size)]
    l10 = hostile.TEXT.index("l10") // size
    gate = Gate(after=l10 + 2)
    stage.provider.enqueue(Answer(pieces=tuple(pieces), tokens_per_second=1000, gate=gate))
    send(page, hostile.TEXT)
    gate.wait_reached()
    expect(prose(page)).to_contain_text("l10")
    stage.expect_only_text("an answer that is being written")
    gate.open()
    expect_status(page, "complete")
    expect(prose(page)).to_contain_text(hostile.END)
    expect(messages(page, "user")).to_contain_text(hostile.END)
    expect(prose(page).locator(".katex").first).to_be_attached()
    for line in hostile.RAW_HTML[:3]:
        expect(prose(page)).to_contain_text(line)


@place("the diagrams of an answer")
def _diagrams(stage: Stage) -> None:
    cards = prose(stage.page).locator(".diagram")
    expect(cards).to_have_count(len(hostile.DIAGRAMS))
    for card in cards.all():
        card.scroll_into_view_if_needed()
        expect(card.locator("img, .diagram-note").first).to_be_visible()
    assert prose(stage.page).locator(".diagram img").count() >= 4, "some are drawn"


@place("a chat's title, while it is shown")
def _title(stage: Stage) -> None:
    tab = stage.in_chat()
    for line in hostile.LINES:
        tab.send("conversation.rename", form={"title": line})
        expect(chat_links(stage.page).first).to_have_text(" ".join(line.split()))
        expect(stage.page).to_have_title(" ".join(line.split()))


@place("an answer as it is stored, and what in it looks like a link")
def _links(stage: Stage) -> None:
    stage.page.reload()
    expect_status(stage.page, "complete")
    expect(prose(stage.page)).to_contain_text(hostile.END)
    links = answer(stage.page).locator(".prose a")
    hrefs = links.evaluate_all("all => all.map((a) => a.href)")
    assert len(hrefs) > 10
    led = [href for href in hrefs if href]  # as the browser reads it
    assert [href for href in led if not href.startswith(("http://", "https://"))] == []
    to_click = links.locator("xpath=self::*[not(@href) or starts-with(@href, '#')]")
    to_click.evaluate_all("all => all.forEach((a) => a.click())")


@place("a project's settings: name, description, system prompt")
def _project(stage: Stage) -> None:
    stage.page.goto(f"/projects/{stage.project}")
    field = stage.page.get_by_role("textbox", name="System prompt", exact=True)
    expect(field).to_have_value(hostile.TEXT)


@place("the cards of projects")
def _projects(stage: Stage) -> None:
    stage.page.goto("/projects")
    expect(stage.page.get_by_role("main").get_by_text(NAME).first).to_be_visible()


@place("one's own settings")
def _settings(stage: Stage) -> None:
    stage.page.goto("/settings")
    expect(stage.page.get_by_role("textbox", name="Name", exact=True)).to_have_value(NAME)
