"""Second factors and their recovery codes, each found by whose they are."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, delete, func, select, update

from chatbot_app.models import RecoveryCode, TwoFactor


def find(session: Session, user_id: uuid.UUID) -> TwoFactor | None:
    """Find a person's second factor, confirmed or not."""
    return session.get(TwoFactor, user_id)


def is_on(session: Session, user_id: uuid.UUID) -> bool:
    """Whether a person is to be asked for a code."""
    statement = select(TwoFactor.user_id).where(
        col(TwoFactor.user_id) == user_id, col(TwoFactor.confirmed_at).is_not(None)
    )
    return session.exec(statement).first() is not None


def add(session: Session, factor: TwoFactor) -> None:
    """Store a person's second factor, which has none yet."""
    session.add(factor)
    session.flush()


def delete_with_codes(session: Session, user_id: uuid.UUID) -> bool:
    """Drop a person's second factor and its recovery codes; tells whether there was one."""
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))
    return session.exec(delete(TwoFactor).where(col(TwoFactor.user_id) == user_id)).rowcount == 1


def confirm(session: Session, user_id: uuid.UUID, moment: datetime) -> None:
    """Ask for codes from now on."""
    statement = update(TwoFactor).where(col(TwoFactor.user_id) == user_id)
    session.exec(statement.values(confirmed_at=moment))


def take_step(session: Session, user_id: uuid.UUID, step: int) -> bool:
    """Take the code of this time step; False if it, or a later one, was taken before."""
    statement = update(TwoFactor).where(
        col(TwoFactor.user_id) == user_id, col(TwoFactor.last_step) < step
    )
    return session.exec(statement.values(last_step=step)).rowcount == 1


def take_recovery_code(session: Session, user_id: uuid.UUID, code_hash: str) -> bool:
    """Use up a recovery code; False if this person has no such code, or none any more."""
    statement = delete(RecoveryCode).where(
        col(RecoveryCode.user_id) == user_id, col(RecoveryCode.code_hash) == code_hash
    )
    return session.exec(statement).rowcount == 1


def count_recovery_codes(session: Session, user_id: uuid.UUID) -> int:
    """Count the recovery codes that a person has left."""
    statement = select(func.count()).where(col(RecoveryCode.user_id) == user_id)
    return session.exec(statement).one()


def replace_recovery_codes(
    session: Session, user_id: uuid.UUID, code_hashes: Iterable[str]
) -> None:
    """Give a person these recovery codes in place of all before."""
    session.exec(delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))
    session.add_all(RecoveryCode(user_id=user_id, code_hash=code) for code in code_hashes)
    session.flush()
