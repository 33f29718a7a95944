"""The composer: what waits for an answer to end, what one said last, what is too long, and which
model is asked.
"""

import re

from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.steps import (
    CHAT_URL,
    answer,
    begin_chat,
    button,
    composer,
    expect_chat_ready,
    expect_status,
    messages,
    new_chat,
    send,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate

LIMIT = 200_000
LONG_TASK = 50  # milliseconds, from which on a browser calls a task long
MODELS = [
    {"id": f"vendor/model-{n}", "name": f"Vendor: Model {n}", "context_length": 8000 + n}
    for n in range(350)
]

COUNT_LONG_TASKS = """() => {
    window.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((e) => e.duration)))
        .observe({ type: "longtask" });
}"""


def queued(page: Page) -> Locator:
    """What waits above the composer."""
    return page.get_by_text(re.compile("^Queued: "))


def long_tasks_of_ten_keys(page: Page) -> int:
    """Type, have the draft kept, and count the tasks in which nothing else could be done."""
    page.evaluate("longTasks.length = 0")
    for _ in range(10):
        composer(page).press("x")
    page.wait_for_function(
        """() => Object.values(localStorage).includes(
            document.querySelector("[data-composer]").value)"""
    )
    tasks: list[float] = page.evaluate("longTasks")
    return len([task for task in tasks if task > LONG_TASK])


def open_gate(provider: FakeProvider) -> Gate:
    """Hold the next answer after its first piece."""
    gate = Gate(after=1)
    provider.enqueue(Answer(gate=gate))
    return gate


def test_what_is_sent_while_an_answer_runs_waits_for_its_end(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    gate = open_gate(provider)
    send(page, "First")
    page.wait_for_url(CHAT_URL)
    expect_status(page, "generating")
    send(page, "Second")
    expect(composer(page)).to_have_value("")
    composer(page).fill("and more")
    button(page, "Queue message").click()
    expect(queued(page)).to_have_text("Queued: Second and more")
    provider.expect_requests(1)

    composer(page).fill("typed since")
    button(page, "Edit queued message").click()
    expect(queued(page)).to_be_hidden()
    expect(composer(page)).to_have_value("Second\n\nand more\n\ntyped since")
    send(page, "Not this")
    button(page, "Remove").click()
    expect(queued(page)).to_be_hidden()
    send(page, "Rather this")
    composer(page).fill("half a wo")

    second = open_gate(provider)
    gate.open()
    expect(messages(page, "user")).to_have_text(["First", "Rather this"])
    expect(queued(page)).to_be_hidden()
    expect(composer(page)).to_have_value("half a wo")

    expect_status(page, "generating")
    provider.wait_for_request(1)
    composer(page).fill("After a stop")
    composer(page).press("Enter")
    expect(queued(page)).to_be_visible()
    button(page, "Stop").click()
    expect_status(page, "stopped")
    second.open()
    expect(composer(page)).to_have_value("After a stop")
    expect(queued(page)).to_be_hidden()
    assert [request.messages[-1]["content"] for request in provider.requests] == [
        "First",
        "Rather this",
    ]


def test_an_answer_that_fails_gives_back_what_waited_for_it(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    gate = Gate(after=1)
    provider.enqueue(Answer(gate=gate, text="It breaks off", ending="cut"))
    send(page, "First")
    expect_status(page, "generating")
    send(page, "Second")
    expect(queued(page)).to_be_visible()
    gate.open()
    expect(composer(page)).to_have_value("Second")
    expect(queued(page)).to_be_hidden()
    expect(messages(page, "user")).to_have_count(2)


def test_what_was_queued_long_ago_goes_only_when_one_says_so(
    provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    for is_on_its_way in (False, True):
        new_chat(page)
        gate = open_gate(provider)
        send(page, "First")
        page.wait_for_url(CHAT_URL)
        expect_status(page, "generating")
        send(page, "Second")
        expect(queued(page)).to_be_visible()
        chat, asked = page.url, 2 * is_on_its_way + 1
        request = provider.wait_for_request(asked - 1)
        page.goto("/settings")
        page.evaluate(
            """(mark) => {
              for (const key of Object.keys(localStorage).filter((key) => key.startsWith("queued:"))) {
                const [name, words] = localStorage.getItem(key).split(/@\\d+ /);
                localStorage.setItem(key, `${name}${mark}@${Date.now() - 61 * 60 * 1000} ${words}`);
              }
            }""",
            "!" if is_on_its_way else "",
        )
        gate.open()
        request.wait_ended()
        page.goto(chat)
        expect_status(page, "complete")
        expect(composer(page)).to_have_value("Second")
        expect(page.get_by_text("This was queued a while ago", exact=False)).to_be_visible()
        expect(queued(page)).to_be_hidden()
        page.wait_for_timeout(1500)  # in which the page looks whether something waits
        provider.expect_requests(asked)
        composer(page).press("Enter")
        expect(messages(page, "user")).to_have_text(["First", "Second"])
        expect_status(page, "complete")
        expect(composer(page)).to_have_value("")


def test_recalling_pasting_much_and_what_is_too_long(provider: FakeProvider, page: Page) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "What was said\nin two lines")
    field = composer(page)
    field.press("ArrowUp")
    expect(field).to_have_value("What was said\nin two lines")
    field.press("Escape")
    expect(field).to_have_value("")
    field.press("ArrowUp")
    page.keyboard.type(", and more")
    expect(field).to_have_value("What was said\nin two lines, and more")
    field.press("ArrowDown")
    expect(field).to_have_value("What was said\nin two lines, and more")

    much = "The harbour lies quiet in the early light. 鷗\n" * 2400
    page.evaluate("(text) => navigator.clipboard.writeText(text)", much)
    field.fill("")
    field.press("Control+V")
    expect(field).to_have_value(much)
    assert field.bounding_box()["height"] <= 0.4 * 800 + 1  # type: ignore[index]
    page.evaluate(COUNT_LONG_TASKS)
    # Others on this machine make a task long too: not all of five times, though.
    assert any(long_tasks_of_ten_keys(page) <= 2 for _ in range(5))

    field.fill("🌊" * (LIMIT * 9 // 10))
    expect(page.get_by_text("180,000 of 200,000", exact=True)).to_be_visible()
    expect(button(page, "Send")).to_be_enabled()
    field.fill("x" * (LIMIT + 512))
    expect(page.get_by_text("200,512 of 200,000: 512 too many")).to_be_visible()
    expect(button(page, "Send")).to_be_disabled()
    expect(button(page, "Send")).to_have_accessible_description("200,512 of 200,000: 512 too many")
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="at most 200,000 can be sent")).to_be_visible()
    field.fill("x" * 9)
    expect(page.get_by_text("of 200,000")).to_have_count(0)
    expect(button(page, "Send")).to_be_enabled()
    provider.expect_requests(1)


def test_a_project_has_its_own_starters_and_its_own_model(
    provider: FakeProvider, page: Page
) -> None:
    provider.models = MODELS
    sign_up(page, "Alice")
    chat = page.url
    expect(page.get_by_text("Plan my week")).to_be_visible()
    page.goto(chat.removesuffix("/chat"))
    page.get_by_role("textbox", name="Prompt starters", exact=True).fill(
        "Read a tide table\n\n  Name the winds  "
    )
    model = page.get_by_role("textbox", name="Model", exact=True)
    model.fill("model 341")
    expect(page.get_by_role("option")).to_have_text(re.compile("Vendor: Model 341"))
    model.press("ArrowDown")
    model.press("Enter")
    expect(model).to_have_value("vendor/model-341")
    expect(page.get_by_role("option")).to_have_count(0)
    button(page, "Save changes").click()
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()

    page.goto(chat)
    expect_chat_ready(page)
    expect(page.get_by_text("Plan my week")).to_have_count(0)
    expect(button(page, "Model: vendor/model-341")).to_be_visible()
    button(page, "Name the winds").click()
    expect(messages(page, "user")).to_have_text("Name the winds")
    expect_status(page, "complete")
    assert provider.requests[0].model == "vendor/model-341"


def test_a_model_is_chosen_for_a_chat_by_keyboard_and_stays_there(
    provider: FakeProvider, page: Page
) -> None:
    provider.models = MODELS
    asked_before = provider.models_asked
    sign_up(page, "Alice")
    keys = page.keyboard
    button(page, "Model: fake-model").focus()
    keys.press("Enter")
    search = page.get_by_role("combobox", name="Search models", exact=True)
    expect(search).to_be_focused()
    expect(page.get_by_role("option").first).to_have_text(re.compile("The project's model"))
    assert page.get_by_role("option").count() < 100
    keys.press("Escape")
    expect(search).to_be_hidden()
    expect(button(page, "Model: fake-model")).to_be_focused()
    keys.press("Enter")
    expect(search).to_be_focused()
    search.fill("model 34")  # 34, 134, 234, 334, 340
    expect(page.get_by_role("option").first).to_have_text(re.compile("Model 34"))
    for _ in range(4):
        keys.press("ArrowDown")
    keys.press("Enter")
    expect(composer(page)).to_be_focused()
    chosen = "vendor/model-340"
    page.reload()
    expect(button(page, f"Model: {chosen}")).to_be_visible()
    begin_chat(page, "Hello")
    expect(button(page, f"Model: {chosen}")).to_be_visible()

    button(page, f"Model: {chosen}").click()
    expect(page.get_by_role("option", selected=True)).to_have_text(re.compile("Model 340"))
    expect(search).to_be_focused()
    search.fill("not/listed")
    keys.press("Enter")
    expect(button(page, "Model: not/listed")).to_be_visible()
    page.reload()
    expect(button(page, "Model: not/listed")).to_be_visible()
    send(page, "And now?")
    expect(messages(page, "user")).to_have_count(2)
    expect_status(page, "complete")
    assert [request.model for request in provider.requests] == [chosen, "not/listed"]
    assert provider.models_asked <= asked_before + 1
    expect(answer(page)).to_be_visible()
    new_chat(page)
    expect(button(page, "Model: fake-model")).to_be_visible()


def test_a_list_of_models_that_comes_late_leaves_the_marked_one_marked(
    provider: FakeProvider, page: Page
) -> None:
    provider.models = MODELS
    sign_up(page, "Alice")
    page.goto(page.url.removesuffix("/chat"))
    model = page.get_by_role("textbox", name="Model", exact=True)
    model.fill("model 34")
    options = page.locator(".model-option")
    expect(options).to_have_count(14)
    model.press("Escape")
    page.evaluate("() => { performance.now = () => 1e9; }")  # the list is old, and fetched anew
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/models", hold)
    with page.expect_request("**/api/models"):
        model.press("ArrowDown")
    model.press("ArrowDown")
    model.press("ArrowDown")
    marked = page.locator(".model-option[data-active]")
    expect(marked).to_have_text(re.compile("Model 134"))
    options.evaluate_all("all => { for (const one of all) one.dataset.old = ''; }")
    held[0].continue_()
    expect(page.locator(".model-option[data-old]")).to_have_count(0)
    expect(marked).to_have_text(re.compile("Model 134"))
    model.press("Enter")
    expect(model).to_have_value("vendor/model-134")
