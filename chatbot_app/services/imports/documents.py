"""A JSON file of any size, read from front to back: what is asked for is held, and nothing else.

Lists and objects may be gone through piece by piece; a piece is parsed by the standard library at
once. So no file is ever whole in memory, and no parsing holds up the other threads for longer than
one piece takes.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import IO, Any

from chatbot_app.errors import InvalidInput
from chatbot_app.words import t

CHUNK = 64 * 1024  # bytes

LONGEST_PIECE = 20_000_000
"""Characters of one piece. The longest chats of other platforms come as one, and have a few million."""

_OF_NUMBERS = "0123456789.eE+-"  # where one of them follows, a number may go on
_BLANK = re.compile(r"[ \t\n\r]*")


class Document:
    """Goes through one file. Whoever comes upon a value takes all of it: with `value`, or with
    `items` or `members` to their ends.

    Every method raises InvalidInput where the file is no JSON.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")()
        self._parse = json.JSONDecoder().raw_decode
        self._text, self._at, self._is_whole = "", 0, False

    def peek(self) -> str:
        """Give the character that the next value begins with; none at the end."""
        while True:
            if blank := _BLANK.match(self._text, self._at):
                self._at = blank.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if self._is_whole:
                return ""
            self._read_on()

    def value(self) -> Any:
        """Take a value as a whole."""
        self.peek()
        while True:
            try:
                found, end = self._parse(self._text, self._at)
            except json.JSONDecodeError:
                if self._is_whole:
                    raise _broken() from None
            except (ValueError, RecursionError):  # a number or a nesting that nobody means
                raise _broken() from None
            else:
                if self._is_whole or (end < len(self._text) and self._text[end] not in _OF_NUMBERS):
                    self._at = end
                    return found
            if len(self._text) - self._at > LONGEST_PIECE:
                raise InvalidInput(t("A chat in this file is too long to be read."))
            self._read_on()

    def items(self) -> Iterator[None]:
        """Come upon each value of a list."""
        self._take("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            yield
            if self._one_of(",]") == "]":
                return

    def members(self) -> Iterator[str]:
        """Come upon each value of an object, whose name is given."""
        self._take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            name = self.value() if self.peek() == '"' else None
            if not isinstance(name, str):
                raise _broken()
            self._take(":")
            yield name
            if self._one_of(",}") == "}":
                return

    def skip(self) -> None:
        """Pass over a value, a list of any length too."""
        if self.peek() == "[":
            for _ in self.items():
                self.value()
        else:
            self.value()

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek():
            raise _broken()

    def _take(self, mark: str) -> None:
        self._one_of(mark)

    def _one_of(self, marks: str) -> str:
        found = self.peek()
        if not found or found not in marks:
            raise _broken()
        self._at += 1
        return found

    def _read_on(self) -> None:
        """Read about as much again as is being looked at, so that a long piece, which is tried anew
        each time, costs twice its length at most.
        """
        rest = self._text[self._at :]
        read = self._file.read(max(CHUNK, len(rest)))
        try:
            self._text = rest + self._decode.decode(read, final=not read)
        except UnicodeDecodeError:
            raise _broken() from None
        self._at, self._is_whole = 0, not read


def _broken() -> InvalidInput:
    return InvalidInput(
        t("This file can't be read: it isn't JSON, or it is damaged. Nothing was imported.")
    )
