"""The second factor: six digits from an app on the phone (TOTP, RFC 6238), and recovery codes for
the day when the phone is gone.

The app's secret is kept encrypted, with a key made of JWT_SECRET. If that has changed it can't be
read any more, and then no code of the app is right; recovery codes are.
"""

import base64
import hashlib
import hmac
import secrets
import time
import uuid
from dataclasses import dataclass

from pyotp import random_base32
from pyotp.totp import TOTP
from sqlmodel import Session

from chatbot_app import db, security
from chatbot_app.config import get_settings
from chatbot_app.errors import Conflict, InvalidInput, NotFound, NotSignedIn, WrongCredentials
from chatbot_app.models import TwoFactor, User, now
from chatbot_app.repositories import two_factor, users
from chatbot_app.schemas import Protection, SessionGrant, Viewer
from chatbot_app.services import accounts, audit, pending_sign_ins, sessions, throttle
from chatbot_app.words import mark, t

ISSUER = "Chatbot Platform"
STEP_SECONDS = 30
DRIFT = 1
"""How many steps a phone's clock may be wrong, either way (RFC 6238, section 5.2)."""

RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 random bits each: nothing slow is needed to keep what can't be guessed."""

LONGEST = 64
"""Characters of what may be typed as a code, with blanks and hyphens."""

WRONG = mark(
    "That code isn't right. Please give the one that your app shows now, or a recovery code."
)
OVER = mark("This sign-in took too long. Please begin again with your password.")
IS_ON = mark("Two-factor authentication is on already.")
IS_OFF = mark("Two-factor authentication is off. Please reload this page.")


@dataclass(frozen=True)
class Enrolment:
    """What the app has to know, to be shown once: its secret, and the same as an address for a QR
    code.
    """

    secret: str
    uri: str


def is_on(user_id: uuid.UUID) -> bool:
    """Whether this person gives a code to sign in, besides whatever comes first."""
    with db.session() as session:
        return two_factor.is_on(session, user_id)


async def check(user_id: uuid.UUID, code: object) -> None:
    """Take a code of the app or a recovery code of this person, which is used up by it.

    The same code is never taken twice, also not by two who send it at once. Wrong ones are counted
    for the account, whatever sign-in they are for, and stand in the audit. Who has no second factor
    has no right code: ask `is_on` first.

    Raises:
        WrongCredentials: it isn't right, or was used before.
        TooManyAttempts: too many weren't.
        InvalidInput: there is none.
    """
    given = _typed(code)
    with throttle.giving_code(str(user_id)):
        if not await db.in_thread(_take, user_id, given):
            await db.in_thread(
                audit.note, "sign-in", actor=None, target=user_id, detail="wrong code"
            )
            raise WrongCredentials(t(WRONG))


async def sign_in(token: str | None, code: object) -> SessionGrant:
    """Finish a sign-in whose first factor was right.

    Raises:
        NotSignedIn: it was begun too long ago, or the password has changed since.
        WrongCredentials, TooManyAttempts, InvalidInput: see `check`.
        Forbidden: the account is disabled.
    """
    try:
        pending = pending_sign_ins.read(token)
    except NotSignedIn:
        raise NotSignedIn(t(OVER)) from None
    user = await db.in_thread(_find, pending)
    await check(user.id, code)
    return await db.in_thread(accounts.admit, user, f"{pending.how} and code", gave_code=True)


def protection(user_id: uuid.UUID) -> Protection:
    """Tell what an account is protected by.

    Raises: NotFound.
    """
    with db.session() as session:
        return Protection(
            has_password=users.get(session, user_id).password_hash != "",
            is_two_factor_on=two_factor.is_on(session, user_id),
            recovery_codes=two_factor.count_recovery_codes(session, user_id),
        )


async def enrol(viewer: Viewer, password: str) -> Enrolment:
    """Make a secret for the person's app. No code is asked for until one was given: `confirm`.

    Not before the e-mail is confirmed, where mail can be sent: a stranger who registers somebody's
    address must not be able to lock them out of it for good.

    Raises: Conflict if it is on already, Forbidden, and what `accounts.confirm` raises.
    """
    sessions.require_verified(viewer)
    await accounts.confirm(viewer, password)
    secret = random_base32()
    await db.in_thread(_keep, viewer.user_id, secret)
    uri = TOTP(secret).provisioning_uri(name=viewer.email, issuer_name=ISSUER)
    return Enrolment(secret, uri)


async def confirm(viewer: Viewer, code: object) -> list[str]:
    """Switch it on with the first code of the app; gives the recovery codes, which are not to be
    had again.

    Raises: WrongCredentials, TooManyAttempts, InvalidInput, Conflict if it is on already, NotFound
    if it was not begun.
    """
    given = _typed(code)
    with throttle.giving_code(str(viewer.user_id)):
        codes = await db.in_thread(_confirm, viewer.user_id, given)
        if codes is None:
            raise WrongCredentials(t("That code isn't right. Please give the one shown now."))
    return codes


async def renew_recovery_codes(viewer: Viewer, password: str) -> list[str]:
    """Give new recovery codes; those before are worth nothing from now on.

    Raises: Conflict if it is off, and what `accounts.confirm` raises.
    """
    await accounts.confirm(viewer, password)
    return await db.in_thread(_renew, viewer.user_id)


async def switch_off(viewer: Viewer, password: str) -> None:
    """Ask this person for no more codes.

    Raises: Conflict if it is off, and what `accounts.confirm` raises.
    """
    await accounts.confirm(viewer, password)
    await db.in_thread(_switch_off, viewer.user_id)


def _typed(code: object) -> str:
    if not isinstance(code, str) or not code.strip():
        raise InvalidInput(t("Please enter the code."))
    if len(code) > LONGEST:
        raise InvalidInput(t("This is too long for a code."))
    return "".join(character for character in code.casefold() if character.isalnum())


def _find(pending: pending_sign_ins.Pending) -> User:
    with db.session() as session:
        user = users.find(session, pending.user_id)
    if user is None or not pending_sign_ins.stands(pending, user):
        raise NotSignedIn(t(OVER))
    return user


def _take(user_id: uuid.UUID, given: str) -> bool:
    """Check a code and mark it as used, in one transaction: of two with the same one loses."""
    with db.session(write=True) as session:
        factor = two_factor.find(session, user_id)
        if factor is None or factor.confirmed_at is None:
            return False
        step = _step(factor, given)
        if step is not None:
            return two_factor.take_step(session, user_id, step)
        if not two_factor.take_recovery_code(session, user_id, _hash(given)):
            return False
        audit.record(session, "recovery-code", actor=user_id, detail="used")
        return True


def _step(factor: TwoFactor, given: str) -> int | None:
    """Find the time step whose code this is, among the few that count; None if it is none's."""
    secret = security.unseal(
        factor.secret, secret=get_settings().signing_key, owner=str(factor.user_id)
    )
    if secret is None:
        return None
    app, current = TOTP(secret), int(time.time()) // STEP_SECONDS
    found = None
    for step in range(current - DRIFT, current + DRIFT + 1):
        if hmac.compare_digest(app.generate_otp(step).encode(), given.encode()):
            found = step
    return found


def _keep(user_id: uuid.UUID, secret: str) -> None:
    with db.session(write=True) as session:
        users.get(session, user_id, lock=True)
        if two_factor.is_on(session, user_id):
            raise Conflict(t(IS_ON))
        two_factor.delete_with_codes(session, user_id)
        sealed = security.seal(secret, secret=get_settings().signing_key, owner=str(user_id))
        two_factor.add(session, TwoFactor(user_id=user_id, secret=sealed))


def _confirm(user_id: uuid.UUID, given: str) -> list[str] | None:
    with db.session(write=True) as session:
        users.get(session, user_id, lock=True)
        factor = two_factor.find(session, user_id)
        if factor is None:
            raise NotFound(
                t("Please begin again: this was not begun, or was begun anew elsewhere.")
            )
        if factor.confirmed_at is not None:
            raise Conflict(t(IS_ON))
        step = _step(factor, given)
        if step is None or not two_factor.take_step(session, user_id, step):
            return None
        two_factor.confirm(session, user_id, now())
        audit.record(session, "two-factor-on", actor=user_id)
        return _new_codes(session, user_id)


def _renew(user_id: uuid.UUID) -> list[str]:
    with db.session(write=True) as session:
        users.get(session, user_id, lock=True)
        if not two_factor.is_on(session, user_id):
            raise Conflict(t(IS_OFF))
        audit.record(session, "recovery-code", actor=user_id, detail="new codes")
        return _new_codes(session, user_id)


def _switch_off(user_id: uuid.UUID) -> None:
    with db.session(write=True) as session:
        users.get(session, user_id, lock=True)
        if not two_factor.is_on(session, user_id):
            raise Conflict(t(IS_OFF))
        two_factor.delete_with_codes(session, user_id)
        audit.record(session, "two-factor-off", actor=user_id)


def _new_codes(session: Session, user_id: uuid.UUID) -> list[str]:
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    hashes = [_hash(code.replace("-", "")) for code in codes]
    two_factor.replace_recovery_codes(session, user_id, hashes)
    return codes


def _new_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode("ascii").lower()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8")).hexdigest()
