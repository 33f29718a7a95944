"""What administrators see and do: users, invitations and the audit. The link of a new invitation
never comes here: the API shows it once.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

import reflex as rx

from chatbot_app import db
from chatbot_app.errors import AppError
from chatbot_app.schemas import AuditRow, InvitationItem, UserRow, Viewer
from chatbot_app.services import administration, answers, audit_log, invitations
from chatbot_app.state.dates import ago, reader_now
from chatbot_app.state.forms import AuditForm, EmailForm, SearchForm
from chatbot_app.state.gate import handler
from chatbot_app.words import short_day

ACTIONS: dict[str, str] = {**audit_log.WORDS}
"""What the audit can be narrowed down to, in words."""


class Users(rx.State):
    """The accounts, and the one that is about to be deleted."""

    users: list[UserRow] = []
    after: str = ""
    search: str = ""
    own_id: str = ""
    error: str = ""
    delete_error: str = ""
    deleting_id: str = ""
    deleting_email: str = ""
    is_loaded: bool = False

    @handler
    async def load(self, viewer: Viewer) -> None:
        """Show the first accounts; nothing to whoever is no administrator: the page says so."""
        self.users, self.after, self.search, self.error, self.deleting_id = [], "", "", "", ""
        if viewer.is_admin:
            self.own_id = str(viewer.user_id)
            await self._list()
            self.is_loaded = True

    @handler(admin=True)
    async def find(self, viewer: Viewer, form: SearchForm) -> None:
        """Show the accounts that have these words in name or email."""
        await self._list(form["search"])

    @handler(admin=True)
    async def show_more(self, viewer: Viewer) -> None:
        """List the accounts behind those that are listed."""
        if not self.after:
            return  # a second click
        page = await db.in_thread(administration.list_users, search=self.search, after=self.after)
        self.users = [*self.get_value("users"), *self._in_words(page.users)]
        self.after = page.after

    @handler(admin=True)
    async def disable(self, viewer: Viewer, user_id: str) -> None:
        """Shut somebody's account."""
        await self._change(administration.disable, viewer, user_id)

    @handler(admin=True)
    async def enable(self, viewer: Viewer, user_id: str) -> None:
        """Open somebody's account again."""
        await self._change(administration.enable, viewer, user_id)

    @handler(admin=True)
    async def set_role(self, viewer: Viewer, user_id: str, role: str) -> None:
        """Make somebody an administrator or a user."""
        await self._change(administration.set_role, viewer, user_id, role)

    @handler(admin=True)
    async def reset_two_factor(self, viewer: Viewer, user_id: str) -> None:
        """Ask somebody for no more codes."""
        await self._change(administration.reset_two_factor, viewer, user_id)

    @handler(admin=True)
    async def sign_out(self, viewer: Viewer, user_id: str) -> None:
        """End every sign-in of somebody."""
        await self._change(administration.sign_out, viewer, user_id)

    @handler(admin=True)
    async def ask_to_delete(self, viewer: Viewer, user_id: str) -> None:
        """Ask whether this account may really go."""
        found = next((u for u in self.get_value("users") if u.id == user_id), None)
        if found is not None:
            self.deleting_id, self.deleting_email, self.delete_error = found.id, found.email, ""

    @handler(admin=True)
    async def keep(self, viewer: Viewer) -> None:
        """Don't delete after all."""
        self.deleting_id = ""

    @handler(admin=True)
    async def delete(self, viewer: Viewer, form: EmailForm) -> None:
        """Delete the account that was asked about, once its email was typed."""
        try:
            target = await db.in_thread(
                administration.require_deletable, viewer, self.deleting_id, form["email"]
            )
            await answers.delete_account(target, by=viewer.user_id)
        except AppError as error:
            self.delete_error = error.message
            return
        self.users = [user for user in self.get_value("users") if user.id != self.deleting_id]
        self.deleting_id = ""

    async def _change(self, act: Any, viewer: Viewer, user_id: str, *more: str) -> None:
        """Do it, and show what became of it."""
        await db.in_thread(act, viewer, user_id, *more)
        await self._list(self.search, at_least=len(self.get_value("users")))

    async def _list(self, search: str = "", *, at_least: int = 0) -> None:
        limit = max(at_least, administration.LISTED)
        self.error = ""
        try:
            page = await db.in_thread(administration.list_users, search=search, limit=limit)
        except AppError as error:
            self.error = error.message
            return
        self.users, self.after = self._in_words(page.users), page.after
        self.search = search.strip()  # not before it was taken: it goes back to the page

    def _in_words(self, rows: list[UserRow]) -> list[UserRow]:
        now = reader_now(self.router.headers.cookie)
        return [
            replace(
                row,
                created_at=_day(row.created_at, now),
                last_seen_at=ago(row.last_seen_at, now) if row.last_seen_at else "",
            )
            for row in rows
        ]


class Invitations(rx.State):
    """The invitations that are still good."""

    invitations: list[InvitationItem] = []
    is_loaded: bool = False

    @handler
    async def load(self, viewer: Viewer) -> None:
        """List them; nothing to whoever is no administrator."""
        self.invitations = []
        if viewer.is_admin:
            await self._list()

    @handler(admin=True)
    async def refresh(self, viewer: Viewer) -> None:
        """List them anew: one was made."""
        await self._list()

    @handler(admin=True)
    async def withdraw(self, viewer: Viewer, invitation_id: str) -> None:
        """Take one back."""
        try:
            await db.in_thread(invitations.withdraw, viewer, invitation_id)
        finally:
            await self._list()

    async def _list(self) -> None:
        now = reader_now(self.router.headers.cookie)
        listed = await db.in_thread(invitations.list_all)
        self.invitations = [
            replace(
                item,
                created_at=ago(item.created_at, now),
                expires_at=_day(item.expires_at, now),
            )
            for item in listed
        ]
        self.is_loaded = True


class Audit(rx.State):
    """A stretch of the audit, and what it is narrowed down to."""

    entries: list[AuditRow] = []
    before: str = ""
    error: str = ""
    is_loaded: bool = False

    _filters: dict[str, str] = {}

    @handler
    async def load(self, viewer: Viewer) -> None:
        """Show the newest entries; nothing to whoever is no administrator."""
        self.entries, self.before, self.error, self._filters = [], "", "", {}
        if viewer.is_admin:
            await self._list()
            self.is_loaded = True

    @handler(admin=True)
    async def narrow(self, viewer: Viewer, form: AuditForm) -> None:
        """Show what fits; what was chosen stays in its fields."""
        self._filters = {name: str(value).strip() for name, value in form.items()}
        await self._list()

    @handler(admin=True)
    async def show_more(self, viewer: Viewer) -> None:
        """Show what is older."""
        if self.before:
            await self._list(before=self.before)

    async def _list(self, *, before: str = "") -> None:
        now = reader_now(self.router.headers.cookie)
        self.error = ""
        try:
            page = await db.in_thread(
                audit_log.list_page,
                **self.get_value("_filters"),
                before=before,
                zone=now.tzinfo,
            )
        except AppError as error:
            self.error = error.message
            return
        shown = [replace(entry, at=_moment(entry.at, now)) for entry in page.entries]
        self.entries = [*self.get_value("entries"), *shown] if before else shown
        self.before = page.before


def _day(moment: str, now: datetime) -> str:
    then = datetime.fromisoformat(moment).astimezone(now.tzinfo)
    return short_day(then)


def _moment(moment: str, now: datetime) -> str:
    then = datetime.fromisoformat(moment).astimezone(now.tzinfo)
    return f"{_day(moment, now)}, {then:%H:%M:%S}"
