"""Where chats from a file are put: a project each for what comes from elsewhere, and a transaction
for each chat.

The ids are made here, never taken from a file. An account's row is locked meanwhile, so that two
imports of the same person, in two workers, store a chat once.
"""

import uuid

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.config import get_settings
from chatbot_app.errors import NotFound
from chatbot_app.models import Chat, Project, now
from chatbot_app.repositories import chats, imports, projects, users
from chatbot_app.services import audit, text
from chatbot_app.services.chats import PINNED_MAX
from chatbot_app.services.imports.records import Conversation, Home, Note, Tally, identifier, line
from chatbot_app.words import t


def foreign_home(source: str) -> Home:
    """Give the project for the chats of another platform: the same at every import."""
    is_chatgpt = source == "chatgpt"
    name = t("Imported from ChatGPT") if is_chatgpt else t("Imported from Open WebUI")
    return Home(key=source, name=name)


def open_home(user_id: uuid.UUID, home: Home, tally: Tally) -> None:
    """Make a project of ours that isn't there yet.

    Raises: NotFound if the account is gone.
    """
    with db.session(write=True) as session:
        users.get(session, user_id, lock=True)
        _project(session, user_id, home, tally)


def store(user_id: uuid.UUID, home: Home, conversation: Conversation, tally: Tally) -> None:
    """Store a chat, unless the same was imported before, or is still here from when the file was
    made.

    Raises: NotFound if the account is gone.
    """
    chat_id = uuid.uuid5(user_id, f"imported chat {conversation.digest()}")
    with db.session(write=True) as session:
        users.get(session, user_id, lock=True)
        present = imports.find_chat(session, user_id, chat_id)
        is_present = present is not None and present.deleted_at is None
        if is_present or _is_still_here(session, user_id, conversation):
            tally.present += 1
            return
        if present is not None:
            imports.drop_deleted_chat(session, present)
        project = _project(session, user_id, home, tally)
        chat, rows = _rows(chat_id, project.id, conversation)
        if chat.pinned_at and chats.count_pinned(session, user_id, project.id) >= PINNED_MAX:
            chat.pinned_at = None  # more are not listed
        imports.add_chat(session, chat, rows)
        _note(session, user_id, tally)
    tally.chats += 1
    _count(tally, project)


def _is_still_here(session: Session, user_id: uuid.UUID, conversation: Conversation) -> bool:
    """Whether this was written here by the same person, and is here with all that it was."""
    origin = identifier(conversation.origin) if conversation.source == "own" else None
    chat = imports.find_chat(session, user_id, origin) if origin is not None else None
    if chat is None or chat.deleted_at is not None:
        return False
    said = {
        message_id: (str(note.role), note.content)
        for note in conversation.notes
        if (message_id := identifier(note.key))
    }
    return len(said) == len(conversation.notes) and imports.holds(session, chat.id, said)


def _count(tally: Tally, project: Project) -> None:
    if project.id not in tally.projects:
        tally.projects.append(project.id)


def _note(session: Session, user_id: uuid.UUID, tally: Tally) -> None:
    """Have the audit hear of an import, in the transaction of the first thing that comes of it."""
    if not tally.is_noted:
        audit.record(session, "import", actor=user_id, detail=tally.in_file)
        tally.is_noted = True


def _project(session: Session, user_id: uuid.UUID, home: Home, tally: Tally) -> Project:
    if home.origin is not None and (own := _find(session, user_id, home.origin)):
        return own
    said = (home.key, home.name, home.description, home.system_prompt, home.starters)
    project_id = uuid.uuid5(user_id, f"imported project {said!r}")
    if home.key in ("chatgpt", "open_webui"):  # whatever it is called in which language
        project_id = uuid.uuid5(user_id, f"imported project {home.key}")
    if found := _find(session, user_id, project_id):
        return found
    project = Project(
        id=project_id,
        user_id=user_id,
        name=home.name,
        description=home.description,
        system_prompt=home.system_prompt,
        model=home.model,
        temperature=home.temperature,
        starters=home.starters,
        created_at=home.created_at or now(),
        updated_at=home.updated_at or now(),
    )
    projects.add(session, project)
    _count(tally, project)
    _note(session, user_id, tally)
    return project


def _find(session: Session, user_id: uuid.UUID, project_id: uuid.UUID) -> Project | None:
    try:
        return projects.get(session, user_id, project_id)
    except NotFound:
        return None


def _rows(
    chat_id: uuid.UUID, project_id: uuid.UUID, conversation: Conversation
) -> tuple[Chat, list[imports.Row]]:
    ids = _new_ids(conversation.notes)
    title = line(conversation.title, get_settings().name_max_chars)
    first = next((note.content for note in conversation.notes if note.role == "user"), "")
    chat = Chat(
        id=chat_id,
        project_id=project_id,
        title=title or text.title(first),
        titled_by=conversation.titled_by,
        model=conversation.model,
        pinned_at=conversation.pinned_at,
        archived_at=conversation.archived_at,
        active_leaf_id=ids.get(conversation.shown or ""),
        created_at=conversation.created_at or now(),
        last_message_at=conversation.last_message_at or now(),
    )
    return chat, [_row(note, chat_id, ids) for note in conversation.notes]


def _new_ids(notes: list[Note]) -> dict[str, uuid.UUID]:
    """Give each message an id: of two from one moment the later in the file has the greater one, for
    that is how versions are ordered.
    """
    fresh = sorted(uuid.uuid4() for _ in notes)
    in_order = sorted(notes, key=lambda note: (note.created_at or now(), note.place))
    return {note.key: new_id for note, new_id in zip(in_order, fresh, strict=True)}


def _row(note: Note, chat_id: uuid.UUID, ids: dict[str, uuid.UUID]) -> imports.Row:
    return {
        "id": ids[note.key],
        "chat_id": chat_id,
        "parent_id": ids[note.parent] if note.parent is not None else None,
        "role": note.role,
        "status": note.status,
        "content": note.content,
        "error": note.error,
        "model": note.model,
        "reasoning": note.reasoning,
        "reasoning_ms": note.reasoning_ms,
        "duration_ms": note.duration_ms,
        "prompt_tokens": note.prompt_tokens,
        "completion_tokens": note.completion_tokens,
        "created_at": note.created_at,
        "ended_at": note.ended_at,
    }
