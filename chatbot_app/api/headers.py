"""What every response tells the browser not to do (ASVS V3.4)."""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)

NO_PAGE = b"default-src 'none'; frame-ancestors 'none'"

ALWAYS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    # No page of another site shares a window with ours, or loads anything of ours (CORP, Fetch).
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-permitted-cross-domain-policies", b"none"),
]

FOR_PAGES = [
    (
        b"permissions-policy",
        b"camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()",
    ),
    # The host of a link in an answer would be looked up before anybody clicks on it, and a host's
    # name can carry what the answer knows.
    (b"x-dns-prefetch-control", b"off"),
]

NOT_KEPT = (b"cache-control", b"no-store")


def script_hashes(pages: Iterable[Path]) -> list[str]:
    """The inline scripts of these pages, as a content security policy names them (CSP Level 3,
    section 6.7.2).

    The framework starts each page with a few inline lines. They are known once it is built, so they
    are allowed by their hashes, and every other inline script is refused.
    """
    scripts = {s for page in pages for s in INLINE_SCRIPT.findall(page.read_text("utf-8"))}
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return sorted(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def content_security_policy(hashes: list[str]) -> str:
    """Scripts of our own only, nothing from other hosts, no frames around us.

    What is not named is refused: frames, workers, plug-ins, media. Styles may stand in the page:
    Radix positions its menus and KaTeX its formulas with style attributes. Why it is as it is stands
    in docs/decisions/0012-what-the-pages-may-do.md.
    """
    scripts = " ".join(["'self'", *hashes])
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: https:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _names(headers: list[tuple[bytes, bytes]], wanted: bytes) -> bool:
    return any(name.lower() == wanted for name, _ in headers)


def _is_page(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/html")
        for name, value in headers
    )


def with_security_headers(app: ASGIApp, *, policy: str, is_https: bool) -> ASGIApp:
    """The application with these headers on every response.

    The policy is long, for its hashes, and for pages only; what is none may load nothing and be
    framed by nobody. A page that the browser has still keeps the policy that it came with (RFC 9111,
    section 3.2: what a 304 says takes its place).
    """
    headers = [*ALWAYS]
    page_policy = policy.encode()
    if is_https:
        headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = list(message.get("headers", ()))
                if message["status"] != 304:
                    is_page = _is_page(own)
                    own.append((b"content-security-policy", page_policy if is_page else NO_PAGE))
                    own += FOR_PAGES if is_page else ()
                if scope["path"].startswith("/api/") and not _names(own, b"cache-control"):
                    own.append(NOT_KEPT)  # it may be about somebody
                message = {**message, "headers": [*own, *headers]}
            await send(message)

        await app(scope, receive, send_guarded if scope["type"] == "http" else send)

    return guarded
