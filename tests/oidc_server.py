"""An OpenID Connect provider and a GitHub on loopback, which check what real ones check and lie where
they are told to.

    with IdentityServer() as server:
        ...                                 # an app with OIDC_ISSUER=server.issuer, GITHUB_URL=server.github
        server.person = Stranger            # who sits at the browser, as far as the provider knows
        server.faults.algorithm = "none"    # what it does wrong from now on

Nobody is asked for a password: whoever comes is `person`. A code is good once, for the client, the
redirect address and the verifier that it was made for.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import socket
import threading
import time
from dataclasses import dataclass, field, replace
from functools import cache
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote_plus, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.loopback import HOST, free_port

CLIENT_ID = "chatbot"
CLIENT_SECRET = "only-the-two-of-us-know-it"

LEFT_OUT = "left out"


@dataclass(frozen=True)
class Somebody:
    """Who is known at the provider."""

    subject: str = "1001"
    email: str = "Dana@Example.org"
    is_verified: Any = True
    name: str = "Dana Scully"


@dataclass
class Faults:
    """What it does wrong. `claims` change the ID token's own; LEFT_OUT leaves one out."""

    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"
    key_id: str | None = None
    foreign_key: bool = False
    id_token: bool = True
    email_in_token: bool = True
    userinfo_subject: str = ""
    document: dict[str, Any] = field(default_factory=dict)
    callback: dict[str, str] = field(default_factory=dict)
    token_status: int = 200
    token_body: Any = None
    keys_status: int = 200
    delay: float = 0.0
    primary_email: bool = True
    expires_in: int = 3600


@dataclass(frozen=True)
class Grant:
    """What a code stands for."""

    asked: dict[str, str]
    person: Somebody


class IdentityServer:
    """The server, running in a thread of its own while the `with` block lasts."""

    def __init__(self, *, name: str = HOST) -> None:
        """Be known by this name; for a browser, `localhost` is another site than 127.0.0.1."""
        self._socket = socket.create_server((HOST, free_port()))
        self.url = f"http://{name}:{self._socket.getsockname()[1]}"
        self.issuer = f"{self.url}/oidc"
        self.github = f"{self.url}/github"
        self.reset()
        routes = [
            Route("/oidc/.well-known/openid-configuration", self._document),
            Route("/oidc/keys", self._keys),
            Route("/oidc/authorize", self._authorize),
            Route("/oidc/token", self._token, methods=["POST"]),
            Route("/oidc/userinfo", self._userinfo),
            Route("/github/login/oauth/authorize", self._authorize),
            Route("/github/login/oauth/access_token", self._github_token, methods=["POST"]),
            Route("/github/api/v3/user", self._github_user),
            Route("/github/api/v3/user/emails", self._github_emails),
        ]
        config = uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off")
        config.timeout_graceful_shutdown = 0
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve(sockets=[self._socket])), daemon=True
        )

    def reset(self) -> None:
        """Be honest, and know nobody but Dana."""
        self.person = Somebody()
        self.faults = Faults()
        self.requests: list[str] = []
        self.key = _usual_key()
        self._grants: dict[str, Grant] = {}
        self._tokens: dict[str, Somebody] = {}

    def rotate_key(self) -> None:
        """Sign with another key from now on, and publish that one alone."""
        self.key = _new_key()

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a client that knows this provider as both."""
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
            "OIDC_NAME": "Example Works",
            "GITHUB_URL": self.github,
            "GITHUB_CLIENT_ID": CLIENT_ID,
            "GITHUB_CLIENT_SECRET": CLIENT_SECRET,
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    async def _arrived(self, request: Request) -> None:
        self.requests.append(request.url.path)
        await asyncio.sleep(self.faults.delay)

    async def _document(self, request: Request) -> Response:
        await self._arrived(request)
        at = self.issuer
        known = {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
            "userinfo_endpoint": f"{at}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.faults.document,
        }
        return JSONResponse({k: v for k, v in known.items() if v != LEFT_OUT})

    async def _keys(self, request: Request) -> Response:
        await self._arrived(request)
        odd = {"kty": "AKP", "kid": "tomorrow", "alg": "ML-DSA-44", "pub": "AA"}
        published = {**self.key.as_dict(private=False), "use": "sig"}
        return JSONResponse({"keys": [odd, published]}, status_code=self.faults.keys_status)

    async def _authorize(self, request: Request) -> Response:
        await self._arrived(request)
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        if "/oidc/" in request.url.path:
            assert asked["nonce"]
            assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._grants[code] = Grant(asked, self.person)
        answer = {"code": code, "state": asked["state"], **self.faults.callback}
        return RedirectResponse(
            f"{asked['redirect_uri']}?{urlencode({k: v for k, v in answer.items() if v})}", 302
        )

    async def _redeem(self, request: Request) -> Grant | Response:
        """Trade a code, once, if client, redirect address and verifier are the right ones."""
        form = {k: v[0] for k, v in parse_qs((await request.body()).decode()).items()}
        scheme, _, basic = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            names = base64.b64decode(basic).decode().split(":", 1)
            client = [unquote_plus(name) for name in names]  # RFC 6749, 2.3.1
        else:
            client = [form.get("client_id", ""), form.get("client_secret", "")]
        if client != [CLIENT_ID, CLIENT_SECRET]:
            return JSONResponse({"error": "invalid_client"}, 401)
        grant = self._grants.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            grant is None
            or grant.asked["redirect_uri"] != form.get("redirect_uri")
            or grant.asked["code_challenge"] != challenge
            or form.get("grant_type") != "authorization_code"
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return grant

    async def _token(self, request: Request) -> Response:
        await self._arrived(request)
        grant = await self._redeem(request)
        if isinstance(grant, Response):
            return grant
        if self.faults.token_body is not None or self.faults.token_status != 200:
            return JSONResponse(self.faults.token_body or {}, self.faults.token_status)
        token = secrets.token_urlsafe(16)
        self._tokens[token] = grant.person
        answer: dict[str, Any] = {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": self.faults.expires_in,
        }
        if self.faults.id_token:
            answer["id_token"] = self._id_token(grant)
        return JSONResponse(answer)

    def _id_token(self, grant: Grant) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": grant.person.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": grant.asked["nonce"],
        }
        if self.faults.email_in_token:
            claims |= _email_claims(grant.person)
        claims |= self.faults.claims
        claims = {k: v for k, v in claims.items() if v != LEFT_OUT}
        header = {"alg": self.faults.algorithm, "kid": self.faults.key_id or self.key.kid}
        if self.faults.key_id == LEFT_OUT:
            del header["kid"]
        if header["alg"] in ("none", "HS256"):
            return _forged(header, claims, self.key)
        key = _new_key() if self.faults.foreign_key else self.key
        return jwt.encode(header, claims, key, algorithms=[self.faults.algorithm])

    async def _userinfo(self, request: Request) -> Response:
        await self._arrived(request)
        person = self._bearer(request)
        subject = self.faults.userinfo_subject or person.subject
        return JSONResponse({"sub": subject, **_email_claims(person)})

    def _bearer(self, request: Request) -> Somebody:
        return self._tokens[request.headers["authorization"].removeprefix("Bearer ")]

    async def _github_token(self, request: Request) -> Response:
        await self._arrived(request)
        grant = await self._redeem(request)
        if isinstance(grant, Response):  # GitHub says that with 200
            return JSONResponse({"error": "bad_verification_code"})
        if self.faults.token_status != 200:
            return JSONResponse({}, self.faults.token_status)
        token = secrets.token_urlsafe(16)
        self._tokens[token] = grant.person
        return JSONResponse({"access_token": token, "token_type": "bearer", "scope": "user:email"})

    async def _github_user(self, request: Request) -> Response:
        await self._arrived(request)
        person = self._bearer(request)
        return JSONResponse({"id": int(person.subject), "login": "dana", "name": person.name})

    async def _github_emails(self, request: Request) -> Response:
        await self._arrived(request)
        person = self._bearer(request)
        return JSONResponse(
            [
                {"email": "old@example.org", "primary": False, "verified": True},
                {
                    "email": person.email,
                    "primary": self.faults.primary_email,
                    "verified": person.is_verified,
                },
            ]
        )


def _email_claims(person: Somebody) -> dict[str, Any]:
    return {"email": person.email, "email_verified": person.is_verified, "name": person.name}


@cache
def _usual_key() -> RSAKey:
    return _new_key()  # which takes a while


def _new_key() -> RSAKey:
    key = RSAKey.generate_key(2048)
    return RSAKey.import_key({**key.as_dict(private=True), "kid": secrets.token_hex(4)})


def _forged(header: dict[str, Any], claims: dict[str, Any], key: RSAKey) -> str:
    """Make a token that anybody could: unsigned, or signed with what everybody may know."""
    signed = b".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
    public = key.as_pem(private=False)
    signature = hmac.digest(public, signed, "sha256") if header["alg"] == "HS256" else b""
    return (signed + b"." + _encoded(signature)).decode()


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def another(**changes: Any) -> Somebody:
    """Somebody else than Dana, in what is named."""
    return replace(Somebody(), **changes)
