"""The secret that signs every token: made once for the embedded database, and refused if weak."""

import os
import secrets
import tempfile
from pathlib import Path

SECRET_BYTES = 32  # RFC 7518, 3.2: an HS256 key is at least as long as its hash

MAKE_A_SECRET = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"

# Long enough to pass for a secret, and printed in manuals that everybody reads.
SAMPLE_SECRETS = frozenset(
    {
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "a-string-secret-at-least-256-bits-long",
        "super-secret-jwt-token-with-at-least-32-characters-long",
        "your-super-secret-jwt-token-with-at-least-32-characters-long",
    }
)


class BadSecret(Exception):
    """The kept secret can't be used; the message says why."""


def kept_secret(directory: Path) -> str:
    """Read the secret kept in this directory, making it first if there is none.

    Of processes that start at once, all get the same one. Readable by its owner alone.

    Raises: BadSecret.
    """
    path = directory / "jwt_secret"
    try:
        if not path.exists():
            _make_secret(path)
        secret = path.read_text().strip()
        check_secret(secret)
    except OSError as error:
        raise BadSecret(
            f"DATA_DIR: {error.filename or directory} can't be used ({error.strerror});"
            " make it writable, or choose another directory with DATA_DIR"
        ) from None
    except ValueError as error:
        raise BadSecret(f"{path}: {error}") from None
    return secret


def check_secret(secret: str) -> None:
    """Refuse a secret that is too short, printed in a manual or all of a piece (ASVS V13.2.3).

    Raises: ValueError.
    """
    if len(secret.encode()) < SECRET_BYTES:
        raise ValueError(f"must have 32 bytes or more. Make one with: {MAKE_A_SECRET}")
    if secret.lower() in SAMPLE_SECRETS or len(set(secret)) < 8:
        raise ValueError(f"is a sample that anybody may know. Make one with: {MAKE_A_SECRET}")


def _make_secret(path: Path) -> None:
    """Write the secret whole and under another name first: nobody ever reads half of one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".jwt_secret-")  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # fails where another process was first, whose secret then counts
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
