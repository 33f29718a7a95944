"""The command line: `python -m chatbot_app serve|migrate|build|create-admin|reset-link`.

Says in a sentence what is wrong and ends with a code, where a program would show a stack trace.
Bugs still show theirs. The work itself is in the modules that are called.
"""

import argparse
import signal
import sys

from chatbot_app.config import BadSettings, get_settings
from chatbot_app.errors import AppError

COMMANDS = {
    "serve": "bring the database up to date, build the pages if need be, and serve",
    "migrate": "bring the database up to date",
    "build": "build the pages for production if they changed",
    "create-admin": "make somebody an administrator, with a new account if there is none",
    "reset-link": "make a link with which somebody chooses another password",
}
FOR_ACCOUNTS = {"create-admin", "reset-link"}


def main() -> None:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m chatbot_app")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, meaning in COMMANDS.items():
        command = commands.add_parser(name, help=meaning, description=meaning)
        if name in FOR_ACCOUNTS:
            command.add_argument("email", help="the account's e-mail address")
        if name == "create-admin":
            command.add_argument("--name", default="", help="what a new account's owner is called")
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    try:
        settings = get_settings()
    except BadSettings as error:
        sys.exit(f"The settings can't be used:\n{error}")

    # Not before the settings are known to be good: these take their time.
    from chatbot_app import bundle, serving

    serving.start_logging(settings)
    try:
        match given.command:
            case "serve":
                serving.serve(settings)
            case "migrate":
                serving.migrate(settings)
            case "build":
                bundle.ensure(settings, serving.say)
            case _:
                serving.migrate(settings)
                serving.say(_done(given))
    except (AppError, bundle.BuildFailed, serving.CannotStart) as error:
        sys.exit(str(error))
    except PermissionError as error:
        sys.exit(f"{error.filename} can't be used: {error.strerror}. Is it this user's?")


def _done(given: argparse.Namespace) -> str:
    """Do something to an account, and say what was done."""
    from chatbot_app import commands

    if given.command == "create-admin":
        return commands.create_admin(given.email, given.name)
    return commands.reset_link(given.email)


if __name__ == "__main__":
    main()
