"""Confirming an e-mail address."""

from collections.abc import Callable

import pytest

from chatbot_app.errors import Conflict, Forbidden, InvalidInput, NotFound, TooManyAttempts
from chatbot_app.schemas import Viewer
from chatbot_app.services import (
    letters,
    registration,
    sessions,
    throttle,
    two_factor,
    verification,
)
from tests.conftest import PASSWORD
from tests.smtp_server import SmtpServer

DANA = "dana@example.org"


async def join() -> tuple[Viewer, str]:
    """Register Dana; gives her token, too."""
    grant = await registration.register(
        name="Dana", email=DANA, password=PASSWORD, address="203.0.113.7"
    )
    await letters.settle(10)
    return sessions.resolve(grant.token), grant.token


def token_in(smtp: SmtpServer, count: int = 1) -> str:
    return smtp.link_to(DANA, count).partition("#")[2]


async def test_a_new_account_is_confirmed_by_the_mailed_link(database: str, smtp: SmtpServer):
    dana, session = await join()
    assert not dana.is_verified
    with pytest.raises(Forbidden):
        sessions.require_verified(dana)

    verification.confirm(token_in(smtp))

    sessions.require_verified(sessions.resolve(session))
    with pytest.raises(NotFound):
        verification.confirm(token_in(smtp))


async def test_nobody_locks_an_address_that_may_not_be_theirs_with_a_second_factor(
    database: str, smtp: SmtpServer
):
    dana, session = await join()
    with pytest.raises(Forbidden):
        await two_factor.enrol(dana, PASSWORD)
    verification.confirm(token_in(smtp))
    assert (await two_factor.enrol(sessions.resolve(session), PASSWORD)).secret


async def test_without_a_mail_server_nobody_has_to_confirm(database: str):
    dana, _ = await join()
    sessions.require_verified(dana)


async def test_another_mail_takes_the_first_ones_place(database: str, smtp: SmtpServer):
    dana, session = await join()
    first = token_in(smtp)
    await verification.ask_again(dana)
    await letters.settle(10)
    with pytest.raises(NotFound):
        verification.confirm(first)
    verification.confirm(token_in(smtp, 2))

    with pytest.raises(Conflict):
        await verification.ask_again(sessions.resolve(session))


async def test_asking_again_is_slowed_down(database: str, smtp: SmtpServer):
    dana, _ = await join()
    for _ in range(throttle.MAILS_PER_ACCOUNT):
        await verification.ask_again(dana)
    with pytest.raises(TooManyAttempts):
        await verification.ask_again(dana)
    await letters.settle(10)


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "a\0b"])
async def test_what_is_no_token_confirms_nothing(database: str, smtp: SmtpServer, token: str):
    await join()
    with pytest.raises((NotFound, InvalidInput)):
        verification.confirm(token)


async def test_an_account_is_made_though_no_mail_can_be_sent(
    database: str, settings: Callable[..., None], smtp: SmtpServer
):
    smtp.refused.add(DANA)
    dana, _ = await join()
    assert not dana.is_verified
