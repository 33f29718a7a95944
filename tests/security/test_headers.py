"""What every response tells the browser not to do (docs/decisions/0012)."""

import httpx2
import pytest
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route, Router

from chatbot_app.api.headers import content_security_policy, with_security_headers
from tests.conftest import Person
from tests.served import Served

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
PAGES = ["/", "/login", "/register", "/projects", "/projects/x/chat/y", "/no-such-page"]
OTHERS = ["/app.js", "/styles.css", "/favicon.svg", "/healthz", "/readyz", "/ping"]


@pytest.mark.parametrize("path", PAGES + OTHERS)
def test_every_response_holds_other_sites_off(server: Served, path: str) -> None:
    headers = server.request(path).headers
    assert {name: headers[name] for name in EVERYWHERE} == EVERYWHERE
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["server"] is None
    assert headers["strict-transport-security"] is None, "a promise of https over http binds nobody"
    for name in (*EVERYWHERE, "content-security-policy"):
        assert len(headers.get_all(name)) == 1, name


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_run_and_load_only_what_is_ours(server: Served, path: str) -> None:
    headers = server.request(path).headers
    directives = dict(
        part.partition(" ")[::2] for part in headers["content-security-policy"].split("; ")
    )
    assert directives["default-src"] == "'none'"
    scripts = directives["script-src"].split()
    assert scripts[0] == "'self'"
    assert all(source.startswith("'sha256-") for source in scripts[1:])
    assert len(scripts) > 1
    assert directives["base-uri"] == directives["frame-ancestors"] == "'none'"
    assert directives["form-action"] == directives["connect-src"] == "'self'"
    assert directives["font-src"] == "'self' data:"
    assert directives.pop("img-src") == "'self' data: https:", "what somebody asks for: 0017"
    allowed = " ".join(value for name, value in directives.items() if name != "style-src")
    assert "unsafe" not in allowed
    assert "http" not in allowed
    assert "*" not in allowed
    assert "microphone=()" in headers["permissions-policy"]
    assert headers["x-dns-prefetch-control"] == "off"


@pytest.mark.parametrize("path", OTHERS)
def test_what_is_no_page_may_load_nothing(server: Served, path: str) -> None:
    policy = server.request(path).headers["content-security-policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_what_the_api_says_of_somebody_is_not_kept(server: Served, stranger: Person) -> None:
    for cookie in ("", stranger.token):
        answer = server.request("/api/auth/sign-out", method="POST", cookie=cookie)
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("is_https", [False, True])
async def test_on_https_the_browser_is_told_to_stay_with_it(is_https: bool) -> None:
    plain = Router(
        [Route("/", lambda _: HTMLResponse("")), Route("/j", lambda _: JSONResponse({}))]
    )
    policy = content_security_policy([])
    transport = httpx2.ASGITransport(with_security_headers(plain, policy=policy, is_https=is_https))
    async with httpx2.AsyncClient(transport=transport, base_url="https://chat.example") as client:
        for path in ("/", "/j"):
            told = (await client.get(path)).headers.get("strict-transport-security")
            assert told == ("max-age=31536000" if is_https else None)
