"""The documentation names what exists, its links lead somewhere, and its example passes the tests."""

import ast
import re
import textwrap
from functools import cache
from pathlib import Path

import pytest

from chatbot_app.config import PROJECT_ROOT
from tests.security.handlers import described, registry
from tests.test_words import unmarked

README = PROJECT_ROOT / "README.md"
HELLO = "chatbot_app___state___hello____hello."
SECURITY = PROJECT_ROOT / "docs/security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
PAGES = sorted(PROJECT_ROOT.glob("*.md")) + sorted((PROJECT_ROOT / "docs").glob("*.md"))


@cache
def names_in(file: Path) -> frozenset[str]:
    """Give the names of a module's tests."""
    defined = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = {node.name for node in ast.parse(file.read_text()).body if isinstance(node, defined)}
    return frozenset(name for name in names if name.startswith("test_"))


def test_every_test_that_a_promise_of_security_names_exists() -> None:
    named = NAMED.findall(SECURITY.read_text())
    assert len(named) > 30
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (PROJECT_ROOT / file).is_file()
        or not names_in(PROJECT_ROOT / file)
        or (name and name not in names_in(PROJECT_ROOT / file))
    ]
    assert missing == []


def test_every_promise_of_security_says_what_holds_it() -> None:
    text = SECURITY.read_text()
    table = text[text.index("## Promises") : text.index("## What an operator must do")]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    assert len(rows) > 30
    assert [row for row in rows[2:] if "`tests/" not in row[-1]] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_links_to_exists(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)[^)]*\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def examples(language: str) -> list[str]:
    """The README's blocks of code in this language, in their order."""
    found = re.findall(
        rf"^ *```{language}\n(.*?)^ *```$", README.read_text(), re.MULTILINE | re.DOTALL
    )
    return [textwrap.dedent(block) for block in found]


def test_the_page_that_the_readme_adds_says_everything_in_the_readers_language() -> None:
    page, state = (ast.parse(example) for example in examples("python"))
    for module in (page, state):
        assert list(unmarked(module)) == []
        assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(module))


def test_the_page_that_the_readme_adds_is_listed_as_it_shows(tmp_path: Path) -> None:
    _page, state = examples("python")
    [lines] = examples("text")
    handlers, _routes = registry(tmp_path, hello=state)
    hellos = [handler for handler in handlers if handler.name.partition(".")[2].startswith(HELLO)]
    assert described(hellos, []) == lines.splitlines()
