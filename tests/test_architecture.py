"""What may import what, read from the modules themselves; each failure says what to do instead."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "chatbot_app"

# From the top down: a layer may import what is below it, and nothing beside or above it.
LAYERS = [
    {"__main__"},
    {"serving", "commands"},
    {"workers"},
    {"loading", "connections"},
    {"chatbot_app", "open_pages", "own_origin", "radix", "languages"},
    {"bundle", "fresh_start", "sockets"},
    {"pages", "api"},
    {"components"},
    {"state"},
    {"services"},
    {"generation"},
    {"repositories", "llm", "identity_providers", "mail"},
    {"migrations", "tab_locks"},
    {"models", "db", "security", "logs"},
    {"schemas", "config", "errors", "markdown", "cookies"},
    {"words"},
    {"addresses", "signing_secret", "callers"},
]
RANKS = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}

NOT_FOR_THE_API = {"components", "state"}
RUNS_IT = {
    "__main__",
    "serving",
    "workers",
    "loading",
    "chatbot_app",
    "bundle",
    "open_pages",
    "own_origin",
    "radix",
    "languages",
    "fresh_start",
    "sockets",
    "connections",
}
SEES_REFLEX = RUNS_IT | {"pages", "components", "state", "tab_locks"}
SEES_HTTP = RUNS_IT | {"api"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def room(path: Path) -> str:
    """Name the part of the house a module is in: its folder or, at the top, its own name."""
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    """Name every module that this one imports, in full, wherever in it the import stands."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports relatively; write the whole name."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms_used(path: Path) -> set[str]:
    parts = (imported.split(".") for imported in imports(path))
    return {part[1] for part in parts if part[0] == "chatbot_app" and len(part) > 1}


def imports_package(path: Path, *packages: str) -> bool:
    return any(imported.split(".")[0] in packages for imported in imports(path))


@pytest.mark.parametrize("path", modules(), ids=name)
def test_imports_point_one_way_only(path: Path):
    own = room(path)
    if own == "__init__":
        assert not rooms_used(path), "chatbot_app/__init__.py imports nothing."
        return
    assert own in RANKS, f"chatbot_app/{own} is on no layer: give it one here and in the design."
    for used in rooms_used(path) - {own}:
        assert used in RANKS, f"{name(path)} imports {used}, which is on no layer."
        assert RANKS[used] > RANKS[own], (
            f"{name(path)} imports {used}, which is not below {own}: move the code down, or hand in"
            " what is needed as an argument."
        )
        assert not (own == "api" and used in NOT_FOR_THE_API), (
            f"{name(path)} imports {used}: the API calls services and knows nothing of pages."
        )


@pytest.mark.parametrize("path", modules(), ids=name)
def test_only_what_is_shown_knows_reflex(path: Path):
    known = imports_package(path, "reflex", "reflex_base")
    assert not known or room(path) in SEES_REFLEX, (
        f"{name(path)} imports reflex, but must work without it: keep that in state or above."
    )


@pytest.mark.parametrize("path", modules(), ids=name)
def test_only_the_api_knows_http(path: Path):
    known = imports_package(path, "fastapi", "starlette")
    assert not known or room(path) in SEES_HTTP, (
        f"{name(path)} imports a web framework: raise an AppError, whose status the API knows."
    )


@pytest.mark.parametrize("path", modules(), ids=name)
def test_only_config_reads_the_environment(path: Path):
    readers = {"environ", "environb", "getenv", "getenvb", "load_dotenv"}
    used = {node.attr for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    used |= {imported.rsplit(".", 1)[-1] for imported in imports(path)}
    assert path.name == "config.py" or not used & readers, (
        f"{name(path)} reads the environment: make it a setting in config.py."
    )


@pytest.mark.parametrize("path", modules(), ids=name)
def test_only_db_ends_a_transaction(path: Path):
    called = {
        node.func.attr
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    assert path.name == "db.py" or not called & {"commit", "rollback"}, (
        f"{name(path)} ends a transaction: use db.session(), which is one."
    )


@pytest.mark.parametrize("path", modules(), ids=name)
def test_only_our_own_link_is_a_link_of_reflex(path: Path):
    used = {ast.unparse(node) for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)}
    assert name(path) == "components/links.py" or "rx.link" not in used, (
        f"{name(path)} uses rx.link, unreadable under the pointer: take components.links.link."
    )


@pytest.mark.parametrize("path", modules(), ids=name)
def test_every_module_says_what_belongs_in_it(path: Path):
    if path.stat().st_size:
        assert ast.get_docstring(tree(path)), f"{name(path)} needs a docstring at its top."


def test_a_start_reads_no_library_that_it_can_do_without(tmp_path: Path) -> None:
    """The OpenAI SDK where nobody is asked, Alembic where there is nothing to migrate."""
    script = "import sys, chatbot_app.chatbot_app; print(*sys.modules)"
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path)}
    read = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PACKAGE.parent,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert {"openai", "alembic"} & set(read.stdout.split()) == set()
