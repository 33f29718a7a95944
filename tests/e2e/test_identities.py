"""Signing in by somebody else, as a person sees it; the provider is another site than the app."""

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    Account,
    account,
    alert,
    button,
    expect_chat_ready,
    expect_login,
    register,
    sign_in,
    sign_out,
    sign_up,
)
from tests.oidc_server import IdentityServer, Somebody
from tests.served import Served


@pytest.fixture(scope="module")
def identities() -> Iterator[IdentityServer]:
    with IdentityServer(name="localhost") as server:
        yield server


@pytest.fixture(scope="module")
def app(identities: IdentityServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the product to people who may sign in by others."""
    directory = tmp_path_factory.mktemp("identities")
    with Served(directory, "", **identities.settings) as served:
        yield served


@pytest.fixture
def page(app: Served, identities: IdentityServer, open_page: OpenPage) -> Page:
    identities.reset()
    return open_page(served=app)


def known_there(identities: IdentityServer, somebody: Account) -> None:
    """Let the provider know this person, and have them sit at the browser."""
    subject = str(uuid.uuid4().int % 10**9)
    identities.person = Somebody(subject, somebody.email, True, somebody.name)


def connect(page: Page, name: str) -> None:
    page.goto("/settings")
    button(page, f"Connect {name}").click()
    expect(alert(page, f"{name} is connected")).to_be_visible()


@pytest.mark.parametrize("name", ["Example Works", "GitHub"])
def test_one_joins_by_a_provider_and_comes_back_by_it(
    page: Page, identities: IdentityServer, name: str
) -> None:
    dana = account("Dana")
    known_there(identities, dana)
    page.goto("/register")
    button(page, f"Continue with {name}").click()
    expect_chat_ready(page)
    project = page.url

    page.goto("/settings")
    connected = page.get_by_role("listitem").filter(has_text=name)
    expect(connected).to_contain_text(dana.email)
    expect(connected).to_contain_text("Your way to sign in")

    sign_out(page)
    button(page, f"Continue with {name}").click()
    expect_chat_ready(page)
    assert page.url == project


def test_one_comes_back_to_the_page_that_asked_to_sign_in(
    page: Page, identities: IdentityServer
) -> None:
    known_there(identities, account("Dana"))
    page.goto("/settings")
    expect_login(page)
    button(page, "Continue with GitHub").click()
    page.wait_for_url("**/settings")
    expect(page.get_by_role("heading", name="Connected accounts")).to_be_visible()


def test_who_has_a_password_connects_first_and_then_signs_in_either_way(
    page: Page, identities: IdentityServer
) -> None:
    alice = sign_up(page, "Alice")
    known_there(identities, alice)
    sign_out(page)
    button(page, "Continue with GitHub").click()
    expect(alert(page, "already an account with this email")).to_contain_text(
        "connect GitHub in Settings"
    )

    sign_in(page, alice)
    expect_chat_ready(page)
    connect(page, "GitHub")
    expect(page.get_by_role("listitem").filter(has_text="GitHub")).to_contain_text(alice.email)
    sign_out(page)
    button(page, "Continue with GitHub").click()
    expect_chat_ready(page)

    page.goto("/settings")
    button(page, "Disconnect GitHub").click()
    expect(button(page, "Connect GitHub")).to_be_visible()
    sign_out(page)
    sign_in(page, alice)
    expect_chat_ready(page)


def test_another_email_is_refused_in_words_on_the_settings_page(
    page: Page, identities: IdentityServer
) -> None:
    sign_up(page, "Alice")
    known_there(identities, account("Mallory"))
    page.goto("/settings")
    button(page, "Connect Example Works").click()
    expect(alert(page, "Example Works knows you by another email")).to_be_visible()
    expect(button(page, "Connect Example Works")).to_be_visible()
    page.goto("/settings?connected=oidc")
    expect(button(page, "Connect Example Works")).to_be_visible()
    expect(alert(page, "is connected")).to_have_count(0)


def test_a_provider_that_is_away_is_told_beneath_its_button_and_one_may_try_again(
    page: Page, identities: IdentityServer
) -> None:
    known_there(identities, account("Dana"))
    identities.faults.token_status = 500
    page.goto("/login")
    button(page, "Continue with GitHub").click()
    expect(alert(page, "GitHub can't be reached right now")).to_be_visible()
    identities.faults.token_status = 200
    button(page, "Continue with GitHub").click()
    expect_chat_ready(page)


def test_an_address_puts_no_words_of_its_own_on_the_page(page: Page) -> None:
    page.goto("/login?problem=Call+0900+12345&provider=github")
    expect(button(page, "Continue with GitHub")).to_be_visible()
    expect(page.get_by_text(re.compile("0900"))).to_have_count(0)
    page.goto("/login?problem=cancelled&provider=Call+0900+12345")
    expect(alert(page, "You didn't go on at the provider")).to_be_visible()


def test_where_nobody_may_join_the_registration_page_offers_no_provider(
    identities: IdentityServer, open_page: OpenPage, tmp_path: Path
) -> None:
    with Served(tmp_path, REGISTRATION="invitation", **identities.settings) as served:
        page = open_page(served=served)
        page.goto("/register")
        expect(page.get_by_text("Accounts here are by invitation")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("Continue with"))).to_have_count(0)
        known_there(identities, account("Dana"))
        page.goto("/login")
        button(page, "Continue with GitHub").click()
        expect(alert(page, "There is no account for you here yet")).to_be_visible()


def test_without_providers_there_is_nothing_to_see_of_them(
    open_page: OpenPage, tmp_path: Path
) -> None:
    with Served(tmp_path) as served:
        page = open_page(served=served)
        page.goto("/login?saved=password")
        expect(page.get_by_text("Your new password is saved.")).to_be_visible()
        expect(page.get_by_role("button", name=re.compile("Continue with"))).to_have_count(0)
        dana = account("Dana")
        register(page, dana)
        expect_chat_ready(page)
        page.goto("/settings")
        expect(page.get_by_text("You share no chat.")).to_be_visible()
        expect(page.get_by_role("heading", name="Connected accounts")).to_have_count(0)
