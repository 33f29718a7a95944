"""What comes by mail, and who may come in: in a browser, with a real mail server."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from chatbot_app.config import PROJECT_ROOT
from tests.browsers import OpenPage
from tests.e2e.steps import (
    Account,
    account,
    alert,
    begin_chat,
    button,
    composer,
    expect_chat_ready,
    expect_login,
    register,
    send,
    sign_in,
)
from tests.fake_provider import FakeProvider
from tests.served import Served, inherited
from tests.smtp_server import SmtpServer

NEW = "twelve blue whales sing"
UNCONFIRMED = "Please confirm your email"


@pytest.fixture(scope="module")
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="module")
def mailing(
    smtp: SmtpServer,
    shared_provider: FakeProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Served]:
    """Serve one that sends mail."""
    directory = tmp_path_factory.mktemp("mailing")
    with Served(directory, shared_provider.base_url, **smtp.settings()) as served:
        yield served


@pytest.fixture
def serve(
    tmp_path_factory: pytest.TempPathFactory, shared_provider: FakeProvider
) -> Iterator[Callable[..., Served]]:
    """Serve another one with these settings."""
    started: list[Served] = []

    def start(**settings: str) -> Served:
        directory = tmp_path_factory.mktemp("served")
        started.append(Served(directory, shared_provider.base_url, **settings))
        started[-1].start()
        return started[-1]

    yield start
    for served in started:
        served.stop()


def command(served: Served, *arguments: str, typed: str = "") -> str:
    """Run one of the operator's commands beside the server; gives what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "chatbot_app", *arguments],
        cwd=PROJECT_ROOT,
        env=inherited() | served.environment,
        input=typed,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def newcomer(page: Page, name: str) -> Account:
    """Register by the form, and stand in the first chat."""
    somebody = account(name)
    register(page, somebody)
    expect_chat_ready(page)
    return somebody


def confirm(page: Page, link: str) -> None:
    page.goto(link)
    button(page, "Confirm my email").click()
    expect(page.get_by_role("status").filter(has_text="Your email is confirmed")).to_be_visible()


def frames_of(page: Page) -> list[str]:
    """Collect what the page sends over its websocket from now on."""
    sent: list[str] = []
    page.on("websocket", lambda line: line.on("framesent", lambda frame: sent.append(str(frame))))
    return sent


def test_a_forgotten_password_is_replaced_by_a_mailed_link(
    mailing: Served, smtp: SmtpServer, open_page: OpenPage
) -> None:
    page = open_page(served=mailing)
    alice = newcomer(page, "Alice")
    elsewhere = open_page(served=mailing)

    elsewhere.goto("/login")
    elsewhere.get_by_role("link", name="Forgot your password?", exact=True).click()
    expect(button(elsewhere, "Send link")).to_be_visible()
    elsewhere.get_by_role("textbox", name="Email", exact=True).fill(alice.email)
    button(elsewhere, "Send link").click()
    expect(elsewhere.get_by_role("status").filter(has_text="a link is on its way")).to_be_visible()
    link = smtp.link_to(alice.email, 2)
    token = link.partition("#")[2]

    sent = frames_of(elsewhere)
    elsewhere.goto(link)
    expect(elsewhere).to_have_url(f"{mailing.url}/reset")
    password = elsewhere.get_by_role("textbox", name="New password", exact=True)
    password.fill("too short")
    button(elsewhere, "Save password").click()
    expect(alert(elsewhere, "at least 15")).to_be_visible()
    password.fill(NEW)
    button(elsewhere, "Save password").click()
    expect_login(elsewhere)
    expect(elsewhere.get_by_text("Your new password is saved.")).to_be_visible()
    sign_in(elsewhere, alice, NEW)
    expect_chat_ready(elsewhere)
    expect(elsewhere.get_by_text(UNCONFIRMED)).to_have_count(0)

    send(page, "Who am I?")
    expect_login(page)
    assert sent
    assert token not in "".join(sent)
    assert token not in mailing.log


def test_an_email_is_confirmed_and_the_bar_goes_from_open_tabs(
    mailing: Served, smtp: SmtpServer, open_page: OpenPage
) -> None:
    page = open_page(served=mailing)
    dana = newcomer(page, "Dana")
    bar = page.get_by_role("region", name="Confirm your email")
    expect(bar).to_contain_text(dana.email)
    first = smtp.link_to(dana.email)
    button(bar, "Send again").click()
    expect(bar.get_by_role("status")).to_have_text("Sent again. ")
    link = smtp.link_to(dana.email, 2)

    other = page.context.new_page()
    other.goto(first)
    button(other, "Confirm my email").click()
    expect(alert(other, "used already")).to_be_visible()
    confirm(other, link)

    begin_chat(page, "Hello")
    expect(bar).to_have_count(0)


def test_nobody_sends_messages_before_the_email_is_confirmed(
    mailing: Served, smtp: SmtpServer, open_page: OpenPage
) -> None:
    page = open_page(served=mailing)
    newcomer(page, "Eve")
    send(page, "Hello")
    expect(page.get_by_text("Please confirm your email address first").first).to_be_visible()
    expect(composer(page)).to_have_value("Hello")


def test_by_invitation_one_comes_in_by_the_link_only(
    serve: Callable[..., Served], open_page: OpenPage
) -> None:
    chief = account("Chief")
    served = serve(REGISTRATION="invitation", ADMIN_EMAIL=chief.email)
    page = open_page(served=served)
    page.goto("/")
    expect(page.get_by_text("Accounts here are by invitation.")).to_be_visible()
    expect(page.get_by_role("link", name="Create your account")).to_have_count(0)
    page.goto("/register")
    expect(page.get_by_text("Please open the link in yours.")).to_be_visible()
    expect(button(page, "Create account")).to_be_hidden()

    page.goto(admin_link(served))
    expect(button(page, "Create account")).to_be_visible()
    expect(page.get_by_text("Please open the link in yours.")).to_be_hidden()
    page.reload()
    fill(page, chief)
    expect_chat_ready(page)
    assert role_of(served, chief.email) == "admin"

    served.terminate()
    served.start()
    assert len(re.findall(r"/register#", served.log)) == 1


def test_a_closed_site_says_so(serve: Callable[..., Served], open_page: OpenPage) -> None:
    page = open_page(served=serve(REGISTRATION="closed"))
    page.goto("/register")
    expect(page.get_by_text("Nobody can make an account here")).to_be_visible()
    expect(button(page, "Create account")).to_be_hidden()
    page.get_by_role("link", name="Sign in", exact=True).click()
    expect_login(page)
    expect(page.get_by_role("link", name="Create an account")).to_have_count(0)


def test_without_mail_the_operator_makes_admins_and_links(app: Served, open_page: OpenPage) -> None:
    chief = account("Chief")
    page = open_page()
    page.goto("/forgot")
    expect(page.get_by_text("Please ask whoever runs it")).to_be_visible()

    assert "is an administrator" in command(
        app, "create-admin", chief.email, "--name", "Chief", typed=f"{chief.password}\n"
    )
    sign_in(page, chief)
    expect_chat_ready(page)
    assert role_of(app, chief.email) == "admin"

    said = command(app, "reset-link", chief.email)
    elsewhere = open_page()
    elsewhere.goto(said.split()[-1])
    elsewhere.get_by_role("textbox", name="New password", exact=True).fill(NEW)
    button(elsewhere, "Save password").click()
    expect_login(elsewhere)
    sign_in(elsewhere, chief, NEW)
    expect_chat_ready(elsewhere)


def test_mail_that_is_on_its_way_when_the_server_stops_still_arrives(
    serve: Callable[..., Served],
) -> None:
    with SmtpServer() as slow:
        slow.delay = 1.0
        served = serve(SHUTDOWN_SECONDS="8", **slow.settings())
        form = {"name": "Dana", "email": "dana@example.org", "password": NEW}
        assert served.request("/api/auth/register", method="POST", body=form).status == 201
        assert served.terminate() == 0
        assert len(slow.mails) == 1


def admin_link(served: Served) -> str:
    [link] = re.findall(r"http\S+/register#\S+", served.log)
    return link


def fill(page: Page, somebody: Account) -> None:
    """Fill in the form for a new account on the page at hand."""
    page.get_by_role("textbox", name="Name", exact=True).fill(somebody.name)
    page.get_by_role("textbox", name="Email", exact=True).fill(somebody.email)
    page.get_by_role("textbox", name="Password", exact=True).fill(somebody.password)
    button(page, "Create account").click()


def role_of(served: Served, email: str) -> str:
    [(role,)] = served.query("SELECT role FROM user_account WHERE email = :email", email=email)
    return role
