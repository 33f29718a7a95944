"""A page that finds no room says so, and comes in by itself when there is some."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browsers import OpenPage
from tests.e2e.steps import expect_chat_ready, expect_status, send, sign_up
from tests.fake_provider import Answer, FakeProvider
from tests.served import Served


def test_a_page_too_many_waits_and_comes_in_when_another_is_closed(
    tmp_path: Path, provider: FakeProvider, open_page: OpenPage
) -> None:
    provider.default = Answer(text="Here I am.")
    with Served(tmp_path, provider.base_url, SOCKETS_PER_ADDRESS="2") as served:
        page = open_page(served=served)
        sign_up(page, "Alice")
        first, second = (page.context.new_page() for _ in range(2))
        address = page.url
        first.goto(address)
        expect_chat_ready(first)
        second.goto(address)
        expect(second.locator(".offline-bar")).to_be_visible(timeout=20_000)
        page.close()
        first.close()
        expect(second.locator(".offline-bar")).to_be_hidden(timeout=30_000)
        send(second, "Anybody here?")
        expect_status(second, "complete")
