"""What `scripts/audit` makes of what pip-audit says; only pip-audit itself is a stand-in."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot_app.config import PROJECT_ROOT

FLAW = {"id": "PYSEC-2026-1", "fix_versions": ["2.1"], "aliases": [], "description": "…"}
SOUND = {"name": "sound", "version": "1.0", "vulns": []}
FLAWED = {"name": "flawed", "version": "2.0", "vulns": [FLAW]}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found on PyPI"}

Audit = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Run the script where pip-audit prints this."""
    shutil.copytree(PROJECT_ROOT / "scripts", tmp_path / "scripts")
    names = ["requirements.txt", "constraints.txt", "requirements-dev.txt"]
    for name in names:
        shutil.copy(PROJECT_ROOT / name, tmp_path)
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(sys.executable)
    installed = "".join((tmp_path / name).read_text() for name in names)
    (tmp_path / ".venv/installed-requirements-dev.txt").write_text(installed)

    def run(printed: str) -> subprocess.CompletedProcess[str]:
        stand_in = programs / "pip-audit"
        stand_in.write_text(f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\necho noise >&2\nexit 1\n")
        stand_in.chmod(0o755)
        return subprocess.run(
            [tmp_path / "scripts/audit"], capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_a_known_vulnerability_fails_and_is_named_with_its_remedy(audit: Audit) -> None:
    done = audit(json.dumps({"dependencies": [SOUND, FLAWED, UNKNOWN]}))
    assert done.returncode == 1
    assert "flawed 2.0: PYSEC-2026-1, mended in 2.1" in done.stdout


def test_where_none_is_known_it_says_of_how_many(audit: Audit) -> None:
    done = audit(json.dumps({"dependencies": [SOUND, UNKNOWN]}))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Of 2 packages, 1 could be audited" in done.stdout


@pytest.mark.parametrize(
    "printed", ["", "no JSON", json.dumps({"dependencies": [UNKNOWN, UNKNOWN]})]
)
def test_where_nobody_can_be_asked_it_says_so_in_a_line_and_does_not_fail(
    audit: Audit, printed: str
) -> None:
    done = audit(printed)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Nothing was audited")
    assert len(done.stdout.splitlines()) == 1


def test_the_suite_begins_with_it() -> None:
    suite = (PROJECT_ROOT / "scripts/test").read_text()
    begun, ended = suite.index("\nscripts/audit & audit=$!\n"), suite.index("\nwait $audit\n")
    assert begun < ended < suite.index("-m pytest")
