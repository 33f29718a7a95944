"""Reloads, lost connections, other tabs and other browsers: everybody ends with the same text."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import OpenPage
from tests.dropping_proxy import DroppingProxy
from tests.e2e.steps import (
    CHAT_URL,
    account,
    answer,
    begin_chat,
    button,
    composer,
    copied,
    expect_chat_ready,
    expect_status,
    message_id,
    messages,
    register,
    send,
    sign_in,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.faults.visitors import leave_at_rest, stored_in_project
from tests.loopback import free_port
from tests.served import Served
from tests.waiting import SLACK

RATE = 100
AGREE_WITHIN = 1.0
NOTICED_WITHIN = 25.0
"""Seconds after which either end knows that a connection died without a word (rxconfig.py)."""


@dataclass
class Network:
    """A served product behind a network that can fail."""

    served: Served
    proxy: DroppingProxy


@pytest.fixture
def provider(lasting_provider: FakeProvider) -> FakeProvider:
    lasting_provider.forget()
    return lasting_provider


@pytest.fixture(scope="module")
def lasting_network(
    lasting_provider: FakeProvider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Network]:
    with (
        DroppingProxy(free_port()) as proxy,
        Served(
            tmp_path_factory.mktemp("network"),
            lasting_provider.base_url,
            PORT=str(proxy.target_port),
            ALLOWED_ORIGINS=proxy.url,
            MODEL_RETRY_SECONDS="0.1",
        ) as served,
    ):
        yield Network(served, proxy)


@pytest.fixture
def network(lasting_network: Network, provider: FakeProvider) -> Iterator[Network]:
    """Share one server: a test that kills it starts it again."""
    yield lasting_network
    lasting_network.proxy.restore()
    leave_at_rest(lasting_network.served)


@pytest.fixture
def page(network: Network, open_page: OpenPage) -> Page:
    return open_page(served=network.served, base_url=network.proxy.url)


def assert_all_agree(served: Served, provider: FakeProvider, *pages: Page) -> None:
    """What Copy yields in each page = what is stored = what the provider sent."""
    sent = provider.requests[-1].text_sent
    for page in pages:
        expect_status(page, "complete")
        assert copied(page, answer(page)) == sent
    assert served.message(message_id(answer(pages[0]))) == ("complete", sent)


def test_reloads_at_a_quarter_half_and_three_quarters(
    network: Network, provider: FakeProvider, page: Page
) -> None:
    gate = Gate(after=360)  # for the last reload may take longer than the last quarter
    provider.default = Answer(tokens=400, tokens_per_second=RATE, gate=gate)
    sign_up(page, "Alice")
    send(page, "Tell me all of it")
    request = provider.wait_for_request(0)
    for quarter in (1, 2, 3):
        wait_for_pieces(request, 100 * quarter)
        page.reload()
        expect_status(page, "generating")
        expect(messages(page, "user")).to_have_text("Tell me all of it")
    gate.open()
    expect_status(page, "complete")
    assert_all_agree(network.served, provider, page)


@pytest.mark.parametrize("how", ["cut", "freeze"])
def test_a_page_that_lost_its_connection_says_so_keeps_what_is_typed_and_catches_up(
    how: str, network: Network, provider: FakeProvider, page: Page, long: bool
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    for number, seconds in enumerate((5, 30, 120) if long else (4,)):
        provider.default = Answer(tokens=int(RATE * (seconds + 3)), tokens_per_second=RATE)
        send(page, f"Tell me all of it, {number}")
        expect_status(page, "generating")
        expect(answer(page)).to_contain_text("Harbour")
        getattr(network.proxy, how)()
        composer(page).fill("typed while away")
        if how == "cut":
            expect(page.get_by_role("status", name="Connection")).to_be_visible()
        time.sleep(seconds)
        if seconds > NOTICED_WITHIN:
            expect(page.get_by_role("status", name="Connection")).to_be_visible()
        network.proxy.restore()
        expect_status(page, "complete")
        expect(page.get_by_role("status", name="Connection")).to_be_hidden()
        expect(composer(page)).to_have_value("typed while away")
        assert_all_agree(network.served, provider, page)
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("")


def test_a_dialog_that_is_typed_in_stays_when_the_connection_was_lost(
    network: Network, page: Page
) -> None:
    sign_up(page, "Alice")
    page.goto(page.url.partition("/chat")[0])
    button(page, "Delete project").click()
    dialog = page.get_by_role("alertdialog")
    name = dialog.get_by_role("textbox", name="Project name", exact=True)
    name.fill("General")
    offline = page.get_by_label("Connection")  # a dialog takes the role from all beside it
    network.proxy.cut()
    expect(offline).to_be_visible()
    network.proxy.restore()
    expect(offline).to_be_hidden()
    button(dialog, "Delete").click()
    expect(dialog.get_by_role("alert")).to_contain_text("not the project's name")
    expect(name).to_have_value("General")
    name.fill("General assistant")
    button(dialog, "Delete").click()
    page.wait_for_url(re.compile("/projects$"))


@pytest.mark.parametrize("how", ["cut", "freeze"])
def test_what_is_sent_into_a_lost_connection_arrives_once_when_it_is_back(
    how: str, network: Network, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    getattr(network.proxy, how)()
    if how == "cut":
        expect(page.get_by_role("status", name="Connection")).to_be_visible()
    send(page, "Is anybody there?")
    for _ in range(3):
        composer(page).press("Enter")
    expect(page.get_by_text("not sent yet")).to_be_visible()
    expect(composer(page)).to_have_value("Is anybody there?")
    network.proxy.restore()
    expect(messages(page, "user")).to_have_count(2)
    expect_status(page, "complete")
    expect(composer(page)).to_have_value("")
    expect(page.get_by_text("not sent yet")).to_have_count(0)
    assert_all_agree(network.served, provider, page)
    provider.expect_requests(2)
    assert stored_in_project(network.served, page) == 4


def test_two_tabs_and_another_browser_agree_and_a_late_one_catches_up(
    network: Network, provider: FakeProvider, page: Page, open_page: OpenPage
) -> None:
    gate = Gate(after=250)
    provider.default = Answer(tokens=300, tokens_per_second=RATE, gate=gate)
    alice = account("Alice")
    register(page, alice)
    expect_chat_ready(page)
    send(page, "Tell me all of it")
    page.wait_for_url(CHAT_URL)
    expect_status(page, "generating")
    tab = page.context.new_page()
    tab.goto(page.url)
    elsewhere = open_page(served=network.served)
    sign_in(elsewhere, alice)
    expect_chat_ready(elsewhere)
    elsewhere.goto(network.served.url + page.url.removeprefix(network.proxy.url))
    for other in (tab, elsewhere):
        expect(answer(other)).to_contain_text("Harbour")
    gate.open()
    provider.requests[0].wait_ended()
    for each in (page, tab, elsewhere):
        expect(answer(each)).to_have_attribute(
            "data-status", "complete", timeout=AGREE_WITHIN * SLACK * 1000
        )
    late = page.context.new_page()
    late.goto(page.url)
    assert_all_agree(network.served, provider, page, tab, elsewhere, late)


def test_the_server_restarted_behind_an_open_page(
    network: Network, provider: FakeProvider, page: Page
) -> None:
    provider.default = Answer(tokens=2000, tokens_per_second=RATE)
    sign_up(page, "Alice")
    send(page, "Tell me all of it")
    expect(answer(page)).to_contain_text("gulls")
    network.served.kill()
    expect(page.get_by_role("status", name="Connection")).to_be_visible()
    composer(page).fill("typed while away")
    network.served.start()
    expect_status(page, "interrupted")
    expect(composer(page)).to_have_value("typed while away")
    kept = copied(page, answer(page))
    assert network.served.message(message_id(answer(page))) == ("interrupted", kept)
    provider.default = Answer(text="And so on.")
    button(answer(page), "Continue").click()
    expect_status(page, "complete")
    assert copied(page, answer(page)) == kept + "And so on."
    provider.default = Answer(tokens=2000, tokens_per_second=RATE)
    composer(page).press("Enter")
    expect_status(page, "generating")
    button(page, "Stop").click()
    expect_status(page, "stopped")
    provider.default = Answer(text="The second version.")
    button(answer(page), "Retry").click()
    expect_status(page, "complete")
    expect(answer(page)).to_contain_text("2/2")
    button(answer(page), "Previous version").click()
    expect_status(page, "stopped")
    expect(answer(page)).to_contain_text("1/2")
    expect(messages(page, "assistant")).to_have_count(2)
    button(answer(page), "Next version").click()
    expect_status(page, "complete")
    assert copied(page, answer(page)) == "The second version."


def test_what_is_sent_while_the_server_is_down_is_asked_once_when_it_is_up(
    network: Network, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    network.served.kill()
    send(page, "Is anybody there?")
    expect(page.get_by_text("not sent yet")).to_be_visible()
    network.served.start()
    expect(messages(page, "user")).to_have_count(2)
    expect_status(page, "complete")
    expect(composer(page)).to_have_value("")
    provider.expect_requests(2)


def test_what_is_typed_on_is_never_sent_by_itself(
    network: Network, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    network.proxy.freeze()
    send(page, "first thing")
    composer(page).press_sequentially(" and a half-typed th")
    expect(page.get_by_text("not sent yet")).to_be_visible()
    network.proxy.restore()
    expect(messages(page, "user")).to_have_count(2)
    expect_status(page, "complete")
    expect(messages(page, "user").last).to_have_text("first thing")
    expect(composer(page)).to_have_value("and a half-typed th")
    page.wait_for_timeout(6000)
    assert stored_in_project(network.served, page) == 4  # two questions and their answers


def test_a_message_that_waits_can_be_changed_before_it_is_sent(
    network: Network, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    network.proxy.cut()
    expect(page.get_by_role("status", name="Connection")).to_be_visible()
    send(page, "with a mistak")
    expect(page.get_by_text("not sent yet")).to_be_visible()
    composer(page).fill("without a mistake")
    network.proxy.restore()
    expect(page.get_by_role("status", name="Connection")).to_be_hidden()
    page.wait_for_timeout(3000)
    expect(messages(page, "user")).to_have_count(1)
    composer(page).press("Enter")
    expect(messages(page, "user").last).to_have_text("without a mistake")
    expect(messages(page, "user")).to_have_count(2)


def test_a_message_that_waited_in_another_chat_goes_when_one_comes_back_to_it(
    network: Network, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    chat = begin_chat(page, "Hello")
    network.proxy.cut()
    expect(page.get_by_role("status", name="Connection")).to_be_visible()
    send(page, "for the first chat")
    expect(page.get_by_text("not sent yet")).to_be_visible()
    network.served.kill()
    page.close()
    network.served.start()
    network.proxy.restore()
    later = page.context.new_page()
    later.goto(chat)
    expect(messages(later, "user")).to_have_count(2)
    expect(messages(later, "user").last).to_have_text("for the first chat")
    expect(composer(later)).to_have_value("")
    provider.expect_requests(2)


def test_the_same_words_said_again_later_are_another_message(
    network: Network, provider: FakeProvider, page: Page
) -> None:
    sign_up(page, "Alice")
    chat = begin_chat(page, "Hello")
    send(page, "go on")
    provider.wait_for_request(1)
    page.close(run_before_unload=False)  # before it heard that the message was taken, or just after
    later = page.context.new_page()
    later.goto(chat)
    expect(messages(later, "user")).to_have_count(2)
    expect(composer(later)).to_have_value("")
    expect_status(later, "complete")
    send(later, "go on")
    expect(messages(later, "user")).to_have_count(3)
    provider.expect_requests(3)


def test_keyboard_users_keep_their_place_when_an_answer_is_drawn_anew(
    network: Network, provider: FakeProvider, page: Page
) -> None:
    provider.default = Answer(status=500)
    sign_up(page, "Alice")
    send(page, "Hello")
    expect_status(page, "failed")
    focused = (
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
    )
    for count in (2, 3):
        button(answer(page), "Retry").focus()
        page.keyboard.press("Enter")
        expect(answer(page)).to_contain_text(f"{count}/{count}")
        page.wait_for_function(
            f"() => ({focused}) !== '' && document.activeElement !== document.body"
        )
    button(answer(page), "Previous version").focus()
    page.keyboard.press("Enter")
    expect(answer(page)).to_contain_text("2/3")
    page.keyboard.press("Enter")
    expect(answer(page)).to_contain_text("1/3")
    page.wait_for_function(f"() => ({focused}) === 'Next version'")


def wait_for_pieces(request: object, count: int) -> None:
    deadline = time.monotonic() + 15
    while request.pieces_sent < count:  # type: ignore[attr-defined]
        assert time.monotonic() < deadline
        time.sleep(0.01)
