"""Calls that nobody wrote down: for any handler and any route, from what is right to what is absurd.

What a call is made of comes from the registry, so one that is added tomorrow is called too.
"""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import jwt
from hypothesis import strategies as st

from chatbot_app import security
from chatbot_app.models import now
from tests.conftest import PASSWORD
from tests.security.handlers import Handler, Route
from tests.served import JWT_SECRET

CANARY = f"typed-{uuid.uuid4().hex}"
"""Stands in all text that is made up here; the log may hold none of it."""

FORGED = "FORGED-LINE-OF-THE-LOG"
"""Would begin a line of the log if an address could bring its own line ends there."""

NEW_PASSWORD = f"{CANARY} a long and new password"

HUGE = CANARY + "x" * 900_000
LONG = CANARY + "x" * 70_000
NESTED: Any = json.loads("[" * 200 + "]" * 200)

KINDS = [*security.AUDIENCES]


@dataclass(frozen=True)
class Known:
    """What a caller knows: ids of its own and of somebody else's things, and how to sign in."""

    ids: list[dict[str, str]]
    emails: list[str]
    cookie: str
    tokens: list[str]
    """To be sent where no such token is taken."""
    origin: str

    def any_of(self, name: str) -> st.SearchStrategy[str]:
        """Give an id under this name, or under another."""
        every = [value for ids in self.ids for key, value in ids.items() if key != "confirmation"]
        fitting = [ids[name] for ids in self.ids if name in ids]
        return st.sampled_from([*(fitting * 6), *every, str(uuid.uuid4()), "", "not-an-id"])


@dataclass(frozen=True)
class Event:
    """What one event carries, and where its page says that it is."""

    payload: Any
    path: str
    query: dict[str, str]

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Have Hypothesis say enough to find it again, for what is sent may be a megabyte."""
        printer.text(f"{self.path} {self.query} {self.payload}"[:2000])


@dataclass(frozen=True)
class Request:
    """One plain request, whole."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Have Hypothesis say enough to find it again."""
        start = (self.body or b"")[:500]
        printer.text(f"{self.method} {self.path} {self.headers} {start!r}")


def texts() -> st.SearchStrategy[str]:
    """Text of any kind; what can be recognised in a log begins with the canary."""
    made_up = st.text(st.characters(exclude_categories=()), max_size=30)
    return st.one_of(
        made_up.map(lambda words: f"{CANARY}{words}"),
        made_up,
        st.sampled_from(
            [
                *(CANARY, f"{CANARY}\x00", f"\ud800{CANARY}\udfff", f"{CANARY}\r\n{FORGED}"),
                *("", " ", "\u202e", "0", "-1", "true", "null", "[object Object]", "../../etc"),
                *("%00", "%0d%0a", "' OR 1=1 --", "{{7*7}}", "${7*7}", "//evil.example"),
            ]
        ),
        st.just(LONG),
    )


def values() -> st.SearchStrategy[Any]:
    """Anything that JSON can say."""
    plain = st.one_of(
        texts(),
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.sampled_from([10**400, -(10**30), NESTED]),
    )
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(), inner, max_size=3),
        max_leaves=5,
    )


@st.composite
def events(draw: st.DrawFn, handler: Handler, known: Known) -> Event:
    """Draw what to send a handler: what it takes, with ids of any kind, and one thing wrong or none."""
    names = [*known.ids[0], *handler.arguments]
    payload = handler.good(**{name: draw(known.any_of(name)) for name in names})
    query = {name: draw(known.any_of(name)) for name in ("project_id", "chat_id")}
    path = f"/projects/{query['project_id']}/chat/{query['chat_id']}"
    where = draw(st.sampled_from([path, path, "/projects", f"/{CANARY}", ""]))
    return Event(_spoilt(draw, payload), where, query)


def _spoilt(draw: st.DrawFn, payload: dict[str, Any]) -> Any:
    flaw = draw(st.sampled_from(["none", "none", "value", "field", "extra", "missing", "other"]))
    where = draw(st.sampled_from([*payload] or [""]))
    inner = payload.get(where)
    if flaw == "value":
        payload[where] = draw(st.just(HUGE) | values())
    elif flaw == "field" and isinstance(inner, dict) and inner:
        payload[where] = {**inner, draw(st.sampled_from([*inner])): draw(st.just(HUGE) | values())}
    elif flaw == "extra":
        names = ["viewer", "self", "user_id", "role", "is_admin", "id", "", CANARY]
        payload[draw(st.sampled_from(names))] = draw(values())
    elif flaw == "missing":
        payload.pop(where, None)
    elif flaw == "other":
        return draw(values())
    return payload


@st.composite
def requests(draw: st.DrawFn, route: Route, known: Known) -> Request:
    """Draw a request to a route, by any method and with any headers, address and body."""
    method, _, path = route.partition(" ")
    while "{" in path:
        head, _, rest = path.partition("{")
        name, _, tail = rest.partition("}")
        value = draw(known.any_of(name.partition(":")[0]) | st.just(f"\r\n{FORGED}"))
        path = head + quote(value.encode("utf-8", "replace"), safe="") + tail
    path += draw(st.sampled_from(["", "", "", "", "", "/", "/..", f"%0d%0a{FORGED}", "%00", "%ff"]))
    others = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "WHATEVER"]
    return Request(
        draw(st.sampled_from([method] * 12 + others)),
        path + draw(_queries(route, known)),
        draw(_headers(known)),
        draw(_bodies(route, known)),
    )


@st.composite
def _queries(draw: st.DrawFn, route: Route, known: Known) -> str:
    names = draw(
        st.lists(
            st.sampled_from([*route.queries, "next", "token", "code", "state", "error"]), max_size=3
        )
    )
    if not names and not route.queries:
        return draw(st.sampled_from(["", "", f"?{CANARY}", "?%00=%ff&&==", f"?x={LONG[:5000]}"]))
    made_up = {name: draw(known.any_of(name) | texts()) for name in [*route.queries, *names]}
    return f"?{urlencode({k: v[:2000] for k, v in made_up.items()}, errors='replace')}"


@st.composite
def _headers(draw: st.DrawFn, known: Known) -> dict[str, str]:
    token = draw(st.sampled_from(known.tokens))
    cookies = [*([f"session={known.cookie}"] * 8), "", "session=", "session", "session=\xff\xfe"]
    cookies += [f"session={CANARY}", f"session={token}", f'session="{known.cookie}', ";;=;=", "="]
    cookies += [f"{known.cookie}", f"session={known.cookie}; session={CANARY}", "a=" + LONG[:5000]]
    bearers = ["", "", "", f"Bearer {token}", f"bearer  {token} ", "Bearer", f"Basic {CANARY}"]
    bearers += [f"Bearer {CANARY}", "Bearer \xff", f"Bearer {token}\t{token}", token]
    origins = ["", "", known.origin, known.origin, known.origin, "null", "https://evil.example"]
    types = ["application/json", "application/json", "text/plain", "", f"application/json;{CANARY}"]
    types += ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "\xff"]
    made = {
        "cookie": draw(st.sampled_from(cookies)),
        "authorization": draw(st.sampled_from(bearers)),
        "origin": draw(st.sampled_from(origins)),
        "content-type": draw(st.sampled_from(types)),
        "x-forwarded-for": draw(st.sampled_from(["", "", "1.2.3.4", CANARY, ",,,", "\xff"])),
        "user-agent": draw(st.sampled_from(["", CANARY, "\xff" * 300, f"x{CANARY}" * 50])),
        "x-request-id": draw(st.sampled_from(["", CANARY])),
        "accept-language": draw(st.sampled_from(["", "\xff", CANARY])),
    }
    return {name: value for name, value in made.items() if value}


@st.composite
def _bodies(draw: st.DrawFn, route: Route, known: Known) -> bytes | None:
    if not draw(st.integers(0, 9)):
        raw = [b"", b"\xff\xfe{", b"[" * 20_000, b"null", b'"' + LONG.encode(), b"\x00", b"{"]
        return draw(st.sampled_from(raw) | st.binary(max_size=50))
    good: dict[str, Any] = {}
    for name in route.fields:
        if name == "email":
            good[name] = draw(st.sampled_from(known.emails) | texts())
        elif "password" in name:
            typed = [PASSWORD, PASSWORD, NEW_PASSWORD, f"{CANARY} wrong"]
            good[name] = NEW_PASSWORD if "new" in name else draw(st.sampled_from(typed))
        else:
            good[name] = draw(known.any_of(name) | texts())
    body = _spoilt(draw, good)
    return None if not route.fields and body == {} else json.dumps(body).encode()


def tokens_of_every_kind(user_id: uuid.UUID, session_id: uuid.UUID) -> list[str]:
    """Make tokens that name a session and must open nothing: wrongly signed, unsigned, or over."""
    claims = security.Claims(user_id, session_id, now().replace(year=now().year + 1))
    over = security.Claims(user_id, session_id, now().replace(year=now().year - 1))
    found: list[str] = []
    for kind in KINDS:
        other = "a secret of somebody else's, long enough"
        found.append(security.issue_token(claims, secret=other, issued_at=now(), kind=kind))
        found.append(security.issue_token(over, secret=JWT_SECRET, issued_at=now(), kind=kind))
        unsigned: Any = jwt
        payload = {"sub": str(user_id), "sid": str(session_id), "aud": security.AUDIENCES[kind]}
        found.append(unsigned.encode(payload, None, algorithm="none", headers={"typ": kind}))
    return found
