"""A conversation's tree put in order: every message behind its parent, none without a way to the
first one, and in between only what people said and were answered.

Whatever the file says of parents comes out as a tree. All of it is done in one walk, however deep.
"""

from collections import deque
from datetime import datetime

from chatbot_app.models import now
from chatbot_app.services.imports.records import (
    LONGEST_TEXT,
    MOST_MESSAGES,
    Conversation,
    Note,
    Unreadable,
)


def settle(conversation: Conversation, *, joins: bool) -> None:
    """Order what was said, and choose what is shown where the file doesn't.

    With `joins` the parts of an answer that were messages of their own there become one.

    Raises: Unreadable for more than can be stored at once.
    """
    if len(conversation.notes) > MOST_MESSAGES:
        raise Unreadable
    for place, note in enumerate(conversation.notes):
        note.place = place
    notes = ordered(conversation.notes)
    where: dict[str, str | None] = {note.key: note.key for note in notes}
    notes = _lifted(notes, where)
    if joins:
        notes = _joined(notes, where)
    _date(notes, conversation.created_at or conversation.last_message_at or now())
    conversation.notes = notes
    conversation.shown = where.get(conversation.shown or "") or _newest_end(notes)
    moments = [note.created_at for note in notes if note.created_at]
    if conversation.created_at is None:
        conversation.created_at = min(moments, default=conversation.last_message_at or now())
    if conversation.last_message_at is None:
        conversation.last_message_at = max(moments, default=conversation.created_at)


def ordered(notes: list[Note]) -> list[Note]:
    """Put each message behind its parent. The second of two with one name goes; who has no parent
    there, or is his own, however far around, begins a branch.
    """
    known: dict[str, Note] = {}
    for note in notes:
        known.setdefault(note.key, note)
    below: dict[str, list[Note]] = {}
    for note in known.values():
        if note.parent not in known or note.parent == note.key:
            note.parent = None
        else:
            below.setdefault(note.parent or "", []).append(note)
    found: dict[str, Note] = {}

    def follow(first: Note) -> None:
        waiting = deque([first])
        while waiting:
            note = waiting.popleft()
            if note.key not in found:
                found[note.key] = note
                waiting.extend(below.get(note.key, ()))

    for note in known.values():
        if note.parent is None:
            follow(note)
    for note in known.values():  # what is left goes around in circles
        if note.key not in found:
            note.parent = None
            follow(note)
    return list(found.values())


def _lifted(notes: list[Note], where: dict[str, str | None]) -> list[Note]:
    """Leave out what has no role; what was below it moves up. `where` says where each one is now."""
    for note in notes:
        parent = where[note.parent] if note.parent is not None else None
        note.parent = parent
        if note.role is None:
            where[note.key] = parent
    return [note for note in notes if note.role is not None]


def _joined(notes: list[Note], where: dict[str, str | None]) -> list[Note]:
    """Make one answer of those that follow upon each other where nothing branches off."""
    children: dict[str | None, int] = {}
    for note in notes:
        children[note.parent] = children.get(note.parent, 0) + 1
    known = {note.key: note for note in notes}
    head: dict[str, Note] = {}
    parts: dict[str, list[str]] = {}
    thoughts: dict[str, list[str]] = {}
    kept: list[Note] = []
    for note in notes:
        above = known[note.parent] if note.parent is not None else None
        if above and note.role == above.role == "assistant" and children[above.key] == 1:
            first = head[note.key] = head[above.key]
            _take_over(first, note)
        else:
            first = head[note.key] = note
            note.parent = head[above.key].key if above else None
            kept.append(note)
        parts.setdefault(first.key, []).append(note.content)
        thoughts.setdefault(first.key, []).append(note.reasoning)
    for note in kept:
        note.content = "\n\n".join(filter(None, parts[note.key]))
        note.reasoning = "\n\n".join(filter(None, thoughts[note.key]))
        if max(len(note.content), len(note.reasoning)) > LONGEST_TEXT:
            raise Unreadable
    for name, now_at in where.items():
        where[name] = head[now_at].key if now_at is not None else None
    return kept


def _take_over(first: Note, note: Note) -> None:
    first.status = note.status
    first.ended_at = note.ended_at or note.created_at or first.ended_at
    first.model = note.model or first.model
    if note.reasoning_ms is not None:
        first.reasoning_ms = (first.reasoning_ms or 0) + note.reasoning_ms


def _date(notes: list[Note], begun: datetime) -> None:
    known: dict[str, Note] = {note.key: note for note in notes}
    for note in notes:
        if note.created_at is None:
            above = known[note.parent].created_at if note.parent is not None else None
            note.created_at = above or begun


def _newest_end(notes: list[Note]) -> str | None:
    parents = {note.parent for note in notes}
    ends = [note for note in notes if note.key not in parents]
    newest = max(ends, key=lambda note: note.created_at or now(), default=None)
    return newest.key if newest else None
