"""A phone with an authenticator app, for tests."""

import asyncio
import time
from dataclasses import dataclass

from pyotp.totp import TOTP

from chatbot_app.services import two_factor
from tests.conftest import PASSWORD, Person

STEP = 30
CALM = 3
"""Seconds of a step that a test has at least, before the codes are others."""


@dataclass
class Phone:
    """An authenticator app that knows one secret, as it was scanned or typed."""

    secret: str

    def code(self, *, steps: int = 0) -> str:
        """Show the code of now, or of so many steps of half a minute later."""
        return TOTP(self.secret.replace(" ", "")).at(int(time.time()) + steps * STEP)

    def wrong_code(self) -> str:
        """Give six digits that are no code of these minutes."""
        near = {self.code(steps=steps) for steps in range(-3, 4)}
        return next(f"{n:06}" for n in range(1_000_000) if f"{n:06}" not in near)


async def protected(owner: Person) -> tuple[Phone, list[str]]:
    """Switch two-factor authentication on; gives the phone, whose code of now is not used up yet,
    and the recovery codes.
    """
    left = STEP - time.time() % STEP
    if left < CALM:
        await asyncio.sleep(left)
    enrolment = await two_factor.enrol(owner.viewer, PASSWORD)
    phone = Phone(enrolment.secret)
    return phone, await two_factor.confirm(owner.viewer, phone.code(steps=-1))
