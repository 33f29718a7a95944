"""What the log says: which request a line belongs to, and no secret, wherever it stands."""

import io
import json
import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chatbot_app import callers, logs

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"
BCRYPT = "$2b$04$Dv2x6dPXrhaxuwrh1XAf6e2TIKlX6PC8fdZuQXA7arkNCdlwyXV56"
WORD = "canary-5f1d"

SECRETS = {
    JWT: JWT,
    f"cookie session={JWT}; x": JWT,
    BCRYPT: BCRYPT,
    "sk-or-v1-canary5f1d0123": "canary",
    "key sk-canary5f1d": "canary",
    f"password={WORD}": WORD,
    f"new_password: {WORD}": WORD,
    f"password=a horse reads {WORD}": WORD,
    rf"{{'password': 'back\\slash {WORD}'}}": WORD,
    "got Basic YWxpY2U6Y2FuYXJ5Xw==": "YWxpY2U6",
    f"token={WORD}&next=/": WORD,
    f'{{"password": "{WORD} with spaces"}}': WORD,
    f"{{'current_password': '{WORD} with spaces', 'x': 1}}": "with spaces",
    f"Authorization: Bearer {WORD}": WORD,
    f"got Bearer {WORD}": WORD,
    f"OPENAI_API_KEY={WORD}": WORD,
    f"postgresql://chat:{WORD}@db.local/chat": WORD,
    f"https://chat.example.com/reset#{WORD}": WORD,
    f"/invitation#{WORD}": WORD,
    f"GET /api/oidc/callback?code={WORD}&state=1": WORD,
}

HARMLESS = [
    "GET /api/auth/sign-in 200 in 12 ms",
    "Redis can't be reached, so no page works: Connection refused",
    "Conversation.send_message failed",
    "refused an event that no page sends",
    "the provider took 60 s to the first token",
    "The database went from schema 0002 to 0003.",
    "https://chat.example.com/projects/8c1f/chat/02aa answered 200",
    "the account of 8c1f2b7e-7d1c-4a5e-9f43-6a1b0c9d2e3f is disabled",
    "tasks: 12, task-1 risk-free",
    "ended with code: 23505 (unique_violation)",
]

LONG = [
    "a-",
    "a_",
    "eyJ",
    "eyJabcd.",
    "://",
    "password='",
    "token",
    "a#bb",
    "bearer ",
    "$2b$",
    "sk-",
]


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Log in either form; gives what was written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Objects() if request.param == "json" else logs.Lines())
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    logs.redact()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    logging.setLogRecordFactory(factory)


log = logging.getLogger("any.library")


class Refusal(Exception):
    """An error whose words quote a secret."""


@pytest.mark.parametrize(("text", "secret"), SECRETS.items(), ids=str)
def test_no_secret_is_written_wherever_it_stands(
    written: io.StringIO, text: str, secret: str
) -> None:
    log.warning(text)
    log.warning("it said %s", text)
    log.warning("it said %r", {"what": text})
    log.warning("it said", extra={"detail": text, "details": [{"deep": text}]})
    try:
        raise Refusal(text)
    except Refusal as error:
        log.exception("it failed")
        log.warning("it failed", exc_info=error)
        log.error("it failed: %s", error, stack_info=True)
    assert secret not in written.getvalue()
    assert logs.SECRET in written.getvalue()
    assert "Refusal" in written.getvalue()


@pytest.mark.parametrize("text", HARMLESS)
def test_everything_else_is_written_as_it_is(written: io.StringIO, text: str) -> None:
    log.warning("%s", text)
    assert text in written.getvalue()


def test_what_stands_around_a_secret_stays() -> None:
    assert logs.without_secrets(f"a token={WORD} here") == f"a token={logs.SECRET} here"
    assert logs.without_secrets(f'{{"token": "{WORD}"}}') == f'{{"token": "{logs.SECRET}"}}'
    address = logs.without_secrets(f"at postgresql://chat:{WORD}@db.local/chat")
    assert address == f"at postgresql://{logs.SECRET}@db.local/chat"


@pytest.mark.parametrize("written", ["json"], indirect=True)
def test_json_is_one_object_a_line_with_named_fields(written: io.StringIO) -> None:
    callers.enter(callers.Caller("203.0.113.7", "Firefox", "0123456789abcdef"))
    try:
        log.warning("two\nlines of %s", "Zoë", extra={"took": 12, "api_key": WORD})
        raise Refusal("in vain")
    except Refusal:
        log.exception("it failed")
    finally:
        callers.enter(callers.NOBODY)
    first, second = (json.loads(line) for line in written.getvalue().splitlines())
    assert first["message"] == "two\nlines of Zoë"
    assert (first["level"], first["logger"]) == ("WARNING", "any.library")
    assert first["request_id"] == "0123456789abcdef"
    assert (first["took"], first["api_key"]) == (12, logs.SECRET)
    assert first["time"].endswith("+00:00")
    assert "Refusal: in vain" in second["exc_info"]
    assert "203.0.113.7" not in written.getvalue(), "who it was, the log need not know"


@pytest.mark.parametrize("written", ["text"], indirect=True)
def test_a_line_names_its_request_and_nobody_can_write_another(written: io.StringIO) -> None:
    callers.enter(callers.Caller(request_id="0123456789abcdef"))
    try:
        log.warning("GET %s", "/api/x\n2026-01-01 ERROR chatbot_app: forged\x1b[2J")
    finally:
        callers.enter(callers.NOBODY)
    log.warning("nobody in particular")
    first, second = written.getvalue().splitlines()
    assert " WARNING any.library [0123456789abcdef]: GET /api/x\\n2026" in first
    assert "\x1b" not in first
    assert second.endswith(" WARNING any.library: nobody in particular")


@pytest.mark.parametrize("name", ["reflex.app", "socketio.server", "engineio.server"])
def test_libraries_that_quote_are_cut_short_as_before(written: io.StringIO, name: str) -> None:
    logging.getLogger(name).warning("received event %s with payload %s", "x", WORD)
    try:
        raise Refusal(WORD)
    except Refusal:
        logging.getLogger(name).exception("failed")
    assert WORD not in written.getvalue()
    assert "Refusal" in written.getvalue()


@pytest.mark.parametrize("piece", LONG)
def test_no_text_makes_it_slow(piece: str) -> None:
    began = time.process_time()
    logs.without_secrets(piece * 50_000)
    assert time.process_time() - began < 1


def test_an_odd_object_is_no_reason_not_to_log(written: io.StringIO) -> None:
    odd: Any = {1: {2: object()}, "bytes": b"x", "set": {1}}
    log.warning("it said", extra={"odd": odd})
    assert "it said" in written.getvalue()
