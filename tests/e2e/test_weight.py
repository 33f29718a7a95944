"""What a browser that comes for the first time is sent, and what not."""

import gzip
import http.client
import re
import uuid

import pytest
from playwright.sync_api import Page, Route, expect

from chatbot_app.config import PROJECT_ROOT
from tests.e2e.steps import (
    CHAT_URL,
    begin_chat,
    composer,
    expect_chat_ready,
    expect_status,
    messages,
    sign_up,
)
from tests.fake_provider import FakeProvider
from tests.loopback import HOST
from tests.served import Served


def style_sheet(app: Served) -> str:
    """Give the address of the one sheet that all pages have."""
    [address] = re.findall(
        r'href="(/assets/[^"]+\.css)" rel="stylesheet"', app.request("/login").text
    )
    return address


def fetch(app: Served, path: str, encodings: str) -> tuple[str | None, str | None, bytes]:
    """Get a file as a browser does that takes these encodings: how it came, `Vary`, the bytes."""
    connection = http.client.HTTPConnection(HOST, app.port)
    connection.request("GET", path, headers={"accept-encoding": encodings})
    answer = connection.getresponse()
    got = answer.headers["content-encoding"], answer.headers["vary"], answer.read()
    connection.close()
    return got


@pytest.mark.parametrize("what", ["a page", "its style sheet"])
def test_each_browser_gets_the_smallest_form_that_it_takes(app: Served, what: str):
    path = "/login" if what == "a page" else style_sheet(app)
    plain = fetch(app, path, "identity")
    zipped = fetch(app, path, "gzip, deflate")
    smallest = fetch(app, path, "gzip, deflate, br, zstd")

    assert [answer[0] for answer in (plain, zipped, smallest)] == [None, "gzip", "br"]
    assert all("Accept-Encoding" in str(answer[1]) for answer in (plain, zipped, smallest))
    assert gzip.decompress(zipped[2]) == plain[2]
    assert len(smallest[2]) < len(zipped[2]) < len(plain[2])


def test_every_token_that_our_styles_use_is_there(app: Served):
    ours = (PROJECT_ROOT / "assets" / "styles.css").read_text()
    served = app.request(style_sheet(app)).text
    used = set(re.findall(r"var\((--[\w-]+)\)", ours))

    assert not {token for token in used if f"{token}:" not in served}


def test_components_that_no_page_has_bring_no_styles(app: Served):
    served = app.request(style_sheet(app)).text

    for used in ("BaseMenuContent", "BaseDialogContent", "SegmentedControlItem"):
        assert f".rt-{used}" in served
    for unused in ("Avatar", "Slider", "TextField", r"md\:rt-r-size"):
        assert f".rt-{unused}" not in served


def test_a_page_names_all_that_it_loads_at_once(app: Served, page: Page):
    sign_up(page, "Alice")
    chat = page.url
    for address in (chat, chat.removesuffix("/chat"), "/projects", "/settings"):
        loaded = list[str]()
        page.on("request", lambda request, to=loaded: to.append(request.url.removeprefix(app.url)))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        named = app.request(address.removeprefix(app.url)).text

        assert not [path for path in loaded if path.endswith((".js", ".css")) and path not in named]


def test_only_a_page_carries_the_long_policy(app: Served):
    policies = [
        app.request(path).headers["content-security-policy"]
        for path in ("/login", "/assets/gone.js", style_sheet(app), "/healthz")
    ]

    assert ["sha256-" in policy for policy in policies] == [True, True, False, False]
    assert all("frame-ancestors 'none'" in policy for policy in policies)


def test_a_page_that_the_browser_has_still_keeps_its_policy(app: Served):
    etag = app.request("/login").headers["etag"]
    same = app.request("/login", headers={"if-none-match": etag})

    assert same.status == 304
    assert "content-security-policy" not in same.headers


@pytest.mark.parametrize("chat", ["a new chat", "one with a message"])
def test_what_is_written_and_sent_before_any_script_has_run_is_asked_once(
    provider: FakeProvider, page: Page, chat: str
):
    sign_up(page, "Alice")
    if chat == "one with a message":
        begin_chat(page, "Good morning")
    before = len(provider.requests)
    held = list[Route]()

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/assets/entry*", hold)
    page.reload(wait_until="commit")
    composer(page).press_sequentially("Is anybody there")
    page.wait_for_load_state("domcontentloaded")  # app.js has run, the framework has not
    composer(page).press_sequentially("?")
    composer(page).press("Enter")
    expect(composer(page)).to_have_value("Is anybody there?")
    provider.expect_requests(before)

    [entry] = held
    entry.continue_()
    page.wait_for_url(CHAT_URL)
    expect(messages(page, "user").last).to_have_text(re.compile("Is anybody there"))
    expect_status(page, "complete")
    expect_chat_ready(page)
    expect(composer(page)).to_have_value("")
    provider.expect_requests(before + 1)


@pytest.mark.parametrize(
    ("offer", "taken"),
    [
        ("permessage-deflate; client_max_window_bits", "server_max_window_bits=14"),
        ("", None),
    ],
)
def test_a_websocket_that_can_be_is_deflated_with_a_window_that_holds_a_few_updates(
    app: Served, offer: str, taken: str | None
):
    headers = {
        "Origin": app.url,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        **({"Sec-WebSocket-Extensions": offer} if offer else {}),
    }
    connection = http.client.HTTPConnection(HOST, app.port)
    connection.request(
        "GET", f"/_event/?token={uuid.uuid4()}&EIO=4&transport=websocket", headers=headers
    )
    answer = connection.getresponse()
    extensions = answer.headers["sec-websocket-extensions"]
    connection.close()

    assert answer.status == 101
    assert taken in extensions if taken else extensions is None
