"""What may not reach the log: what a person typed, and what their browser sent to prove who it is.

Reflex and the socket's library quote unknown events with payload and headers, and so do the
messages of the errors they raise.
"""

import logging
import re
import traceback
from collections.abc import Callable
from typing import Any

# After the first word that opens a payload, cookie or header, a line may hold anything.
_OPENS = re.compile(
    r"payload|headers|cookie|Event data|with value|but got|Failed to deserialize|Event\(|\[SID|event:|token",
    re.IGNORECASE,
)
_QUOTING = ("reflex", "reflex_base", "socketio", "engineio")

LEFT_OUT = "[left out: it may hold what a person typed]"


def redact() -> None:
    """Cut short, from now on, what these libraries log; whoever handles the record sees no more."""
    former = logging.getLogRecordFactory()
    if not isinstance(former, _Redaction):
        logging.setLogRecordFactory(_Redaction(former))


class _Redaction:
    """Makes records as before, and shortens those of the libraries that quote."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *arguments: Any, **more: Any) -> logging.LogRecord:
        record = self._make(*arguments, **more)
        if record.name.partition(".")[0] in _QUOTING:
            _shorten(record)
        return record


def _shorten(record: logging.LogRecord) -> None:
    message = record.getMessage()
    if found := _OPENS.search(message):
        message = f"{message[: found.start()]}{LEFT_OUT}"
    record.msg, record.args = message, None
    if record.exc_info and (error := record.exc_info[1]):
        # Where it happened and what kind it is, without its words.
        where = "".join(traceback.format_tb(error.__traceback__))
        record.exc_text = f"{where}{type(error).__name__}: {LEFT_OUT}"
        record.exc_info = None
