"""The command line: `python -m chatbot_app serve|migrate|build`.

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
}


def main() -> None:
    """Run the command that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m chatbot_app")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, meaning in COMMANDS.items():
        commands.add_parser(name, help=meaning, description=meaning)
    command = parser.parse_args().command
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
        match command:
            case "serve":
                serving.serve(settings)
            case "migrate":
                serving.migrate(settings)
            case _:
                bundle.ensure(settings, serving.say)
    except (AppError, bundle.BuildFailed, serving.CannotStart) as error:
        sys.exit(str(error))
    except PermissionError as error:
        sys.exit(f"{error.filename} can't be used: {error.strerror}. Is it this user's?")


if __name__ == "__main__":
    main()
