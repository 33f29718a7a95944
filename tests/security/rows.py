"""Whether a row changed: of all there are, or of all that somebody owns."""

import contextlib
import hashlib
import sqlite3
import uuid

from tests.served import Served

PROJECTS = "SELECT id FROM project WHERE user_id = :id"
CHATS = f"SELECT id FROM chat WHERE project_id IN ({PROJECTS})"
MESSAGES = f"SELECT id FROM message WHERE chat_id IN ({CHATS})"
OWNED = {
    "user_account": "id = :id",
    "user_session": "user_id = :id",
    "project": "user_id = :id",
    "chat": f"project_id IN ({PROJECTS})",
    "message": f"chat_id IN ({CHATS})",
    "answer_run": f"chat_id IN ({CHATS})",
    "message_chunk": f"message_id IN ({MESSAGES})",
    "two_factor": "user_id = :id",
    "recovery_code": "user_id = :id",
    "identity": "user_id = :id",
    "mailed_link": "user_id = :id",
    "invitation": "invited_by = :id",
    "audit_entry": "actor_id = :id",
    "shared_chat": "user_id = :id",
    "message_search": "user_id = :id",
}
MAY_BE_EMPTY = {
    "message",
    "answer_run",
    "message_chunk",
    "two_factor",
    "recovery_code",
    "identity",
    "mailed_link",
    "invitation",
    "audit_entry",
    "shared_chat",
    "message_search",
}


def rows(server: Served, owner: uuid.UUID | None = None) -> str:
    """Give a hash of every row in the database, or of all that this person owns."""
    digest = hashlib.sha256()
    path = server.data / "chatbot.db"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in sorted(tables.fetchall()):
            query, values = f"SELECT * FROM {table}", {}
            if owner is not None:
                if table == "alembic_version" or table.startswith("message_words"):
                    continue
                assert table in OWNED, f"say here what of {table} a person owns"
                query, values = f"{query} WHERE {OWNED[table]}", {"id": owner.hex}
            found = sorted(map(repr, connection.execute(query, values)))
            assert found or owner is None or table in MAY_BE_EMPTY, f"the owner has no {table}"
            digest.update("\n".join([table, *found]).encode())
    return digest.hexdigest()
