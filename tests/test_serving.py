import contextlib
import multiprocessing
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import psutil
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from chatbot_app import bundle, serving
from chatbot_app.bundle import BuildFailed
from chatbot_app.config import Settings
from chatbot_app.own_origin import STAND_IN, replace_stand_in
from chatbot_app.serving import CannotStart

# Does what Reflex's export leaves behind, in no time. Its argument says how it ends.
EXPORT = """
import os, pathlib, sys, time
print("Initializing the web directory.")
pathlib.Path("builds").open("a").write("x")
pathlib.Path("pid").write_text(str(os.getpid()))
client = pathlib.Path(".web/build/client")
client.mkdir(parents=True, exist_ok=True)
(client / "index.html").write_text(pathlib.Path("chatbot_app/page.py").read_text())
backend = pathlib.Path(".web/backend")
backend.mkdir(exist_ok=True)
(backend / "stateful_pages.json").write_text("[]")
if sys.argv[1] == "settle the lock":
    pathlib.Path("reflex.lock/package-lock.json").write_text("settled")
if sys.argv[1] == "edit":
    pathlib.Path("chatbot_app/page.py").write_text("edited in the meantime")
if sys.argv[1] == "hang":
    time.sleep(60)
if sys.argv[1] == "fail":
    sys.exit("npm error network is unreachable")
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project of one page, whose build takes no time."""
    root = tmp_path / "project"
    for folder in ("chatbot_app", "assets", "reflex.lock"):
        (root / folder).mkdir(parents=True)
    (root / "chatbot_app" / "page.py").write_text("first")
    (root / "assets" / "styles.css").write_text("body {}")
    (root / "reflex.lock" / "package-lock.json").write_text("{}")
    (root / "rxconfig.py").touch()
    monkeypatch.setattr(bundle, "_npm_registry", lambda root: "https://registry.invalid")
    build_ends(monkeypatch, "well")
    return root


def build_ends(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(bundle, "EXPORT", (sys.executable, "-u", "-c", EXPORT, how))


def ensure(root: Path, **settings: object) -> Path:
    return bundle.ensure(Settings.model_validate(settings), lambda line: None, root=root)


def builds(root: Path) -> int:
    return len((root / "builds").read_text())


def finished(root: Path) -> list[Path]:
    return list((root / ".bundles").glob("*/build/client"))


def test_an_unchanged_project_is_built_once(root: Path):
    assert ensure(root) == ensure(root)
    assert builds(root) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"port": 4100},
        {"host": "0.0.0.0"},
        {"public_url": "https://chat.example.com"},
        {"allowed_origins": "http://nas.local"},
        {"openai_api_key": "sk-1"},
    ],
)
def test_one_build_serves_any_address_and_model(root: Path, settings: dict[str, object]):
    assert ensure(root) == ensure(root, **settings)


@pytest.mark.parametrize(
    "path",
    [
        "chatbot_app/page.py",
        "chatbot_app/pages/new.py",
        "assets/styles.css",
        "assets/fonts/new.woff2",
        "rxconfig.py",
        "requirements.txt",
        "constraints.txt",
        "reflex.lock/package-lock.json",
    ],
)
def test_any_source_that_changes_makes_a_new_build(root: Path, path: str):
    before = ensure(root)
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text("changed")

    assert ensure(root) != before
    assert builds(root) == 2


def test_a_renamed_source_makes_a_new_build(root: Path):
    before = ensure(root)
    (root / "chatbot_app" / "page.py").rename(root / "chatbot_app" / "other.py")

    assert bundle.fingerprint(Settings(), root=root) != before.name


def test_a_limit_that_pages_hold_makes_a_new_build(root: Path):
    assert ensure(root) != ensure(root, name_max_chars=60)


def test_going_back_to_former_sources_needs_no_build(root: Path):
    page = root / "chatbot_app" / "page.py"
    first = ensure(root)
    page.write_text("second")
    second = ensure(root)
    page.write_text("first")

    assert ensure(root) == first != second
    assert (first / bundle.CLIENT / "index.html").read_text() == "first"
    assert builds(root) == 2


def test_only_a_few_bundles_are_kept(root: Path):
    for number in range(6):
        (root / "chatbot_app" / "page.py").write_text(str(number))
        newest = ensure(root)

    assert len(finished(root)) == bundle.KEPT
    assert (newest / bundle.CLIENT / "index.html").read_text() == "5"


def test_a_build_that_settles_the_lock_is_found_again(root: Path, monkeypatch: pytest.MonkeyPatch):
    build_ends(monkeypatch, "settle the lock")

    assert ensure(root) == ensure(root)
    assert builds(root) == 1


def test_a_failed_build_says_why_and_is_not_served(root: Path, monkeypatch: pytest.MonkeyPatch):
    build_ends(monkeypatch, "fail")
    with pytest.raises(BuildFailed, match="network is unreachable"):
        ensure(root)
    assert not finished(root)

    build_ends(monkeypatch, "well")
    assert ensure(root).is_dir()


def test_sources_edited_while_they_are_built_are_not_passed_off_as_built(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    build_ends(monkeypatch, "edit")
    with pytest.raises(BuildFailed, match="changed while"):
        ensure(root)

    assert not finished(root)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 10 seconds"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def test_a_build_that_is_stopped_leaves_nothing_to_serve_and_nothing_running(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    build_ends(monkeypatch, "hang")

    def stop(line: str) -> None:
        if line.startswith("  1/3"):
            until((root / ".web" / "backend" / "stateful_pages.json").exists)
            raise SystemExit

    with pytest.raises(SystemExit):
        bundle.ensure(Settings(), stop, root=root)

    until(lambda: not is_alive(int((root / "pid").read_text())))
    assert not finished(root)


def test_a_publication_that_broke_off_is_not_served(root: Path):
    draft = root / ".bundles" / "draft" / bundle.CLIENT
    draft.mkdir(parents=True)
    (draft / "index.html").write_text("half")

    assert (ensure(root) / bundle.CLIENT / "index.html").read_text() == "first"
    assert not (root / ".bundles" / "draft").exists()


def test_of_two_that_start_at_once_one_builds(root: Path):
    context = multiprocessing.get_context("fork")
    starting = [context.Process(target=ensure, args=(root,)) for _ in range(3)]
    for process in starting:
        process.start()
    for process in starting:
        process.join(20)

    assert [process.exitcode for process in starting] == [0, 0, 0]
    assert builds(root) == 1


@pytest.mark.parametrize("quote", ['"', "'", "`"])
def test_scripts_read_the_origin_of_their_own_page(tmp_path: Path, quote: str):
    script = tmp_path / "assets" / "env.js"
    script.parent.mkdir()
    script.write_text(
        f"var e={{PING:{quote}http://{STAND_IN}/ping{quote},"
        f"EVENT:{quote}ws://{STAND_IN}/_event{quote},TRANSPORT:`websocket`}};"
    )

    replace_stand_in(tmp_path)

    assert script.read_text() == (
        'var e={PING:(location.origin+"/ping"),'
        'EVENT:(location.origin.replace("http","ws")+"/_event"),TRANSPORT:`websocket`};'
    )


@pytest.mark.parametrize(
    "source", [f'"https://{STAND_IN}/ping"', f'"http://{STAND_IN}/ping?x"', '"http://localhost"']
)
def test_an_address_in_an_unknown_form_fails_the_build(tmp_path: Path, source: str):
    (tmp_path / "env.js").write_text(source)

    with pytest.raises(RuntimeError):
        replace_stand_in(tmp_path)


async def cache_control(tmp_path: Path, path: str) -> str | None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").touch()
    (tmp_path / "assets" / "page-4f2a.js").touch()
    application = Starlette(
        routes=[
            Route("/api/me", lambda request: PlainTextResponse("alice")),
            Mount("/", StaticFiles(directory=tmp_path, html=True)),
        ]
    )
    transport = httpx2.ASGITransport(serving.with_caching(application))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return (await client.get(path)).headers.get("cache-control")


async def test_what_is_named_after_its_content_is_kept_for_good(tmp_path: Path):
    assert "immutable" in str(await cache_control(tmp_path, "/assets/page-4f2a.js"))


async def test_pages_are_asked_for_again(tmp_path: Path):
    assert await cache_control(tmp_path, "/") == "no-cache"


@pytest.mark.parametrize("path", ["/assets/gone.js", "/api/me"])
async def test_what_is_missing_or_personal_is_left_alone(tmp_path: Path, path: str):
    assert await cache_control(tmp_path, path) is None


async def test_a_page_is_served_at_its_plain_address_without_a_redirect(tmp_path: Path):
    (tmp_path / "login").mkdir()
    for file in ("login.html", "login/index.html"):
        (tmp_path / file).write_text("sign in")
    files = Starlette(routes=[Mount("/", StaticFiles(directory=tmp_path, html=True))])
    transport = httpx2.ASGITransport(serving.with_plain_addresses(files, frozenset({"/login"})))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get("/login")

    assert (response.status_code, response.text) == (200, "sign in")


def test_a_port_in_use_is_named_with_another_to_try():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"Port {port} is in use.*PORT={port + 1}"):
            serving.claim("127.0.0.1", port)


@pytest.mark.parametrize("host", ["no such host", "192.0.2.1"])
def test_an_address_of_another_machine_is_refused(host: str):
    with pytest.raises(CannotStart, match=f"HOST={host}"):
        serving.claim(host, 4100)


def test_a_claimed_port_refuses_until_it_is_served():
    with serving.claim("127.0.0.1", 0) as listener, pytest.raises(ConnectionRefusedError):
        socket.create_connection(listener.getsockname())


def test_the_summary_names_page_database_and_model(tmp_path: Path):
    settings = Settings(port=4100, data_dir=tmp_path / "my data")
    text = serving.summary(settings, "llama @ localhost")

    assert "http://localhost:4100" in text
    assert f"SQLite, {tmp_path}/my data/chatbot.db" in text
    assert "llama @ localhost" in text


def test_the_summary_never_shows_the_databases_password():
    settings = Settings.model_validate(
        {
            "database_url": "postgresql://chat:hunter2@db.local/chats",
            "jwt_secret": "3kT9-wq0Zb7Yf1Lm5Xc8Vn2Rp6Hs4Jd_Gu",
        }
    )
    text = serving.summary(settings, "demo")

    assert "PostgreSQL, chats @ db.local" in text
    assert "hunter2" not in text


def test_who_listens_everywhere_is_told_how_others_get_in():
    assert "ALLOWED_ORIGINS" in serving.summary(Settings(host="0.0.0.0"), "demo")
    assert "ALLOWED_ORIGINS" not in serving.summary(Settings(), "demo")
