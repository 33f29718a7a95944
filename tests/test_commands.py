"""The operator's commands: what they say, and what they ask for."""

import asyncio
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot_app import commands
from chatbot_app.config import PROJECT_ROOT
from chatbot_app.errors import InvalidInput
from chatbot_app.schemas import Viewer
from chatbot_app.services import accounts, sessions
from tests.conftest import PASSWORD, Person

CHIEF = "chief@example.org"


def type_in(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> list[str]:
    """Sit at a terminal and type these when asked; gives what one is asked."""
    answers = iter(passwords)
    prompts: list[str] = []

    def asked(prompt: str) -> str:
        prompts.append(prompt)
        return next(answers)

    def at_a_terminal() -> bool:
        return True

    monkeypatch.setattr(commands, "getpass", asked)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setattr(sys.stdin, "isatty", at_a_terminal)
    return prompts


def pipe_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def sign_in() -> Viewer:
    """Sign the chief in."""
    signing = accounts.sign_in(email=CHIEF, password=PASSWORD, address="203.0.113.7")
    return sessions.resolve(asyncio.run(signing).token)


def test_at_a_terminal_the_password_is_asked_for_twice(
    database: str, monkeypatch: pytest.MonkeyPatch
):
    type_in(monkeypatch, PASSWORD, "something else")
    with pytest.raises(InvalidInput, match="not the same"):
        commands.create_admin(CHIEF, "")
    type_in(monkeypatch, PASSWORD, PASSWORD)
    assert commands.create_admin(CHIEF, "") == f"{CHIEF} is an administrator and can sign in."


def test_one_is_told_how_long_a_password_has_to_be_here(
    database: str, settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
):
    settings(PASSWORD_MIN_CHARS=20)
    prompts = type_in(monkeypatch, PASSWORD, "something else")
    with pytest.raises(InvalidInput):
        commands.create_admin(CHIEF, "")
    assert "20 characters at least" in prompts[0]


def test_a_script_gives_it_as_the_first_line(database: str, monkeypatch: pytest.MonkeyPatch):
    pipe_in(monkeypatch, f"{PASSWORD}\r\nanother line\n")
    commands.create_admin(CHIEF, "The chief")
    chief = sign_in()
    assert (chief.name, chief.is_admin) == ("The chief", True)


def test_without_a_name_the_email_gives_one(database: str, monkeypatch: pytest.MonkeyPatch):
    pipe_in(monkeypatch, f"{PASSWORD}\n")
    commands.create_admin(CHIEF, "")
    assert sign_in().name == "chief"


def test_an_account_that_is_there_is_promoted_without_a_password(
    alice: Person, monkeypatch: pytest.MonkeyPatch
):
    pipe_in(monkeypatch, "")
    said = commands.create_admin(alice.email, "")
    assert "already" in said
    assert sessions.resolve(alice.token).is_admin


def test_a_reset_link_is_printed(alice: Person):
    assert re.search(r"\nhttp://localhost:3000/reset#h\.\S+$", commands.reset_link(alice.email))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("reset-link", "nobody@example.org"), "There is no account with this email."),
        (("create-admin", CHIEF), "it needs at least 15"),
        (("create-admin", "nobody"), "doesn't look like an email"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
):
    environment = {"PATH": os.environ["PATH"], "HOME": "/", "DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-m", "chatbot_app", *arguments],
        cwd=PROJECT_ROOT,
        env=environment,
        input="short\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
