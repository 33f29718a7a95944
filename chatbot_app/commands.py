"""What an operator types beside `serve`: each command does one thing and gives the sentence that says
what was done. Passwords are asked for, and never an argument: those stand in the list of processes
and in the shell's history.
"""

import asyncio
import sys
from getpass import getpass

from chatbot_app.config import get_settings
from chatbot_app.errors import InvalidInput
from chatbot_app.services import operators, password_reset


def create_admin(email: str, name: str) -> str:
    """Make somebody an administrator: with the account that is there, else with a new one.

    Raises: AppError.
    """
    if operators.promote(email):
        return (
            f"There is an account with {email} already; it is an administrator's now. If you don't"
            f" know whose it is, make it yours: reset-link {email}"
        )
    password = _password()
    person = name or email.partition("@")[0]
    asyncio.run(operators.open_admin(email=email, name=person, password=password))
    return f"{email} is an administrator and can sign in."


def reset_link(email: str) -> str:
    """Make a link with which the owner of an account chooses another password.

    Raises: AppError.
    """
    link = password_reset.make_link(email)
    return f"Hand this to whoever has the account. It is good once:\n{link}"


def _password() -> str:
    """Ask for a new password, twice at a terminal; a script gives it as the first line.

    Raises: InvalidInput when the two are not the same.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    least = get_settings().password_min_chars
    first = getpass(f"Password ({least} characters at least): ")
    if getpass("Once more: ") != first:
        raise InvalidInput("These are not the same. Please try again.")
    return first
