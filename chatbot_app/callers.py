"""Who is calling, as far as the network tells: for the log, the audit and the language of what is
said, never for a decision.

Set once where a request or an event comes in, and carried along into the database's threads
(`db.in_thread` copies the context). Below that nobody needs to know of HTTP.
"""

import secrets
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """The client's address, what it calls itself, an id that finds its lines in the log, and the
    language to answer in.
    """

    address: str = ""
    user_agent: str = ""
    request_id: str = ""
    language: str = "en"


NOBODY = Caller()
_caller: ContextVar[Caller] = ContextVar("caller", default=NOBODY)


def new_request_id() -> str:
    """Give an id for one request or event: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def enter(caller: Caller) -> None:
    """Say who is calling, for what is done from here on in this task."""
    _caller.set(caller)


def current() -> Caller:
    """Who is calling; nobody in particular where no request or event is being served."""
    return _caller.get()
