"""What was uploaded, as one or more JSON documents: the file itself, or those in a ZIP archive.

An archive is somebody's word: how many files it has, how long they are and how they are packed is
bounded here, and what is unpacked is never more than the piece that is read.
"""

import re
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import IO

from chatbot_app.errors import InvalidInput
from chatbot_app.services.imports.documents import Document
from chatbot_app.words import t

MOST_UNPACKED = 500_000_000
"""Bytes of JSON, all together."""

DIRECTORY_BYTES = 2_000_000
"""The longest table of contents: some 20,000 files, each of which costs memory before it is read."""

AT_ONCE = 1_000_000
"""Bytes that are unpacked at a time."""

_CHATS = re.compile(r"(.*/)?conversations(-\d+)?\.json")
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def documents(file: IO[bytes]) -> Iterator[Document]:
    """Open each document with chats in it, one after the other.

    Raises: InvalidInput for an archive that is damaged, or unpacks to too much.
    """
    file.seek(0)
    is_archive = file.read(4).startswith(b"PK")
    file.seek(0)
    if not is_archive:
        yield Document(file)
        return
    yield from _packed(file)


@contextmanager
def _translated() -> Generator[None]:
    """Say in a sentence what the standard library says of an archive that is none, is encrypted, or
    lies.
    """
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise _damaged() from error


def _packed(file: IO[bytes]) -> Iterator[Document]:
    left = [MOST_UNPACKED]
    with _translated():
        archive = zipfile.ZipFile(_Cautious(file))  # pyright: ignore[reportArgumentType]
    entries = [entry for entry in archive.infolist() if _CHATS.fullmatch(entry.filename)]
    if not entries:
        raise InvalidInput(t("There is no conversations.json in this archive."))
    for entry in sorted(entries, key=lambda entry: entry.filename):
        if entry.compress_type not in _READABLE:
            raise _damaged()
        with _translated():
            packed = archive.open(entry)
        yield Document(_Counted(packed, left))  # pyright: ignore[reportArgumentType]


class _Cautious:
    """A file of which nothing long is read at once: only the table of contents would be."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        most = DIRECTORY_BYTES + 1
        found = self._file.read(most if size < 0 else min(size, most))
        if len(found) > DIRECTORY_BYTES:
            raise _damaged()
        return found


class _Counted:
    """What is unpacked, until that is too much of all together."""

    def __init__(self, file: IO[bytes], left: list[int]) -> None:
        self._file, self._left = file, left

    def read(self, size: int) -> bytes:
        with _translated():
            found = self._file.read(min(size, AT_ONCE))
        self._left[0] -= len(found)
        if self._left[0] < 0:
            raise InvalidInput(t("This archive unpacks to more than can be imported at once."))
        return found


def _damaged() -> InvalidInput:
    return InvalidInput(t("This archive can't be read. Nothing was imported."))
