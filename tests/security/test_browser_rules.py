"""What every answer tells the browser not to do with it."""

import httpx2
import pytest
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route, Router

from chatbot_app.api.headers import content_security_policy, with_security_headers
from tests.served import Served

PATHS = [
    "/",
    "/login",
    "/projects",
    "/healthz",
    "/ping",
    "/app.js",
    "/api/auth/sign-out",
    "/nothing",
]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_framed_sniffed_or_told_to_other_sites(server: Served, path: str) -> None:
    headers = server.request(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert headers["strict-transport-security"] is None, "a promise of https over http binds nobody"


@pytest.mark.parametrize("path", ["/", "/login", "/projects"])
def test_a_page_runs_its_own_scripts_only_and_loads_from_nowhere_else(
    server: Served, path: str
) -> None:
    policy = server.request(path).headers["content-security-policy"]
    rules = {name: set(rest) for name, *rest in (rule.split() for rule in policy.split("; "))}
    assert rules["default-src"] == {"'self'"}
    own, *inline = sorted(rules["script-src"], key=lambda source: source != "'self'")
    assert own == "'self'"
    assert inline
    assert all(source.startswith("'sha256-") for source in inline)
    assert rules["object-src"] == rules["base-uri"] == {"'none'"}
    assert rules["form-action"] == {"'self'"}
    assert rules["img-src"] == rules["font-src"] == {"'self'", "data:"}


def test_what_is_no_page_may_load_nothing(server: Served) -> None:
    assert server.request("/healthz").headers["content-security-policy"] == (
        "default-src 'none'; frame-ancestors 'none'"
    )


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
