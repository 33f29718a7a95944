"""Choosing another password by a link: who gets one, and what it does."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select

from chatbot_app import db
from chatbot_app.errors import (
    AppError,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyAttempts,
    Unavailable,
    WrongCredentials,
)
from chatbot_app.models import AuditEntry, MailedLink, User, now
from chatbot_app.services import accounts, letters, password_reset, sessions, throttle, verification
from tests.conftest import PASSWORD, Person
from tests.smtp_server import SmtpServer

NEW = "violet kettle drum"
HOME = "203.0.113.7"


async def ask(email: str, address: str = HOME) -> None:
    """Ask for a link and wait until it has left."""
    await password_reset.ask(email=email, address=address)
    await letters.settle(10)


async def token_for(smtp: SmtpServer, who: Person, count: int = 1) -> str:
    await ask(who.email)
    return smtp.link_to(who.email, count).partition("#")[2]


def is_verified(who: Person) -> bool:
    with db.session() as session:
        found = session.get(User, who.id)
        return found is not None and found.email_verified_at is not None


def links() -> list[MailedLink]:
    with db.session() as session:
        return list(session.exec(select(MailedLink)))


async def sign_in(who: Person, password: str) -> None:
    await accounts.sign_in(email=who.email, password=password, address=HOME)


async def test_a_forgotten_password_is_replaced_by_the_mailed_link(alice: Person, smtp: SmtpServer):
    token = await token_for(smtp, alice)

    await password_reset.choose(token, NEW)

    await sign_in(alice, NEW)
    with pytest.raises(WrongCredentials):
        await sign_in(alice, PASSWORD)
    assert is_verified(alice)
    assert links() == []


async def test_every_sign_in_ends(alice: Person, smtp: SmtpServer):
    token = await token_for(smtp, alice)
    await password_reset.choose(token, NEW)
    with pytest.raises(NotSignedIn):
        sessions.resolve(alice.token)


async def test_the_link_is_good_once(alice: Person, smtp: SmtpServer):
    token = await token_for(smtp, alice)
    outcomes = await asyncio.gather(
        *(password_reset.choose(token, f"{NEW} {number}") for number in range(4)),
        return_exceptions=True,
    )
    assert sorted(map(repr, map(type, outcomes))) == sorted(
        map(repr, [type(None), NotFound, NotFound, NotFound])
    )


async def test_a_password_that_is_not_good_enough_leaves_the_link_as_it_is(
    alice: Person, smtp: SmtpServer
):
    token = await token_for(smtp, alice)
    for password in ("short", "alice@example.org alice", "passwordpassword", "a" * 5000, "a\0" * 9):
        with pytest.raises(InvalidInput):
            await password_reset.choose(token, password)
    await password_reset.choose(token, NEW)


async def test_a_new_link_takes_the_older_ones_place(alice: Person, smtp: SmtpServer):
    older = await token_for(smtp, alice)
    newer = await token_for(smtp, alice, 2)
    with pytest.raises(NotFound):
        await password_reset.choose(older, NEW)
    await password_reset.choose(newer, NEW)


async def test_a_link_that_is_too_old_does_nothing(alice: Person, smtp: SmtpServer):
    token = await token_for(smtp, alice)
    with db.session(write=True) as session:
        session.exec(select(MailedLink)).one().expires_at = now() - timedelta(seconds=1)
    with pytest.raises(NotFound):
        await password_reset.choose(token, NEW)


async def test_a_disabled_account_gets_no_link_and_its_older_one_does_nothing(
    alice: Person, smtp: SmtpServer
):
    token = await token_for(smtp, alice)
    accounts.disable(alice.id)
    with pytest.raises(NotFound):
        await password_reset.choose(token, NEW)
    await ask(alice.email)
    assert len(smtp.to(alice.email)) == 1


@pytest.mark.parametrize("token", ["", "x", "h.", "x" * 5000, "a\0b", "\ud800", "%"])
async def test_what_is_no_token_does_nothing(alice: Person, smtp: SmtpServer, token: str):
    await token_for(smtp, alice)
    with pytest.raises(AppError):
        await password_reset.choose(token, NEW)
    await sign_in(alice, PASSWORD)


async def test_a_link_for_one_purpose_is_none_for_another(alice: Person, smtp: SmtpServer):
    token = await token_for(smtp, alice)
    with pytest.raises(NotFound):
        verification.confirm(token)


async def test_only_a_hash_of_it_is_kept(alice: Person, smtp: SmtpServer):
    token = await token_for(smtp, alice)
    assert token not in repr(links())


async def test_nobody_is_mailed_who_has_no_account(alice: Person, smtp: SmtpServer):
    await ask("nobody@example.org")
    assert smtp.mails == []
    assert links() == []


async def test_the_mail_goes_to_the_address_of_the_account(alice: Person, smtp: SmtpServer):
    await ask(" ALICE@Example.org")
    assert [mail["To"] for mail in smtp.mails] == [alice.email]


@pytest.mark.parametrize("email", ["alice@example.org", "nobody@example.org"])
async def test_asking_is_slowed_down_alike_for_known_and_unknown(
    alice: Person, smtp: SmtpServer, email: str
):
    for _ in range(throttle.MAILS_PER_ACCOUNT):
        await ask(email)
    with pytest.raises(TooManyAttempts):
        await ask(email, address="198.51.100.1")
    await ask("charlie@example.org")


async def test_asking_is_slowed_down_by_address(database: str, smtp: SmtpServer):
    for number in range(throttle.MAILS_PER_ADDRESS):
        await ask(f"somebody{number}@example.org")
    with pytest.raises(TooManyAttempts):
        await ask("nobody@example.org")
    await ask("nobody@example.org", address="198.51.100.1")


async def test_a_mail_server_that_is_away_is_nobodys_business(
    alice: Person, smtp: SmtpServer, settings: Callable[..., None]
):
    smtp.refused.add(alice.email)
    await ask(alice.email)
    assert smtp.mails == []


async def test_without_a_mail_server_one_is_told_whom_to_ask(alice: Person):
    with pytest.raises(Unavailable, match="Whoever runs it can make a link"):
        await password_reset.ask(email=alice.email, address=HOME)


async def test_a_link_made_by_hand_changes_the_password_and_confirms_no_address(
    alice: Person, settings: Callable[..., None]
):
    settings(PUBLIC_URL="https://chat.example.com")
    link = password_reset.make_link(" Alice@example.org")
    assert link.startswith("https://chat.example.com/reset#")

    await password_reset.choose(link.partition("#")[2], NEW)

    await sign_in(alice, NEW)
    assert not is_verified(alice)


async def test_no_link_is_made_for_nobody_or_the_disabled(alice: Person):
    accounts.disable(alice.id)
    for email in (alice.email, "nobody@example.org"):
        with pytest.raises(NotFound):
            password_reset.make_link(email)


async def test_a_reset_is_audited(alice: Person, smtp: SmtpServer):
    await password_reset.choose(await token_for(smtp, alice), NEW)
    with db.session() as session:
        actions = session.exec(
            select(AuditEntry.action).where(col(AuditEntry.actor_id) == alice.id)
        ).all()
    assert {"password-reset", "email-verify"} <= set(actions)
