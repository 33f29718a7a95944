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
    composer,
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
SIZE = 7
PIECES = tuple(hostile.TEXT[i : i + SIZE] for i in range(0, len(hostile.TEXT), SIZE))
MIDDLE = hostile.TEXT.index("l10") // SIZE + 2
"""Pieces after which a text that is being written has come as far as `l10`."""


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
    search = stage.page.get_by_role("combobox", name="Search models", exact=True)
    expect(search).to_be_focused()
    search.fill(hostile.RAW_HTML[0])
    expect(stage.page.get_by_role("option")).to_contain_text(hostile.RAW_HTML[0])
    stage.expect_only_text("a model that nobody has")
    stage.page.keyboard.press("Enter")
    expect(button(stage.page, f"Model: {hostile.RAW_HTML[0]}")).to_be_visible()


@place("a question and its answer, in the middle and at its end")
def _talk(stage: Stage) -> None:
    page = stage.page
    gate = Gate(after=MIDDLE)
    stage.provider.enqueue(Answer(pieces=PIECES, tokens_per_second=1000, gate=gate))
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


@place("what a model thinks, in the middle and at its end")
def _thinking(stage: Stage) -> None:
    page = stage.page
    gate = Gate(after=MIDDLE)
    stage.provider.enqueue(Answer(text="Well.", reasoning=PIECES, thought_gate=gate))
    send(page, "Think.")
    gate.wait_reached()
    button(answer(page), "Thinking…").click()
    thoughts = answer(page).locator(".thoughts-text")
    expect(thoughts).to_contain_text("l10")
    stage.expect_only_text("thoughts that are being thought")
    gate.open()
    expect_status(page, "complete")
    expect(thoughts).to_contain_text(hostile.END)


@place("what a model thought, as it is stored, and which model it was")
def _thought(stage: Stage) -> None:
    stage.page.reload()
    expect_status(stage.page, "complete")
    answer(stage.page).get_by_role("button", name="Thought for").click()
    expect(answer(stage.page).locator(".thoughts-text")).to_contain_text(hostile.END)
    button(answer(stage.page), "Answer details").click()
    details = stage.page.get_by_role("dialog", name="Answer details", exact=True)
    expect(details).to_contain_text(hostile.RAW_HTML[0])
    stage.page.keyboard.press("Escape")


@place("a shared chat, and the link to it")
def _shared(stage: Stage) -> None:
    page, tab = stage.page, stage.in_chat()
    title = tab.state()["conversation.title"]
    tab.send("sharing.show_dialog", is_open=True)
    tab.send("sharing.create")
    [link] = tab.state()["sharing.links"]
    page.goto("/settings")
    expect(page.get_by_role("list", name="Shared links")).to_contain_text(title)
    stage.expect_only_text("the list of shared chats")
    page.goto(link["url"])
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(messages(page, "user").first).to_contain_text(hostile.END)
    expect(messages(page, "assistant").first).to_contain_text(hostile.END)


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


@place("a file of chats by its name, and the project that comes of it")
def _import(stage: Stage) -> None:
    page = stage.page
    page.goto("/settings")
    page.get_by_label("Chat file", exact=True).set_input_files(
        {"name": f"{NAME}.json", "mimeType": "application/json", "buffer": hostile.file_of_chats()}
    )
    button(page, "Import").click()
    expect(page.get_by_role("status").filter(has_text="Imported")).to_be_visible()
    stage.expect_only_text("what is said of an import")
    page.get_by_role("link", name="Open the imported chats", exact=True).click()
    expect_chat_ready(page)
    expect(chat_links(page)).to_have_text(hostile.LINES[1::2])
    expect(composer(page)).to_have_attribute("placeholder", f"Message {hostile.LINES[0]}")


@place("what the palette lists, and what it finds")
def _palette(stage: Stage) -> None:
    page = stage.page
    page.keyboard.press("Control+k")
    dialog = page.get_by_role("dialog", name="Search", exact=True)
    expect(dialog.get_by_role("group", name="Recent chats")).to_contain_text(hostile.LINES[1])
    stage.expect_only_text("recent chats")
    field = dialog.get_by_role("combobox", name="Search", exact=True)
    field.fill("project")
    named = dialog.get_by_role("option").filter(has_text=hostile.LINES[0])
    expect(named.and_(dialog.locator("[data-project]"))).to_be_visible()
    field.fill("window pwned")
    for group in ("Chats", "Messages"):
        marked = dialog.get_by_role("group", name=group, exact=True).locator("mark")
        expect(marked.first).to_have_text("window")
    stage.expect_only_text("what was found")
    words = '"<svg onload=window.pwned=1>"'
    field.fill(words)
    expect(dialog.get_by_role("listbox")).to_have_attribute("data-found-for", words)
    expect(dialog.get_by_role("group", name="Messages").locator("mark").first).to_be_visible()
    stage.expect_only_text("what was found by hostile words")
    field.fill("<img src=x onerror=window.pwned=1> xylophone")
    expect(dialog.get_by_role("status")).to_contain_text("Nothing was found")


@place("the titles of archived chats")
def _archived(stage: Stage) -> None:
    stage.page.goto("/archived")
    titles = stage.page.get_by_role("main").get_by_role("listitem").locator(".archived-title")
    expect(titles).to_have_text(hostile.LINES[::2])
    expect(button(stage.page, f"Delete {hostile.LINES[0]}")).to_be_visible()


@place("a temporary chat")
def _temporary(stage: Stage) -> None:
    page = stage.page
    page.goto(f"/projects/{stage.project}/chat?temporary=1")
    expect_chat_ready(page)
    stage.provider.enqueue(Answer(pieces=PIECES, reasoning=PIECES))
    send(page, hostile.TEXT)
    expect_status(page, "complete")
    expect(messages(page, "user")).to_contain_text(hostile.END)
    expect(prose(page)).to_contain_text(hostile.END)
    answer(page).get_by_role("button", name="Thought for").click()
    expect(answer(page).locator(".thoughts-text")).to_contain_text(hostile.END)
