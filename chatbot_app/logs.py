"""What the log says, and what may not reach it: what a person typed, what their browser sent to prove
who it is, and whatever else looks like a secret.

Reflex and the socket's library quote unknown events with payload and headers, and so do the
messages of the errors they raise: these are cut short. All else is looked through as it is written,
with the texts of errors and further fields.
"""

import logging
import re
import traceback
from collections.abc import Callable
from typing import Any, cast

from pythonjsonlogger.json import JsonFormatter

from chatbot_app import callers

# After the first word that opens a payload, cookie or header, a line may hold anything.
_OPENS = re.compile(
    r"payload|headers|cookie|Event data|with value|but got|Failed to deserialize|Event\(|\[SID|event:|token",
    re.IGNORECASE,
)
_QUOTING = ("reflex", "reflex_base", "socketio", "engineio")

LEFT_OUT = "[left out: it may hold what a person typed]"
SECRET = "[left out]"  # noqa: S105 - stands in its place

_NAMES = r"(?:secret|token|api[_-]?key|authorization|cookie)"

# Each alternative fails at once or takes what it read, so that no text makes this slow.
_SECRETS = re.compile(
    r"(?<![\w-])eyJ[\w-]{4,}(?:\.[\w-]*){1,4}"  # a JWT, signed or encrypted (RFC 7519, RFC 7516)
    r"|\$2[abxy]?\$\d\d\$[./\w]*"  # a bcrypt hash
    r"|\b(?:sk-|gh[oprsu]_|github_pat_|GOCSPX-)[\w-]{6,}"  # keys of providers
    r"|(?<=://)[^\s/@]+(?=@)"  # who signs in at an address, and with which password
    r"|(?<=[\w/])\#[\w%.~=&-]{8,}"  # the fragment of a mailed link
    rf"|(?P<named>(?i:(?<![a-z])(?:{_NAMES}\\?[\"']?\s?[=:]\s?|(?:code|session)=))"
    r"(?i:(?:bearer|basic)\s+)?)"
    r"(?:\"(?:[^\"\\]|\\.)*|'(?:[^'\\]|\\.)*|\\[\"'][^\"'\\]*|[^\s\"'\\&,;)}\]]+)"
    # A password may have spaces: unless it stands in quotes, it may be all the line.
    r"|(?P<password>(?i:(?:password|passwd)\\?[\"']?\s?[=:]\s?))"
    r"(?:\"(?:[^\"\\]|\\.)*|'(?:[^'\\]|\\.)*|\\[\"'][^\"'\\]*|[^\"'\\\n&]+)"
    r"|(?P<scheme>(?i:\b(?:bearer|basic)\s+))[\w.~+/=-]{8,}"
)
_SECRET_NAME = re.compile(rf"(?:.*[_-])?(?:{_NAMES}|password|passwd|code|session)", re.IGNORECASE)
_QUOTE = re.compile(r"\\?[\"']?")

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\t",
    0x2028: " ",
    0x2029: " ",
}


def redact() -> None:
    """Cut short, from now on, what these libraries log; whoever handles the record sees no more. And
    have every record name the request or event that it belongs to.
    """
    former = logging.getLogRecordFactory()
    if not isinstance(former, _Redaction):
        logging.setLogRecordFactory(_Redaction(former))


def start(level: str, *, as_json: bool) -> None:
    """Log to the standard error stream from now on: in plain lines, or in one object a line."""
    redact()
    handler = logging.StreamHandler()
    handler.setFormatter(Objects() if as_json else Lines())
    logging.basicConfig(level=level, handlers=[handler])


def without_secrets(text: str) -> str:
    """Leave out whatever looks like a secret; what stands around it stays."""
    return _SECRETS.sub(_without, text)


class Lines(logging.Formatter):
    """Lines for people. A message stays on its own line, whatever is in it: nobody can write lines
    that the server never said.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s%(of_request)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Write the first line."""
        request_id = getattr(record, "request_id", "")
        record.of_request = f" [{request_id}]" if request_id else ""
        record.message = record.message.rstrip().translate(_CONTROL)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        """Write all of it, with the text of an error beneath."""
        return without_secrets(super().format(record))


class Objects(JsonFormatter):
    """Objects for programs, one a line: time, level, logger, request_id, message, and what a record
    was given beside these.
    """

    def __init__(self) -> None:
        super().__init__(
            "%(levelname)s%(name)s%(request_id)s%(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            defaults={"request_id": ""},
            timestamp="time",
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Look through every field before it is written."""
        return {name: _field(name, value) for name, value in log_data.items()}


def _field(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _SECRET_NAME.fullmatch(name):
        return SECRET
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value)
        return {without_secrets(str(k)): _field(str(k), v) for k, v in pairs.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_field("", item) for item in cast("list[Any]", value)]
    return without_secrets(str(value))


def _without(found: re.Match[str]) -> str:
    """Keep what only says what kind of secret it is, and how it is quoted."""
    kept = found["named"] or found["password"] or found["scheme"] or ""
    quote = _QUOTE.match(found[0], len(kept))
    return kept + (quote[0] if quote else "") + SECRET


class _Redaction:
    """Makes records as before, names their request, and shortens those of the libraries that quote."""

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *arguments: Any, **more: Any) -> logging.LogRecord:
        record = self._make(*arguments, **more)
        record.request_id = callers.current().request_id
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
