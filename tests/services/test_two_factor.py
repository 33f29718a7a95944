"""The second factor: asked for when it is on, right once, and no way around it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select, update

from chatbot_app import db, security
from chatbot_app.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    TooManyAttempts,
    WrongCredentials,
)
from chatbot_app.models import AuditEntry, RecoveryCode, TwoFactor, User
from chatbot_app.schemas import SessionGrant
from chatbot_app.services import accounts, pending_sign_ins, sessions, two_factor
from tests.conftest import PASSWORD, Person
from tests.second_factor import Phone, protected

HOME = "203.0.113.7"
NEW_PASSWORD = "violet kettle drum"


async def give_password(who: Person, password: str = PASSWORD) -> SessionGrant:
    return await accounts.sign_in(email=who.email, password=password, address=HOME)


def audited(who: Person) -> list[tuple[str, str, str]]:
    """List what the audit says of a person, in order."""
    with db.session() as session:
        entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all()
    return [(e.action, e.outcome, e.detail) for e in entries if who.id in (e.actor_id, e.target_id)]


async def test_without_a_second_factor_the_password_signs_in(alice: Person):
    grant = await give_password(alice)

    assert not grant.needs_code
    assert sessions.resolve(grant.token).user_id == alice.id


async def test_with_one_the_password_only_leads_to_the_question_for_the_code(alice: Person):
    await protected(alice)

    grant = await give_password(alice)

    assert grant.needs_code
    assert grant.landing == "/login/code"
    assert grant.max_age == 300
    for kind in (security.SESSION, security.ACCESS, security.REFRESH):
        with pytest.raises(NotSignedIn):
            sessions.resolve(grant.token, kind=kind)


async def test_the_code_of_the_app_finishes_the_sign_in(alice: Person):
    phone, _ = await protected(alice)
    pending = await give_password(alice)

    grant = await two_factor.sign_in(pending.token, phone.code())

    assert not grant.needs_code
    assert sessions.resolve(grant.token).user_id == alice.id
    assert audited(alice)[-1] == ("sign-in", "done", "password and code")


async def test_a_code_is_taken_once(alice: Person):
    phone, _ = await protected(alice)
    code = phone.code()
    await two_factor.check(alice.id, code)

    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, code)


async def test_a_code_before_one_that_was_taken_is_not_taken_any_more(alice: Person):
    phone, _ = await protected(alice)
    early, late = phone.code(), phone.code(steps=1)
    await two_factor.check(alice.id, late)

    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, early)


async def test_the_code_that_switched_it_on_does_not_sign_in(alice: Person):
    phone = Phone((await two_factor.enrol(alice.viewer, PASSWORD)).secret)
    code = phone.code()
    await two_factor.confirm(alice.viewer, code)

    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, code)


@pytest.mark.parametrize("steps", [-3, -2, 3])
async def test_a_code_of_another_minute_is_wrong(alice: Person, steps: int):
    phone, _ = await protected(alice)

    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, phone.code(steps=steps))


async def test_of_many_who_send_one_code_at_once_one_gets_in(
    alice: Person, settings: Callable[..., None]
):
    settings(SIGN_IN_FAILURES_PER_ACCOUNT=50)
    phone, recovery = await protected(alice)
    for code in (phone.code(), recovery[0]):
        tries = [two_factor.check(alice.id, code) for _ in range(8)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(o).__name__ for o in outcomes if o is not None] == ["WrongCredentials"] * 7


async def test_a_recovery_code_signs_in_once_however_it_is_written(alice: Person):
    _, recovery = await protected(alice)
    await two_factor.check(alice.id, recovery[0])
    await two_factor.check(alice.id, f"  {recovery[1].upper().replace('-', ' ')} ")

    assert two_factor.protection(alice.id).recovery_codes == 8
    assert audited(alice)[-1] == ("recovery-code", "done", "used")
    for used in recovery[:2]:
        with pytest.raises(WrongCredentials):
            await two_factor.check(alice.id, used)


async def test_recovery_codes_cannot_be_guessed_or_read_in_the_database(alice: Person):
    _, recovery = await protected(alice)

    assert len(set(recovery)) == 10
    assert all(len(code.replace("-", "")) * 5 >= 80 for code in recovery)
    with db.session() as session:
        kept = set(session.exec(select(RecoveryCode.code_hash)).all())
    assert len(kept) == 10
    assert not kept & {*recovery, *(code.replace("-", "") for code in recovery)}


async def test_new_recovery_codes_end_the_old_ones(alice: Person):
    _, old = await protected(alice)
    await two_factor.check(alice.id, old[0])

    new = await two_factor.renew_recovery_codes(alice.viewer, PASSWORD)

    assert not set(old) & set(new)
    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, old[1])
    await two_factor.check(alice.id, new[0])


async def test_the_secret_is_not_in_the_database_in_the_clear(alice: Person):
    phone, _ = await protected(alice)

    with db.session() as session:
        kept = session.exec(select(TwoFactor.secret)).one()
    assert phone.secret not in kept
    assert len(kept) <= 200


async def test_after_another_jwt_secret_no_code_of_the_app_is_right_but_recovery_codes_are(
    alice: Person, settings: Callable[..., None]
):
    phone, recovery = await protected(alice)
    settings(JWT_SECRET="another secret " * 3)

    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, phone.code())
    await two_factor.check(alice.id, recovery[0])


async def test_somebody_elses_sealed_secret_is_worth_nothing(alice: Person, charlie: Person):
    phone, _ = await protected(charlie)
    await protected(alice)
    with db.session(write=True) as session:
        factors = {f.user_id: f for f in session.exec(select(TwoFactor)).all()}
        factors[alice.id].secret = factors[charlie.id].secret

    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, phone.code())


async def test_the_sixth_wrong_code_waits_whatever_sign_in_it_is_for(
    alice: Person, charlie: Person
):
    phone, recovery = await protected(alice)
    for _ in range(5):
        pending = await give_password(alice)
        with pytest.raises(WrongCredentials):
            await two_factor.sign_in(pending.token, phone.wrong_code())

    pending = await give_password(alice)
    for code in (phone.code(), recovery[0]):
        with pytest.raises(TooManyAttempts) as caught:
            await two_factor.sign_in(pending.token, code)
        assert caught.value.retry_after > 0
    assert audited(alice).count(("sign-in", "refused", "wrong code")) == 5
    theirs, _ = await protected(charlie)
    await two_factor.check(charlie.id, theirs.code())


async def test_a_pending_sign_in_dies_with_the_password(alice: Person):
    phone, _ = await protected(alice)
    pending = await give_password(alice)
    await accounts.change_password(alice.viewer, PASSWORD, NEW_PASSWORD)

    with pytest.raises(NotSignedIn):
        await two_factor.sign_in(pending.token, phone.code())
    assert (await give_password(alice, NEW_PASSWORD)).needs_code


async def test_a_pending_sign_in_lasts_five_minutes(alice: Person, monkeypatch: pytest.MonkeyPatch):
    phone, _ = await protected(alice)
    long_ago = pending_sign_ins.now() - timedelta(seconds=300 + security.CLOCK_SKEW)
    with monkeypatch.context() as patch:
        patch.setattr(pending_sign_ins, "now", lambda: long_ago)
        pending = await give_password(alice)

    with pytest.raises(NotSignedIn, match="begin again"):
        await two_factor.sign_in(pending.token, phone.code())


@pytest.mark.parametrize("token", [None, "", "nonsense"])
async def test_without_a_pending_sign_in_no_code_signs_in(alice: Person, token: str | None):
    phone, _ = await protected(alice)

    with pytest.raises(NotSignedIn):
        await two_factor.sign_in(token, phone.code())
    with pytest.raises(NotSignedIn):
        await two_factor.sign_in(alice.token, phone.code())


async def test_a_disabled_account_is_not_even_asked_for_a_code(alice: Person):
    phone, _ = await protected(alice)
    pending = await give_password(alice)
    accounts.disable(alice.id)

    with pytest.raises(Forbidden):
        await give_password(alice)
    with pytest.raises(Forbidden):
        await two_factor.sign_in(pending.token, phone.code())


async def test_until_it_is_confirmed_no_code_is_asked_for(alice: Person):
    enrolment = await two_factor.enrol(alice.viewer, PASSWORD)
    phone = Phone(enrolment.secret)

    assert f"secret={phone.secret}" in enrolment.uri
    assert not two_factor.is_on(alice.id)
    assert not (await give_password(alice)).needs_code
    with pytest.raises(WrongCredentials):
        await two_factor.confirm(alice.viewer, phone.wrong_code())
    assert not two_factor.is_on(alice.id)
    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, phone.code())


async def test_beginning_anew_makes_another_secret(alice: Person):
    first = await two_factor.enrol(alice.viewer, PASSWORD)
    second = await two_factor.enrol(alice.viewer, PASSWORD)

    assert first.secret != second.secret
    with pytest.raises(WrongCredentials):
        await two_factor.confirm(alice.viewer, Phone(first.secret).code())
    assert len(await two_factor.confirm(alice.viewer, Phone(second.secret).code())) == 10


async def test_what_is_on_is_not_begun_again_and_what_is_off_not_ended(
    alice: Person, charlie: Person
):
    phone, _ = await protected(alice)

    with pytest.raises(Conflict):
        await two_factor.enrol(alice.viewer, PASSWORD)
    with pytest.raises(Conflict):
        await two_factor.confirm(alice.viewer, phone.code())
    with pytest.raises(Conflict):
        await two_factor.switch_off(charlie.viewer, PASSWORD)
    with pytest.raises(Conflict):
        await two_factor.renew_recovery_codes(charlie.viewer, PASSWORD)
    with pytest.raises(NotFound):
        await two_factor.confirm(charlie.viewer, "123456")


async def test_every_change_asks_for_the_password(alice: Person):
    with pytest.raises(WrongCredentials):
        await two_factor.enrol(alice.viewer, "not the password at all")
    await protected(alice)
    for change in (two_factor.switch_off, two_factor.renew_recovery_codes):
        with pytest.raises(WrongCredentials):
            await change(alice.viewer, "not the password at all")
    assert two_factor.is_on(alice.id)


async def test_switched_off_nothing_of_it_is_left(alice: Person):
    _, recovery = await protected(alice)

    await two_factor.switch_off(alice.viewer, PASSWORD)

    assert not (await give_password(alice)).needs_code
    with db.session() as session:
        assert session.exec(select(TwoFactor)).all() == []
        assert session.exec(select(RecoveryCode)).all() == []
    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, recovery[0])
    assert [entry[0] for entry in audited(alice)][:2] == ["two-factor-on", "two-factor-off"]


@pytest.mark.parametrize("code", ["", "   ", None, 123456, "1" * 65])
async def test_what_can_be_no_code_is_not_counted(alice: Person, code: object):
    phone, _ = await protected(alice)
    for _ in range(6):
        with pytest.raises(InvalidInput):
            await two_factor.check(alice.id, code)

    await two_factor.check(alice.id, phone.code())


@pytest.mark.parametrize("code", ["\ud800", "１２３４５６", "000000\x00", "---", "é" * 64])
async def test_signs_of_any_kind_are_only_wrong(alice: Person, code: str):
    await protected(alice)

    with pytest.raises(WrongCredentials):
        await two_factor.check(alice.id, code)


async def test_an_account_without_a_password_is_asked_for_the_code_as_well(alice: Person):
    phone, _ = await protected(alice)
    with db.session(write=True) as session:
        session.exec(update(User).values(password_hash=""))
    with db.session() as session:
        user = session.exec(select(User)).one()

    pending = accounts.admit(user, "Example")

    assert pending.needs_code
    grant = await two_factor.sign_in(pending.token, phone.code())
    assert sessions.resolve(grant.token).user_id == alice.id
    assert audited(alice)[-1] == ("sign-in", "done", "Example and code")
    assert not two_factor.protection(alice.id).has_password
