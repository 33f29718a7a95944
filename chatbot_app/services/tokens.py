"""Sign-ins of programs: an access token for minutes, and a refresh token that is good once.

A refresh token is counted. Whoever shows one that was used before has it from somebody else, or
somebody else has it from them: nobody can tell which of the two is asking, so the whole sign-in
ends (RFC 9700, 4.14.2).
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import Session

from chatbot_app import db, security
from chatbot_app.config import get_settings
from chatbot_app.errors import CodeNeeded, Forbidden, NotSignedIn
from chatbot_app.models import User, UserSession, now
from chatbot_app.repositories import sessions as sign_ins
from chatbot_app.services import accounts, audit, sessions, two_factor
from chatbot_app.words import t


@dataclass(frozen=True)
class TokenPair:
    """What a program holds on to. `expires_in`: seconds that the access token is good for."""

    access_token: str
    refresh_token: str
    expires_in: int


async def log_in(*, email: str, password: str, code: str, address: str) -> TokenPair:
    """Sign a program in with its owner's password and, where that is asked for, second factor.

    Raises:
        CodeNeeded: the password is right, and a code has to be given with it.
        InvalidInput, WrongCredentials, TooManyAttempts: see `accounts.prove` and `two_factor.check`.
        Forbidden: the account is disabled.
    """
    user = await accounts.prove(email=email, password=password, address=address)
    how = "a program"
    if await db.in_thread(two_factor.is_on, user.id):
        if not code:
            raise CodeNeeded
        await two_factor.check(user.id, code)
        how = "a program and code"
    return await db.in_thread(_open, user, how)


def refresh(token: str) -> TokenPair:
    """Take a refresh token and give the next pair.

    Raises: NotSignedIn; one that was used before ends the sign-in as well.
    """
    claims = security.read_token(token, secret=get_settings().signing_key, kind=security.REFRESH)
    with db.session(write=True) as session:
        found = sign_ins.find_with_user(session, claims.session_id)
        if found is None or found[1].id != claims.user_id:
            raise NotSignedIn
        row, user = found
        if not sessions.stands(row, user, now()):
            raise NotSignedIn
        pair = None
        if sign_ins.count_up(session, row.id, claims.number):
            sign_ins.touch(session, row.id, now())
            pair = issue(row, claims.number + 1)
        else:
            _end(session, row)
    if pair is None:
        sessions.forget()
        raise NotSignedIn
    return pair


def log_out(token: str) -> None:
    """End the sign-in that this refresh token belongs to, whichever of its tokens it is; one that
    is over already stays so.
    """
    try:
        claims = security.read_token(
            token, secret=get_settings().signing_key, kind=security.REFRESH
        )
    except NotSignedIn:
        return
    with db.session(write=True) as session:
        has_ended = sign_ins.revoke(session, claims.user_id, claims.session_id, now())
        if has_ended:
            audit.record(session, "sign-out", actor=claims.user_id, detail="a program")
    if has_ended:  # or one old token, sent over and over, would have every open page ask anew
        sessions.forget()


def issue(row: UserSession, number: int = 0) -> TokenPair:
    """Make the pair of tokens with this number for a program's sign-in."""
    moment = now()
    lasts = timedelta(seconds=get_settings().access_token_seconds)
    until = min(row.expires_at, moment + lasts)
    access = security.Claims(row.user_id, row.id, until)
    again = security.Claims(row.user_id, row.id, row.expires_at, number)
    return TokenPair(
        security.issue_token(
            access, secret=get_settings().signing_key, issued_at=moment, kind=security.ACCESS
        ),
        security.issue_token(
            again, secret=get_settings().signing_key, issued_at=moment, kind=security.REFRESH
        ),
        expires_in=int((until - moment).total_seconds()),
    )


def _open(proven: User, how: str) -> TokenPair:
    with db.session(write=True) as session:
        user = accounts.admitted(session, proven)
        accounts.record_sign_in(session, proven.id, user, how)
        pair = None if user is None else issue(sessions.open_row(session, user, kind="program"))
    if pair is None:
        raise Forbidden(t(accounts.DISABLED))
    return pair


def _end(session: Session, row: UserSession) -> None:
    sign_ins.revoke(session, row.user_id, row.id, now())
    audit.record(session, "refresh-reuse", actor=None, target=row.user_id, outcome="refused")
