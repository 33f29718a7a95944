"""A message that waits for an answer to end: it outlives the page and the network, and is asked once."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browsers import OpenPage
from tests.dropping_proxy import DroppingProxy
from tests.e2e.steps import answer, begin_chat, composer, expect_status, messages, send, sign_up
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.faults.visitors import leave_at_rest, stored_in_project
from tests.loopback import free_port
from tests.served import Served

ALL = ["Hello", "First", "Second"]


@pytest.fixture
def provider(lasting_provider: FakeProvider) -> FakeProvider:
    lasting_provider.forget()
    return lasting_provider


@pytest.fixture(scope="module")
def lasting_network() -> Iterator[DroppingProxy]:
    with DroppingProxy(free_port()) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def lasting(
    lasting_provider: FakeProvider,
    lasting_network: DroppingProxy,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """Serve the product, which none of these tests harms, behind a network that they break."""
    environment = {"PORT": str(lasting_network.target_port), "ALLOWED_ORIGINS": lasting_network.url}
    directory = tmp_path_factory.mktemp("queue")
    with Served(directory, lasting_provider.base_url, **environment) as served:
        yield served


@pytest.fixture
def network(lasting_network: DroppingProxy) -> Iterator[DroppingProxy]:
    yield lasting_network
    lasting_network.restore()


@pytest.fixture
def served(lasting: Served, provider: FakeProvider) -> Iterator[Served]:
    yield lasting
    leave_at_rest(lasting)


@pytest.fixture
def page(served: Served, network: DroppingProxy, open_page: OpenPage) -> Page:
    """Stand in a chat of two messages."""
    page = open_page(served=served, base_url=network.url)
    sign_up(page, "Alice")
    begin_chat(page, "Hello")
    return page


def queue_second(page: Page, provider: FakeProvider) -> Gate:
    """Ask, and send another message while the answer is held at the gate."""
    gate = Gate(after=1)
    provider.enqueue(Answer(gate=gate))
    send(page, "First")
    expect_status(page, "generating")
    gate.wait_reached()
    send(page, "Second")
    expect(queued(page)).to_be_visible()
    return gate


def queued(page: Page) -> Locator:
    return page.get_by_text("Queued: Second", exact=True)


def expect_asked_once(page: Page, provider: FakeProvider, served: Served) -> None:
    expect(messages(page, "user")).to_have_text(ALL)
    expect_status(page, "complete")
    expect(queued(page)).to_be_hidden()
    expect(composer(page)).to_have_value("")
    assert [request.messages[-1]["content"] for request in provider.requests] == ALL
    assert stored_in_project(served, page) == 6


def test_it_survives_a_reload_and_goes_when_the_answer_has_ended(
    page: Page, provider: FakeProvider, served: Served
) -> None:
    gate = queue_second(page, provider)
    page.reload()
    expect(queued(page)).to_be_visible()
    expect_status(page, "generating")
    gate.open()
    expect_asked_once(page, provider, served)


def test_it_goes_when_one_comes_back_to_a_chat_whose_answer_ended_meanwhile(
    page: Page, provider: FakeProvider, served: Served
) -> None:
    gate = queue_second(page, provider)
    chat, context = page.url, page.context
    page.close(run_before_unload=False)
    gate.open()
    provider.requests[1].wait_ended()
    later = context.new_page()
    later.goto(chat)
    expect_asked_once(later, provider, served)


def test_it_is_asked_once_from_two_tabs_and_by_a_page_that_never_heard_it_was_taken(
    page: Page, provider: FakeProvider, served: Served
) -> None:
    gate = queue_second(page, provider)
    other = page.context.new_page()
    other.goto(page.url)
    expect(queued(other)).to_be_visible()
    last = Gate(after=1)
    provider.enqueue(Answer(gate=last))
    gate.open()
    provider.wait_for_request(2)
    page.reload()
    last.open()
    for tab in (page, other):
        expect_asked_once(tab, provider, served)


@pytest.mark.parametrize("how", ["cut", "freeze"])
def test_it_waits_for_the_network_and_is_asked_once_when_that_is_back(
    how: str, page: Page, provider: FakeProvider, served: Served, network: DroppingProxy
) -> None:
    gate = queue_second(page, provider)
    getattr(network, how)()
    if how == "cut":
        expect(page.get_by_role("status", name="Connection")).to_be_visible()
    gate.open()
    provider.requests[1].wait_ended()
    expect(queued(page)).to_be_visible()
    network.restore()
    expect_asked_once(page, provider, served)


def test_it_is_asked_once_when_it_goes_into_a_connection_that_just_died(
    page: Page, provider: FakeProvider, served: Served, network: DroppingProxy
) -> None:
    gate = queue_second(page, provider)
    page.evaluate(
        """() => document.addEventListener("submit", () => { window.went = true; }, { capture: true })"""
    )
    third = Gate(after=1)
    provider.enqueue(Answer(gate=third))
    gate.open()
    page.wait_for_function("() => window.went")
    network.cut()
    third.open()
    network.restore()
    expect(answer(page)).to_be_visible()
    expect_asked_once(page, provider, served)
