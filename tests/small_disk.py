"""A disk that is soon full: a file system of a few megabytes in memory. Only root may mount one."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BLOCK = bytes(4096)


class SmallDisk:
    """A directory on a file system of its own, and a ballast that fills it up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self, *, leave: int = 0) -> None:
        """Take all the room that is left, but for so many bytes (rounded down to blocks of 4 KiB)."""
        with self._ballast.open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(BLOCK)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            ballast.truncate(max(0, ballast.tell() - leave // len(BLOCK) * len(BLOCK)))

    def make_room(self) -> None:
        """Give back all that `fill` took."""
        self._ballast.unlink(missing_ok=True)

    @property
    def free(self) -> int:
        """Bytes that can still be written."""
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize


@contextmanager
def mounted(path: Path, *, megabytes: int) -> Iterator[SmallDisk]:
    """Mount one at this path, which is made, for as long as the block lasts.

    Raises: RuntimeError where that is not allowed.
    """
    path.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(path))
    try:
        yield SmallDisk(path)
    finally:
        # Lazily: a file that somebody still holds open does not keep it.
        _run("umount", "--lazy", str(path))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
