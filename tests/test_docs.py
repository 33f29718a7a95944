"""The documentation names what exists, its links lead somewhere, and its example passes the tests."""

import ast
import re
import textwrap
from functools import cache
from pathlib import Path

import pytest

from chatbot_app.api.headers import content_security_policy
from chatbot_app.config import PROJECT_ROOT
from tests.security.handlers import described, registry
from tests.test_architecture import LAYERS
from tests.test_words import unmarked

README = PROJECT_ROOT / "README.md"
HELLO = "chatbot_app___state___hello____hello."
SECURITY = PROJECT_ROOT / "docs/security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
RELIABILITY = PROJECT_ROOT / "docs/reliability.md"
PAGES = sorted(PROJECT_ROOT.glob("*.md")) + sorted((PROJECT_ROOT / "docs").rglob("*.md"))
PACKAGE = PROJECT_ROOT / "chatbot_app"
FOLDERS = ("alembic", "assets", "bench", "chatbot_app", "docs", "scripts", "tests")
OURS = {
    f"/{path.relative_to(PROJECT_ROOT)}"
    for folder in FOLDERS
    for path in [PROJECT_ROOT / folder, *(PROJECT_ROOT / folder).rglob("*")]
}
"""Every file and folder of the repository, but for the few that lie at its root."""
MADE_UP = {"chatbot_app/pages/hello.py", "chatbot_app/state/hello.py"}


def said_as_code(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


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


def test_every_part_of_the_pages_policy_is_explained() -> None:
    text = (PROJECT_ROOT / "docs/decisions/0012-what-the-pages-may-do.md").read_text()
    directives = content_security_policy([]).split("; ")
    assert [directive for directive in directives if f"`{directive}`" not in text] == []


def test_the_map_of_the_package_shows_every_room() -> None:
    text = (PROJECT_ROOT / "CONTRIBUTING.md").read_text()
    shown = re.findall(r"^    (?:  → )?((?:\w+, )*\w+)$", text, re.MULTILINE)
    assert [set(layer.split(", ")) for layer in shown] == LAYERS
    rows = "".join(line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `"))
    told = {word.rstrip("/") for word in said_as_code(rows)}
    assert told == set().union(*LAYERS, {"assets", "locales"})


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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_of_ours_that_a_page_names_exists(page: Path) -> None:
    named = {
        word.rstrip("/").partition("::")[0]
        for word in said_as_code(page.read_text())
        if re.fullmatch(rf"({'|'.join(FOLDERS)})/[\w./:-]*|[\w/-]+\.(py|js|css)", word)
    }
    named -= MADE_UP
    assert [path for path in named if not any(f.endswith(f"/{path}") for f in OURS)] == []


@cache
def defined_in(module: Path) -> frozenset[str]:
    """Everything that a module, its classes and functions give a name to; a package has modules."""
    names = {path.stem for path in module.parent.iterdir() if module.name == "__init__.py"}
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name)
    return frozenset(names)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_name_of_ours_that_a_page_takes_out_of_a_module_is_in_it(page: Path) -> None:
    for word in said_as_code(page.read_text()):
        named = re.fullmatch(r"([a-z_]+(?:\.[a-z_]+)*)\.(\w+)(\(\))?", word)
        if not named or named[2] in {"py", "js", "css", "json"}:
            continue
        path = f"/{named[1].replace('.', '/')}"
        endings = (f"{path}.py", f"{path}/__init__.py")
        modules = [file for file in PACKAGE.rglob("*.py") if str(file).endswith(endings)]
        assert not modules or any(named[2] in defined_in(file) for file in modules), word


def test_every_test_that_a_promise_of_what_survives_names_exists() -> None:
    rows = [line for line in RELIABILITY.read_text().splitlines() if "`test" in line]
    assert len(rows) > 25
    for row in rows:
        names = frozenset[str]()
        for word in said_as_code(row.strip("| ").rpartition(" | ")[2]):
            if file := re.match(r"[\w/]+\.py", word):
                at_root = file[0].startswith("tests/")
                names = names_in(PROJECT_ROOT / ("" if at_root else "tests/faults") / file[0])
                assert names, word
            elif not word.startswith("tests/"):
                begun = f"test_{word.rstrip('…')}"
                assert any(n.startswith(begun) and (n == begun or "…" in word) for n in names), word
