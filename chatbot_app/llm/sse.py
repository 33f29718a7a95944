"""Server-sent events, as far as a model's stream needs them. Knows nothing of JSON or models.

Follows the parsing rules of the HTML standard, section "Interpreting an event stream"
(https://html.spec.whatwg.org/multipage/server-sent-events.html), except that the last event is
not dropped for want of an empty line: some providers end their stream without one.
"""

from collections.abc import Iterator

MAX_EVENT_BYTES = 1_048_576
"""More than this in one line or one event is no answer but a fault, and must not fill the memory.

A provider's events are well below a kilobyte; a megabyte leaves room for whole answers in one."""


class EventTooLong(ValueError):
    """A line or an event went beyond `MAX_EVENT_BYTES`."""


class EventParser:
    """Turns the bytes of a stream, however they are cut, into the data of its events.

    Lines are split as bytes and decoded whole, so a character cut in two by the network is never
    seen in halves.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr = False
        self._at_start = True

    def feed(self, received: bytes) -> Iterator[str]:
        """Take bytes and give the data of every event they complete, in order.

        To be iterated to its end. Raises while iterating, after the events that were well:
            EventTooLong: the stream is not to be read any further.
        """
        # A line ends at its CR already, so a LF right behind it is no empty line.
        if self._after_cr and received.startswith(b"\n"):
            received = received[1:]
            self._after_cr = False
        if not received:
            return
        self._after_cr = received.endswith(b"\r")
        for line in received.splitlines(keepends=True):
            content = line.rstrip(b"\r\n")
            if len(self._line) + len(content) > MAX_EVENT_BYTES:
                raise EventTooLong
            if len(content) == len(line):
                self._line += line
                break
            if self._line:
                content = bytes(self._line) + content
                self._line.clear()
            if content or self._at_start:
                self._end_line(content)
            else:
                yield from self._end_event()

    def finish(self) -> Iterator[str]:
        """The stream has ended: give the data of an event that was not closed, if there is one."""
        if self._line:
            self._end_line(bytes(self._line))
            self._line.clear()
        yield from self._end_event()

    def _end_line(self, line: bytes) -> None:
        if self._at_start:
            line = line.removeprefix(b"\xef\xbb\xbf")
            self._at_start = False
        # Comments have an empty field name; of the other fields none matters to a model's stream.
        field, _, value = line.partition(b":")
        if field != b"data":
            return
        value = value.removeprefix(b" ")
        self._size += len(value) + 1
        if self._size > MAX_EVENT_BYTES:
            raise EventTooLong
        self._data.append(value)

    def _end_event(self) -> Iterator[str]:
        if not self._data:
            return
        data = b"\n".join(self._data).decode("utf-8", errors="replace")
        self._data.clear()
        self._size = 0
        yield data
