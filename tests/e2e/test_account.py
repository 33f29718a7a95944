"""What protects an account and what its owner may do with it, as it is done in the browser."""

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browsers import OpenPage
from tests.e2e.steps import (
    Account,
    alert,
    begin_chat,
    button,
    composer,
    create_project,
    expect_chat_ready,
    expect_gone,
    expect_loaded,
    expect_login,
    messages,
    send,
    sign_in,
    sign_out,
    sign_up,
)
from tests.fake_provider import Answer, FakeProvider, Gate
from tests.second_factor import Phone
from tests.served import Served

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def test_a_code_is_asked_for_once_two_factor_authentication_is_set_up(page: Page) -> None:
    somebody = sign_up(page, "Alice")
    phone, codes = _set_up(page, somebody)
    expect(page.get_by_text("You have 10 recovery codes left.")).to_be_visible()
    page.goto("/projects")
    expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()
    expect_loaded(page)
    assert phone.secret not in page.content()
    sign_out(page)

    page.goto("/login?next=/settings")
    sign_in(page, somebody)
    expect(page.get_by_role("heading", name="Two-factor code", exact=True)).to_be_visible()
    expect(_code(page)).to_be_focused()
    _code(page).fill(phone.wrong_code())
    button(page, "Continue").click()
    expect(alert(page, "isn't right")).to_be_visible()
    expect(_code(page)).not_to_have_value("")
    page.reload()
    _code(page).fill(phone.code(steps=1))
    _code(page).press("Enter")
    page.wait_for_url(re.compile(r"^[^?]*/settings$"))
    expect(page.get_by_role("heading", name="Settings", exact=True)).to_be_visible()

    for code in codes[:2]:
        sign_out(page)
        sign_in(page, somebody)
        page.wait_for_url("**/login/code")
        _code(page).fill(code)
        button(page, "Continue").click()
        expect_chat_ready(page)
    sign_out(page)
    sign_in(page, somebody)
    page.wait_for_url("**/login/code")
    _code(page).fill(codes[0])
    button(page, "Continue").click()
    expect(alert(page, "isn't right")).to_be_visible()
    page.get_by_role("link", name="Back to sign-in").click()
    expect_login(page)
    sign_in(page, somebody)
    page.wait_for_url("**/login/code")
    _code(page).fill(codes[2].upper().replace("-", " "))
    button(page, "Continue").click()
    expect_chat_ready(page)
    page.goto("/settings")
    expect(page.get_by_text("You have 7 recovery codes left.")).to_be_visible()


def test_recovery_codes_are_renewed_and_the_second_factor_turned_off(page: Page) -> None:
    somebody = sign_up(page, "Alice")
    _phone, codes = _set_up(page, somebody)

    button(page, "New recovery codes").click()
    dialog = page.get_by_role("dialog")
    _give_password(dialog, somebody, "Make new codes")
    renewed = _recovery_codes(dialog)
    assert len(renewed) == 10
    assert not set(renewed) & set(codes)
    button(dialog, "Done").click()

    button(page, "Turn off").click()
    dialog = page.get_by_role("alertdialog")
    dialog.get_by_role("textbox", name="Password", exact=True).fill("not the one that counts")
    button(dialog, "Turn off").click()
    expect(dialog.get_by_role("alert")).to_contain_text("isn't right")
    _give_password(dialog, somebody, "Turn off")
    expect(button(page, "Set up two-factor")).to_be_visible()
    sign_out(page)
    sign_in(page, somebody)
    expect_chat_ready(page)


def test_devices_are_listed_and_signed_out_from_another(page: Page, open_page: OpenPage) -> None:
    somebody = sign_up(page, "Alice")
    here = open_page()
    others = [open_page(user_agent=FIREFOX) for _ in range(2)]
    for other in (here, *others):
        sign_in(other, somebody)
        expect_chat_ready(other)
    chat_url = begin_chat(others[0], "Hello")
    here.goto("/settings")
    devices = here.get_by_role("main").get_by_role("listitem")
    expect(devices).to_have_count(4)
    expect(devices.first).to_contain_text("This device")
    expect(button(devices.first, "Sign out")).to_have_count(0)
    firefox = devices.filter(has_text="Firefox on Linux")
    expect(firefox.first).to_contain_text("127.0.0.1 · Last seen just now")

    for left in (1, 0):
        button(firefox.first, "Sign out").click()
        expect(firefox).to_have_count(left)
    expect_login(others[0])  # by itself, for a chat was open
    assert "next=" in others[0].url
    send(others[1], "Am I still here?")
    expect_login(others[1])
    sign_in(others[0], somebody)
    others[0].wait_for_url(chat_url)

    here.reload()
    button(here, "Sign out all other devices").click()
    expect(devices).to_have_count(1)
    expect_gone(button(here, "Sign out all other devices"))
    expect_login(others[0])
    send(page, "Am I still here?")
    expect_login(page)


def test_an_account_is_deleted_while_an_answer_runs(
    app: Served, provider: FakeProvider, page: Page
) -> None:
    somebody = sign_up(page, "Alice")
    gate = Gate(after=5)
    provider.enqueue(Answer(text="Words that never end. " * 50, gate=gate))
    send(page, "Tell me everything")
    expect(messages(page, "assistant")).to_contain_text("Words")
    composer(page).fill("Words that shall go")
    other = page.context.new_page()
    other.goto("/settings")
    expect_loaded(other)
    button(other, "Delete account").click()
    dialog = other.get_by_role("alertdialog")
    dialog.get_by_role("textbox", name="Password", exact=True).fill("not the one that counts")
    button(dialog, "Delete account").click()
    expect(dialog.get_by_role("alert")).to_contain_text("isn't right")
    button(dialog, "Cancel").click()
    expect(dialog).to_have_count(0)
    button(other, "Delete account").click()
    _give_password(dialog, somebody, "Delete account")

    other.wait_for_url(re.compile(r"/$"))
    provider.requests[-1].wait_closed_by_client()
    expect_login(page)
    assert (
        other.evaluate("Object.keys(localStorage).filter((k) => /^(draft|sending):/.test(k))") == []
    )
    assert "session" not in {cookie.get("name") for cookie in other.context.cookies(app.url)}
    assert not app.query("SELECT 1 FROM user_account WHERE email = :email", email=somebody.email)
    sign_in(page, somebody)
    expect(alert(page, "don't match")).to_be_visible()


def test_the_download_is_what_was_said(provider: FakeProvider, page: Page, tmp_path: Path) -> None:
    text = "# Walruses\n\n- *Odobenus* rosmarus\n\n```python\nprint('🦭')\n```\n"
    somebody = sign_up(page, "Alice")
    create_project(page, "Walrus research", "Speak of walruses only.")
    provider.enqueue(Answer(text=text))
    begin_chat(page, "What is a walrus?")
    page.goto("/settings")

    with page.expect_download() as started:
        page.get_by_role("link", name="Download my data").click()

    assert re.fullmatch(r"chatbot-data-\d{4}-\d\d-\d\d\.json", started.value.suggested_filename)
    started.value.save_as(tmp_path / "data.json")
    data = json.loads((tmp_path / "data.json").read_text("utf-8"))
    assert data["account"]["email"] == somebody.email
    project = next(p for p in data["projects"] if p["name"] == "Walrus research")
    assert project["system_prompt"] == "Speak of walruses only."
    (chat,) = project["chats"]
    question, answer = chat["messages"]
    assert (question["role"], question["content"]) == ("user", "What is a walrus?")
    assert (answer["role"], answer["content"]) == ("assistant", text)
    assert answer["parent_id"] == question["id"]
    assert chat["shown_message_id"] == answer["id"]


def _set_up(page: Page, somebody: Account) -> tuple[Phone, list[str]]:
    """Switch two-factor authentication on; gives the phone and the recovery codes."""
    page.goto("/settings")
    button(page, "Set up two-factor").click()
    dialog = page.get_by_role("dialog")
    _give_password(dialog, somebody, "Continue")
    expect(_code(dialog)).to_be_focused()
    picture = dialog.get_by_role("img", name="QR code for your authenticator app")
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth > 100)")
    phone = Phone(dialog.get_by_label("Secret").inner_text())
    _code(dialog).fill(phone.wrong_code())
    button(dialog, "Turn on").click()
    expect(dialog.get_by_role("alert")).to_contain_text("isn't right")
    _code(dialog).fill(phone.code())
    button(dialog, "Turn on").click()
    codes = _recovery_codes(dialog)
    assert len(codes) == 10
    page.mouse.click(5, 5)  # beside the dialog: what is shown once stays
    button(dialog, "Copy codes").click()
    page.wait_for_function(
        "async codes => (await navigator.clipboard.readText()).trim().split(/\\s+/).join() === codes",
        arg=",".join(codes),
    )
    button(dialog, "Done").click()
    expect(button(page, "Turn off")).to_be_visible()
    return phone, codes


def _give_password(dialog: Locator, somebody: Account, then: str) -> None:
    dialog.get_by_role("textbox", name="Password", exact=True).fill(somebody.password)
    button(dialog, then).click()


def _code(place: Page | Locator) -> Locator:
    return place.get_by_role("textbox", name="Code", exact=True)


def _recovery_codes(dialog: Locator) -> list[str]:
    expect(button(dialog, "Done")).to_be_visible()
    return dialog.get_by_label("Recovery codes").inner_text().split()
