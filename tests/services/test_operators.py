"""What whoever runs the site does from its command line."""

import pytest
from sqlmodel import col, select

from chatbot_app import db
from chatbot_app.errors import Conflict, Forbidden, InvalidInput
from chatbot_app.models import AuditEntry, User
from chatbot_app.services import accounts, operators, sessions
from tests.conftest import PASSWORD, Person

CHIEF = "chief@example.org"


async def open_admin(email: str = CHIEF, password: str = PASSWORD) -> None:
    await operators.open_admin(email=email, name="Chief", password=password)


def roles_audited(user_id: object) -> list[str]:
    with db.session() as session:
        found = session.exec(
            select(AuditEntry.detail).where(
                col(AuditEntry.target_id) == user_id, col(AuditEntry.action) == "role"
            )
        )
        return list(found)


async def test_a_new_administrator_can_sign_in(database: str):
    await open_admin(" Chief@Example.org")
    grant = await accounts.sign_in(email=CHIEF, password=PASSWORD, address="203.0.113.7")
    chief = sessions.resolve(grant.token)
    assert chief.is_admin
    assert grant.landing.startswith("/projects/")
    with db.session() as session:
        assert session.exec(select(User)).one().email_verified_at
    assert roles_audited(chief.user_id) == ["admin, by command"]


async def test_the_rules_for_passwords_hold(database: str):
    for password in ("", "short", "passwordpassword"):
        with pytest.raises(InvalidInput):
            await open_admin(password=password)


async def test_an_account_that_is_there_becomes_an_administrators_at_once(alice: Person):
    assert not sessions.resolve(alice.token).is_admin
    assert operators.promote(" ALICE@example.org") is True
    assert sessions.resolve(alice.token).is_admin
    assert operators.promote(alice.email) is True
    assert roles_audited(alice.id) == ["admin, by command"]
    with pytest.raises(Conflict):
        await open_admin(alice.email)


async def test_nobody_is_promoted_who_is_not_there_or_disabled(alice: Person):
    assert operators.promote("nobody@example.org") is False
    accounts.disable(alice.id)
    with pytest.raises(Forbidden):
        operators.promote(alice.email)
