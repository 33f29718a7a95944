"""Which passwords are good enough, and their hashing in threads of their own.

The rules are NIST SP 800-63B-4's for a password that is the only factor: long, not among the
commonest, not built from what anybody knows of the person; no rules on what it is composed of.
"""

import asyncio
import functools
import re
import string
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from chatbot_app import db, security
from chatbot_app.config import get_settings
from chatbot_app.errors import InvalidInput
from chatbot_app.words import number, t

COMMON = Path(__file__).with_name("common_passwords.txt")
REPEATED = 8  # a password that repeats this many characters or fewer is as weak as they are
KNOWN_WORD = 4  # shorter parts of a name are in too many other words
SUBSTANCE = 8  # characters that must remain besides the person's own name and the site's

_RUNS = (
    "0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
)
_SITE = ("chatbotapp", "chatbot", "chatgpt", "chat")
_NO_SIGNS = str.maketrans("", "", string.punctuation + string.whitespace)

# bcrypt keeps a core busy for a quarter of a second: in the database's threads twenty sign-ins
# would hold up every query, and in more than two they would take every core.
_threads = ThreadPoolExecutor(2, thread_name_prefix="bcrypt")


def accept(value: object, *, email: str = "", name: str = "") -> str:
    """Take a new password if it is good enough, exactly as it was typed.

    Raises: InvalidInput with what to do about it.
    """
    password = typed(value)
    shortest = get_settings().password_min_chars
    if len(password) < shortest:
        raise InvalidInput(
            t(
                "The password has {length} characters; it needs at least {shortest}."
                " A few words in a row are easy to remember.",
                length=len(password),
                shortest=shortest,
            )
        )
    normal = unicodedata.normalize("NFKC", password).casefold()
    dense = "".join(normal.split())
    if _is_common(dense):
        raise InvalidInput(t("This password is one of the first that anybody tries. Take another."))
    if _period(dense) <= REPEATED or any(_follows(run, dense) for run in _RUNS):
        raise InvalidInput(t("This password only repeats or counts on. Take a few words instead."))
    if _is_personal(dense, email.casefold(), name.casefold()):
        raise InvalidInput(
            t("This password is mostly your name, your email or this site's name. Take another.")
        )
    return password


def typed(value: object) -> str:
    """Take a password at sign-in: any text within the limit, whatever the rules are by now.

    Raises: InvalidInput.
    """
    longest = get_settings().password_max_chars
    if not isinstance(value, str) or not value:
        raise InvalidInput(t("Please enter your password."))
    if len(value) > longest:
        raise InvalidInput(
            t(
                "The password has {length} characters; at most {longest} are possible.",
                length=number(len(value)),
                longest=longest,
            )
        )
    if not db.is_storable(value):
        raise InvalidInput(t("The password holds a character that can't be typed."))
    return value


async def hashed(password: str) -> str:
    """Hash a password at the cost in the settings, off the event loop."""
    call = functools.partial(security.hash_password, password, cost=get_settings().bcrypt_cost)
    return await asyncio.get_running_loop().run_in_executor(_threads, call)


async def matches(password: str, password_hash: str | None) -> bool:
    """Whether the password made the hash; with no hash it is wrong, and takes just as long."""
    known = password_hash or security.dummy_hash(cost=get_settings().bcrypt_cost)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, security.verify_password, password, known)


def _is_common(dense: str) -> bool:
    core = dense.strip(string.digits + string.punctuation)
    return dense in _common() or core in _common()


@functools.cache
def _common() -> frozenset[str]:
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _period(text: str) -> int:
    """Tell after how many characters the text starts over, which may be never: its length."""
    return next((step for step in range(1, len(text)) if text[step:] == text[:-step]), len(text))


def _follows(run: str, text: str) -> bool:
    times = len(text) // len(run) + 2
    return text in run * times or text in run[::-1] * times


def _is_personal(dense: str, email: str, name: str) -> bool:
    """Whether little is left without signs and what anybody knows of the person and the site."""
    words = [*_SITE, *re.split(r"[@.\s]", f"{email} {name}"), name, *email.split("@"), email]
    bare = {word.translate(_NO_SIGNS) for word in words}
    whole = rest = dense.translate(_NO_SIGNS)
    for word in sorted(bare, key=len, reverse=True):
        if len(word) >= KNOWN_WORD:
            rest = rest.replace(word, "")
    return rest != whole and len(rest) < SUBSTANCE
