"""What can come of a sign-in by somebody else, in words.

The way back from a provider is an address that the browser opens, so a problem travels on as a word
in the next address, and the page says what it means. It says only what stands here.
"""

from typing import Literal

from chatbot_app.errors import AppError
from chatbot_app.words import mark, t

Problem = Literal[
    "busy",
    "cancelled",
    "closed",
    "connected-already",
    "connected-elsewhere",
    "disabled",
    "email-taken",
    "expired",
    "failed",
    "other-email",
    "other-session",
    "reserved",
    "unavailable",
    "unproven",
    "unverified",
]

SENTENCES: dict[Problem, str] = {
    "busy": mark("That was a lot at once. Please wait a moment and try again."),
    "cancelled": mark("You didn't go on at {name}, so nothing was changed."),
    "closed": mark(
        "There is no account for you here yet, and new ones can't be made this way."
        " Please ask whoever runs this site."
    ),
    "connected-already": mark(
        "Another account at {name} is connected here already. Disconnect it first."
    ),
    "connected-elsewhere": mark("This account at {name} is connected to another account here."),
    "disabled": mark("This account is disabled. Please ask whoever runs this site."),
    "email-taken": mark(
        "There is already an account with this email. Sign in with your password, then connect"
        " {name} in Settings."
    ),
    "expired": mark(
        "This sign-in took too long, or was begun in another tab or browser. Please try again."
    ),
    "failed": mark("That didn't work out. Please try again."),
    "other-email": mark(
        "{name} knows you by another email than this account has. Only the same one can be"
        " connected."
    ),
    "other-session": mark(
        "You have signed out, or in as somebody else, in the meantime. Please try again."
    ),
    "reserved": mark(
        "This email is kept for the administrator, who registers by the link in the server's log."
    ),
    "unavailable": mark("{name} can't be reached right now. Please try again in a moment."),
    "unproven": mark(
        "{name} didn't say who you are in a way that can be trusted. Please try again; if it stays"
        " like this, ask whoever runs this site."
    ),
    "unverified": mark(
        "Your email isn't confirmed at {name} yet. Please confirm it there, then try again."
    ),
}


class IdentityProblem(AppError):
    """A sign-in by this provider came to nothing; `kind` is the word for it."""

    status = 403

    def __init__(self, kind: Problem, name: str) -> None:
        super().__init__(t(SENTENCES[kind], name=name))
        self.kind: Problem = kind
