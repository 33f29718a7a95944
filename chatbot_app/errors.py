"""What can go wrong in a way a person may be told about.

An `AppError` carries a sentence that is safe to show and an HTTP status; it is caught at the edges
(state handlers and API routes) and nowhere else. Libraries' own errors are translated where that
library is called. Anything that is not an `AppError` is a bug and belongs in the log, never on the
page.
"""

from chatbot_app.words import t


class AppError(Exception):
    """Something a person can understand and act upon."""

    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(AppError):
    """What was typed can't be taken as it is; the message says why."""

    status = 422


class NotSignedIn(AppError):
    """No live session: none was sent, it ended, or it was revoked."""

    status = 401

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or t("Please sign in to go on."))


class WrongCredentials(AppError):
    """E-mail and password do not belong together; never says which of the two is wrong (ASVS
    V6.3.8).
    """

    status = 401

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or t("That email and password don't match. Please try again."))


class CodeNeeded(AppError):
    """The password is right, and the code of the second factor is still to come."""

    status = 401

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or t("Please give the code of your authenticator app too."))


class Forbidden(AppError):
    """The request may not be made this way, for instance from another site."""

    status = 403


class NotFound(AppError):
    """No such thing, or it belongs to somebody else: a stranger can't tell the two apart."""

    status = 404


class Conflict(AppError):
    """It can't be done in the present state, for instance while an answer is being written."""

    status = 409


class TooManyAttempts(AppError):
    """Refused for now to slow down guessing; `retry_after` is in seconds."""

    status = 429

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(AppError):
    """A part the platform needs does not answer right now."""

    status = 503


class ModelError(AppError):
    """The model's provider did not answer, or not wholly; the message says why and what to do.

    `kind` is a stable word for code and tests; `retry_after` is in seconds, where the provider
    named a time.
    """

    status = 502

    def __init__(self, message: str, *, kind: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
