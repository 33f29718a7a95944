"""What protects the account, and where it is signed in. Passwords and codes never come here: they go
straight to the API.
"""

from dataclasses import dataclass
from datetime import datetime

import reflex as rx

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.schemas import Protection, SignIn, Viewer
from chatbot_app.services import sessions, two_factor
from chatbot_app.state.dates import ago, reader_now
from chatbot_app.state.gate import handler
from chatbot_app.words import t


@dataclass(frozen=True)
class Device:
    """One of the person's sign-ins, in words."""

    id: str = ""
    name: str = ""
    detail: str = ""
    is_current: bool = False


class Security(rx.State):
    """What the settings show of the account's protection."""

    is_loaded: bool = False
    protection: Protection = Protection()
    has_mail: bool = False
    devices: list[Device] = []

    @rx.var
    def has_other_devices(self) -> bool:
        """Whether there is anything else to sign out."""
        return any(not device.is_current for device in self.devices)

    @handler
    async def load(self, viewer: Viewer) -> None:
        """Read it anew."""
        self.protection = await db.in_thread(two_factor.protection, viewer.user_id)
        self.has_mail = get_settings().has_mail
        await self._list_devices(viewer)
        self.is_loaded = True

    @handler
    async def sign_out_device(self, viewer: Viewer, session_id: str) -> None:
        """End one sign-in; what it has open is led to the sign-in page."""
        try:
            await db.in_thread(sessions.end, viewer, session_id)
        finally:
            await self._list_devices(viewer)

    @handler
    async def sign_out_other_devices(self, viewer: Viewer) -> None:
        """End every sign-in but this one."""
        await db.in_thread(sessions.end_others, viewer)
        await self._list_devices(viewer)

    async def _list_devices(self, viewer: Viewer) -> None:
        now = reader_now(self.router.headers.cookie)
        listed = await db.in_thread(sessions.list_for, viewer)
        self.devices = [_device(sign_in, now) for sign_in in listed]


def _device(sign_in: SignIn, now: datetime) -> Device:
    seen = t("Last seen {when}", when=ago(sign_in.last_seen_at, now))
    parts = [t("Program") if sign_in.is_program else "", sign_in.address]
    parts.append("" if sign_in.is_current else seen)
    return Device(
        id=sign_in.id,
        name=sign_in.device,
        detail=" · ".join(part for part in parts if part),
        is_current=sign_in.is_current,
    )
