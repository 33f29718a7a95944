"""What may not reach the log. Reflex quotes unknown events with payload and headers; this cuts them
short.
"""

import logging
import re

# After the first word that opens a payload, cookie or header, a line may hold anything.
SECRET = re.compile(
    r"(payload|headers|cookie|Event data|with value|Failed to deserialize|Event\()", re.IGNORECASE
)

REDACTED = "[left out: it may hold what a person typed]"


class Redaction(logging.Filter):
    """Cuts a record where a quoted event begins, and drops its traceback, which quotes it too."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, shortened."""
        message = record.getMessage()
        if found := SECRET.search(message):
            record.msg, record.args = f"{message[: found.start()]}{REDACTED}", None
            record.exc_info = record.exc_text = None
        return True


def redact() -> None:
    """Put the filter in front of Reflex's loggers, which speak of events, and of the socket's."""
    for name in ("reflex", "reflex_base", "reflex.app", "socketio", "engineio"):
        logging.getLogger(name).addFilter(Redaction())
