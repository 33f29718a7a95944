import asyncio
import contextlib
import multiprocessing
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import psutil
import pytest
from redis import Redis
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from chatbot_app import bundle, commands, loading, serving
from chatbot_app.bundle import BuildFailed
from chatbot_app.config import Settings, get_settings
from chatbot_app.fresh_start import KEYSPACE_EVENTS, Lines
from chatbot_app.open_pages import open_addresses
from chatbot_app.own_origin import STAND_IN, replace_stand_in
from chatbot_app.serving import CannotStart
from tests import postgres as postgres_server
from tests.conftest import Person, person
from tests.loopback import HOST, free_port
from tests.redis_server import RedisServer
from tests.served import Served
from tests.waiting import wait_until
from tests.wire import Refused, Tab

GOOD_SECRET = "3kT9-wq0Zb7Yf1Lm5Xc8Vn2Rp6Hs4Jd_Gu"
ON_POSTGRESQL = Settings.model_validate(
    {"database_url": "postgresql://chat:hunter2@db.local/chats", "jwt_secret": GOOD_SECRET}
)

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
    transport = httpx2.ASGITransport(loading.with_caching(application))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        return (await client.get(path)).headers.get("cache-control")


async def test_what_is_named_after_its_content_is_kept_for_good(tmp_path: Path):
    assert "immutable" in str(await cache_control(tmp_path, "/assets/page-4f2a.js"))


async def test_pages_are_asked_for_again(tmp_path: Path):
    assert await cache_control(tmp_path, "/") == "no-cache"


@pytest.mark.parametrize("path", ["/assets/gone.js", "/api/me"])
async def test_what_is_missing_or_personal_is_left_alone(tmp_path: Path, path: str):
    assert await cache_control(tmp_path, path) is None


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/login", "/login"),
        ("/projects", "/projects"),
        ("/projects/8c1f", "/projects/any"),
        ("/projects/8c1f/chat", "/projects/any/chat"),
        ("/projects/8c1f/chat/02aa", "/projects/any/chat/any"),
        ("/projects/8c1f/chat/02aa/more", None),
        ("/projects//chat", None),
        ("/assets/page.js", None),
    ],
)
async def test_a_page_is_served_at_its_plain_address_without_a_redirect(
    path: str, page: str | None
):
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["path"])(scope, receive, send)

    pages = ["/projects/any", "/projects/any/chat", "/projects/any/chat/any", "/projects", "/login"]
    transport = httpx2.ASGITransport(loading.with_plain_addresses(application, pages))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        response = await client.get(path)

    assert response.text == (f"{page}.html" if page else path)


@pytest.mark.parametrize(
    ("route", "addresses"),
    [
        ("login", []),
        ("projects/[project_id]", ["/projects/any"]),
        (
            "projects/[project_id]/chat/[[chat_id]]",
            ["/projects/any/chat", "/projects/any/chat/any"],
        ),
    ],
)
def test_a_route_with_an_id_has_a_page_for_all_of_its_addresses(route: str, addresses: list[str]):
    assert list(open_addresses(route)) == addresses


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
    text = serving.summary(ON_POSTGRESQL, "demo")

    assert "PostgreSQL, chats @ db.local" in text
    assert "hunter2" not in text


def test_whoever_is_named_is_invited_at_the_start_until_there_is_an_administrator(
    database: str, settings: Callable[..., None]
):
    assert serving.first_admin(get_settings()) == ""
    settings(ADMIN_EMAIL="chief@example.org")
    told = serving.first_admin(get_settings())
    assert "chief@example.org registers here, once: http://localhost:3000/register#" in told
    assert told in serving.summary(get_settings(), "demo", told)
    assert serving.first_admin(get_settings()) not in ("", told)

    person("Ada", role="admin")
    assert serving.first_admin(get_settings()) == ""


def test_where_the_named_address_has_an_account_the_operator_is_told_what_to_do(
    alice: Person, settings: Callable[..., None]
):
    settings(ADMIN_EMAIL=alice.email)
    told = serving.first_admin(get_settings())
    assert told.startswith(f"{alice.email} has an account already.")
    assert told.endswith(f" create-admin {alice.email}")

    commands.create_admin(alice.email, "")
    assert serving.first_admin(get_settings()) == ""


def test_who_listens_everywhere_is_told_how_others_get_in():
    assert "ALLOWED_ORIGINS" in serving.summary(Settings(host="0.0.0.0"), "demo")
    assert "ALLOWED_ORIGINS" not in serving.summary(Settings(), "demo")


def on_sqlite(file: Path) -> Settings:
    return Settings.model_validate(
        {"database_url": f"sqlite:///{file}", "jwt_secret": GOOD_SECRET, "data_dir": file.parent}
    )


def test_a_database_file_is_served_by_one_server_at_a_time(tmp_path: Path):
    embedded = Settings(data_dir=tmp_path)
    sentence = rf"already using {tmp_path}/chatbot\.db\. Stop it, or choose another DATA_DIR\."

    with serving.claim_database(embedded):
        with pytest.raises(CannotStart, match=sentence), serving.claim_database(embedded):
            pass
        with serving.claim_database(Settings(data_dir=tmp_path / "other")):
            pass
    with serving.claim_database(embedded):
        pass


def test_a_database_file_is_the_same_by_any_path_to_it(tmp_path: Path):
    file, link = tmp_path / "here" / "chat.db", tmp_path / "link"
    link.symlink_to(file.parent)

    with (
        serving.claim_database(on_sqlite(file)),
        pytest.raises(CannotStart, match="choose another DATABASE_URL"),
        serving.claim_database(on_sqlite(link / "chat.db")),
    ):
        pass


def test_any_number_of_servers_may_use_postgresql():
    with serving.claim_database(ON_POSTGRESQL), serving.claim_database(ON_POSTGRESQL):
        pass


def test_a_redis_that_does_not_answer_is_named_without_its_password():
    with pytest.raises(CannotStart, match=r"Redis can't be used: .*refused.*REDIS_URL") as refusal:
        serving.reach_redis(Settings(redis_url=f"redis://:hunter2@{HOST}:{free_port()}/0"))

    assert "hunter2" not in str(refusal.value)


async def test_a_websocket_that_is_cut_is_closed_and_the_application_sees_it_go():
    lines, sent, seen = Lines(), list[Message](), list[Message]()
    is_open = asyncio.Event()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        is_open.set()
        seen.append(await receive())
        await send({"type": "websocket.send", "text": "too late"})

    async def receive() -> Message:
        await asyncio.sleep(60)
        return {"type": "websocket.receive"}

    async def send(message: Message) -> None:
        sent.append(message)

    serving = asyncio.create_task(lines.serve(application, {"type": "websocket"}, receive, send))
    await is_open.wait()
    assert lines.cut() == 1
    await serving

    assert [message["type"] for message in seen] == ["websocket.disconnect"]
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert lines.cut() == 0


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    """Run one Redis for this module."""
    with RedisServer() as server:
        yield server


@pytest.fixture
def two_workers(postgres: Path, redis: RedisServer, tmp_path: Path) -> Served:
    """Make a server with two workers, on a database of its own; the test starts it."""
    name = f"served_{uuid.uuid4().hex}"
    postgres_server.execute(postgres, f"CREATE DATABASE {name}")
    url = postgres_server.url(postgres, name)
    return Served(tmp_path, WORKERS="2", DATABASE_URL=url, REDIS_URL=redis.url)


def wait_for_workers(served: Served, count: int = 2) -> set[int]:
    # Who listens may still be importing what it is to serve; this is said when all of them do.
    wait_until(lambda: "Open " in served.log, "the summary", 60)
    pids = set[int]()

    def are_up() -> bool:
        pids.clear()
        pids.update(worker.pid for worker in served.workers() if worker.pid != served.pid)
        return len(pids) == count

    wait_until(are_up, f"{count} workers", 30)
    return set(pids)


def assert_gone(family: list[psutil.Process]) -> None:
    wait_until(lambda: not any(is_alive(one.pid) for one in family), "all processes to end", 20)


def test_each_of_two_workers_answers_and_the_operator_is_told_once(two_workers: Served):
    with two_workers as served:
        wait_for_workers(served)
        for worker in served.workers():
            worker.suspend()
            assert served.request("/login").status == served.readyz() == 200
            worker.resume()

        assert served.log.count("Open ") == 1
        assert served.log.count("built-in demo model") == 1


def test_when_a_worker_is_killed_the_other_serves_and_a_new_one_comes(two_workers: Served):
    with two_workers as served:
        before = wait_for_workers(served)
        victim = served.workers()[0]
        victim.kill()
        assert served.readyz() == 200

        def is_replaced() -> bool:
            return served.readyz() == 200 and victim.pid not in wait_for_workers(served)

        wait_until(is_replaced, "another worker", 30)
        assert len(before & wait_for_workers(served)) == 1
        assert served.log.count("another takes its place") == 1
        assert served.log.count("Open ") == 1


def test_sigterm_ends_all_workers_in_order(two_workers: Served):
    with two_workers as served:
        wait_for_workers(served)
        family = served.processes()

        assert served.terminate() == 0, served.log
        assert_gone(family)
        assert "Traceback" not in served.log


def test_workers_do_not_outlive_the_process_that_started_them(two_workers: Served):
    with two_workers as served:
        wait_for_workers(served)
        family = served.processes()
        family[0].kill()

        assert_gone(family)
        assert served.log.count("The supervisor is gone") == 2


def test_a_worker_that_cannot_start_is_not_tried_for_ever(two_workers: Served):
    two_workers.environment["REFLEX_REDIS_LOCK_EXPIRATION"] = "soon"
    two_workers.launch()

    assert two_workers.wait_ended(120) == 1
    assert two_workers.log.rstrip().endswith("did not start; the log above says why.")
    assert two_workers.log.count("A worker could not start") <= 2


def test_pages_connect_anew_when_redis_was_away(two_workers: Served, redis: RedisServer):
    with two_workers as served, Tab(served) as tab:
        tab.settle()
        redis.stop()
        redis.start()
        tab.wait_closed()

        with Redis.from_url(redis.url) as client:
            asked_for = client.config_get("notify-keyspace-events")["notify-keyspace-events"]
        assert set(asked_for) == set(KEYSPACE_EVENTS)

        def comes_back() -> bool:
            # The other worker may look at Redis a second later, and cut what came to it before.
            try:
                with Tab(served, token=tab.token) as again:
                    again.settle()
            except (Refused, OSError):
                return False
            return True

        wait_until(comes_back, "a page again")


def test_a_second_server_on_one_database_file_is_refused(tmp_path: Path):
    with Served(tmp_path) as first:
        second = Served(tmp_path / "second", DATA_DIR=str(first.data))
        second.launch()

        assert second.wait_ended() == 1
        assert f"Another server is already using {first.data}/chatbot.db." in second.log
        assert first.readyz() == 200


def test_a_server_that_was_killed_leaves_its_database_file_to_the_next(tmp_path: Path):
    with Served(tmp_path) as served:
        served.kill()
        served.start()
        assert served.readyz() == 200
