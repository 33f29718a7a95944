"""Moments as a person reads them: by their own calendar, and in words."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

from chatbot_app.cookies import read_cookie
from chatbot_app.schemas import ChatItem
from chatbot_app.words import day, t


@dataclass(frozen=True)
class ChatGroup:
    """Chats whose last message is about as old."""

    label: str = ""
    chats: list[ChatItem] = field(default_factory=list[ChatItem])


def reader_now(cookie_header: str) -> datetime:
    """The present moment where the reader is.

    The page keeps the browser's distance from UTC in a cookie, in minutes as JavaScript counts
    them; nothing hangs on it but the words for a day.
    """
    minutes = read_cookie(cookie_header, "tz") or "0"
    try:
        return datetime.now(timezone(timedelta(minutes=-int(minutes))))
    except (ValueError, OverflowError):
        return datetime.now(UTC)


def group_by_age(listed: list[ChatItem], now: datetime) -> list[ChatGroup]:
    """Chats under Today, Yesterday, Previous 7 days and Older, by the calendar of `now`; empty
    groups are left out.
    """
    groups: dict[str, list[ChatItem]] = {}
    for chat in listed:
        last = datetime.fromisoformat(chat.last_message_at).astimezone(now.tzinfo)
        days = (now.date() - last.date()).days
        label = (
            t("Today")
            if days <= 0
            else t("Yesterday")
            if days == 1
            else t("Previous 7 days")
            if days <= 7
            else t("Older")
        )
        groups.setdefault(label, []).append(chat)
    return [ChatGroup(label, chats) for label, chats in groups.items()]


def ago(moment: str, now: datetime) -> str:
    """How long ago a moment (ISO 8601) was, in words; a date when it is more than a month."""
    then = datetime.fromisoformat(moment).astimezone(now.tzinfo)
    seconds = (now - then).total_seconds()
    if seconds < 60:
        return t("just now")
    minutes, hours, days = (int(seconds // length) for length in (60, 3600, 86400))
    if minutes < 60:
        return t("1 minute ago") if minutes == 1 else t("{number} minutes ago", number=minutes)
    if hours < 24:
        return t("1 hour ago") if hours == 1 else t("{number} hours ago", number=hours)
    if days < 31:
        return t("1 day ago") if days == 1 else t("{number} days ago", number=days)
    return day(then)
