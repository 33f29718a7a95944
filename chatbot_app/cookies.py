"""The cookies: their names and how they are read. Setting them is the API's, what they hold is
`security`'s.
"""

from http.cookies import CookieError, SimpleCookie

LANGUAGE = "language"  # one of `words.LANGUAGES`, set by `assets/words.js`


def session_cookie(*, is_https: bool) -> str:
    """The cookie's name. `__Host-` ties it to this very host and to https (RFC 6265bis, section
    4.1.3.2).
    """
    return "__Host-session" if is_https else "session"


def pending_cookie(*, is_https: bool) -> str:
    """The name of the cookie between password and second factor; `__Host-` as above."""
    return "__Host-second-factor" if is_https else "second-factor"


def handshake_cookie(*, is_https: bool) -> str:
    """The name of the cookie that holds what a sign-in by somebody else is known by, for the
    minutes that it takes; `__Host-` as above.
    """
    return "__Host-handshake" if is_https else "handshake"


def read_cookie(header: str, name: str) -> str | None:
    """The value of one cookie in a Cookie header, or None where it is missing or can't be read."""
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return morsel.value if morsel else None
