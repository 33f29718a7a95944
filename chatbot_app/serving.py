"""Serving: what has to be in order before the first answer, and what the operator is told.

Everything between the command and the first answer is here: the address and the database file are
claimed, the database brought up to date, the pages built if need be, and the operator told where to
look. The processes that then serve are in `workers`.
"""

import errno
import fcntl
import logging
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chatbot_app import bundle, logs, workers
from chatbot_app.config import PROJECT_ROOT, Settings
from chatbot_app.errors import Conflict

# Libraries that tell every step of theirs, or bring a handler of their own unless given a level.
CHATTY = ("alembic", "engineio.server", "httpx", "httpx2", "socketio.server", "uvicorn.error")

WILDCARDS = frozenset({"0.0.0.0", "::"})

REDIS_SECONDS = 5  # to connect, and to answer

log = logging.getLogger(__name__)


class CannotStart(Exception):
    """The server can't start; the message says why and what to do."""


def serve(settings: Settings) -> None:
    """Serve until a signal says stop.

    Raises: CannotStart, BuildFailed, AppError (the database).
    """
    with claim(settings.host, settings.port) as listener, claim_database(settings):
        reach_redis(settings)
        migrate(settings)
        admin = first_admin(settings)
        built = bundle.ensure(settings, say)
        say("Starting …")
        try:
            started = workers.run(
                built,
                settings,
                listener,
                start_logging=start_logging,
                ready=lambda model: say(summary(settings, model, admin)),
            )
        except workers.CannotListen as error:
            raise CannotStart(_refused(settings.host, settings.port, error.reason)) from None
        if not started:
            raise CannotStart("The application did not start; the log above says why.")


def migrate(settings: Settings) -> None:
    """Bring the database to the schema that the code was written for.

    Raises: CannotStart, AppError.
    """
    from chatbot_app import migrations

    _make_data_dir(settings)
    migrations.migrate()


def first_admin(settings: Settings) -> str:
    """Invite whoever ADMIN_EMAIL names, if the site has no administrator; gives the sentence with
    their way in, or nothing. An older link is worth nothing from then on.

    Raises: AppError.
    """
    email = settings.admin_email
    if not email:
        return ""
    from chatbot_app import db
    from chatbot_app.services import invitations

    try:
        link = invitations.create_for_first_admin()
    except Conflict:
        return (
            f"{email} has an account already. If it is theirs, make it an administrator's:"
            f" .venv/bin/python -m chatbot_app create-admin {email}"
        )
    finally:
        db.dispose()  # workers open connections of their own
    return f"{email} registers here, once: {link}" if link else ""


def claim(host: str, port: int) -> socket.socket:
    """Take the address before anything slow begins; it refuses connections until it is served.

    Raises: CannotStart.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror:
        raise CannotStart(f"HOST={host} is not an address of this machine.") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise CannotStart(_refused(host, port, error)) from None
    return listener


@contextmanager
def claim_database(settings: Settings) -> Generator[None]:
    """Keep every other server off the database file; PostgreSQL is for as many as want it.

    So an answer that is unfinished when a server on SQLite starts is known to be nobody's. The lock
    is the system's own and ends with the process, however that ends.

    Raises: CannotStart.
    """
    if not settings.is_sqlite:
        yield
        return
    _make_data_dir(settings)
    path = _database_file(settings).resolve()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_name(f"{path.name}.serving").open("a")
    except OSError as error:
        raise CannotStart(f"{error.filename} can't be used: {error.strerror}.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            setting = "DATA_DIR" if settings.uses_embedded_database else "DATABASE_URL"
            raise CannotStart(
                f"Another server is already using {_shown(_database_file(settings))}. Stop it, or"
                f" choose another {setting}."
            ) from None
        from chatbot_app import db

        db.claim()
        yield


def reach_redis(settings: Settings) -> None:
    """Make sure that Redis answers, where one is set: no page would work without it.

    Raises: CannotStart.
    """
    if not settings.redis_url:
        return
    from redis import Redis, RedisError, ResponseError

    from chatbot_app.fresh_start import KEYSPACE_EVENTS

    try:
        redis = Redis.from_url(
            settings.redis_url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS
        )
        redis.ping()
    except (RedisError, OSError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise CannotStart(
            f"Redis can't be used: {reason}. Start it, or correct REDIS_URL."
        ) from None
    try:
        redis.config_set("notify-keyspace-events", KEYSPACE_EVENTS)
    except ResponseError:
        log.warning(
            "This Redis lets nobody configure it. Set its notify-keyspace-events to %s, or a page"
            " that comes to another worker may wait some seconds for its first answer.",
            KEYSPACE_EVENTS,
        )
    finally:
        redis.close()


def start_logging(settings: Settings) -> None:
    """Log to the standard error stream, as the settings say."""
    level = settings.log_level.upper()
    logs.start(level, as_json=settings.log_format == "json")
    for name in CHATTY:
        logging.getLogger(name).setLevel(level if settings.log_level == "debug" else "WARNING")


def say(line: str) -> None:
    """Tell the operator, at once also where the output is a file."""
    print(line, flush=True)


def summary(settings: Settings, model: str, admin: str = "") -> str:
    """Say where the page is, what stands behind it, and how the first administrator comes in."""
    lines = [f"Open      {settings.public_url}", f"Database  {_database(settings)}"]
    lines.append(f"Model     {model}")
    if settings.host in WILDCARDS and not (settings.allowed_origins or settings.is_https):
        lines.append(
            "Others    must be allowed by the address they use:"
            f" ALLOWED_ORIGINS=http://192.0.2.1:{settings.port}"
        )
    if admin:
        lines.append(f"Admin     {admin}")
    return "\n".join(["", *(f"  {line}" for line in lines), ""])


def _database(settings: Settings) -> str:
    if not settings.is_sqlite:
        parts = urlsplit(settings.database_url)
        return f"PostgreSQL, {parts.path.lstrip('/')} @ {parts.hostname or 'local socket'}"
    return f"SQLite, {_shown(_database_file(settings))}"


def _database_file(settings: Settings) -> Path:
    return Path(unquote(urlsplit(settings.database_url).path.removeprefix("/")))


def _shown(path: Path) -> Path:
    return path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path


def _make_data_dir(settings: Settings) -> None:
    if not settings.uses_embedded_database:
        return
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"{settings.data_dir} can't be made ({error.strerror}); choose another directory"
            " with DATA_DIR."
        ) from None


def _refused(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} is in use by another program. Choose another with PORT={port + 1},"
            " or stop that program."
        )
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than this user has. Choose one above 1023 with PORT."
    return f"HOST={host} PORT={port} can't be used: {error.strerror}."
