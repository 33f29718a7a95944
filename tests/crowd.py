"""A database as it is after years: a hundred thousand messages of many hundred people.

Among them is one who has very much of everything, and next to her one with little. `chat_rows` and
`store` are for other tests too: a chat of any length, stored at once.
"""

import csv
import io
import itertools
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import SQLModel

from chatbot_app import db
from tests.conftest import PASSWORD_HASH

MESSAGES = 100_000
PEOPLE = 1_500
LONGEST = 10_000  # messages of a chat
MOST = 1_000  # chats of a project
LIVE = 40  # answers that are being written
CHUNKS = 100  # of each of these, so far

BEGAN = datetime(2024, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


class Live(NamedTuple):
    """An answer that is being written."""

    message_id: uuid.UUID
    chat_id: uuid.UUID
    run_id: uuid.UUID


@dataclass(frozen=True)
class Home:
    """Whose something is, with a project and a chat in it that has some pages."""

    user_id: uuid.UUID
    email: str
    project_id: uuid.UUID
    chat_id: uuid.UUID


@dataclass(frozen=True)
class Crowd:
    """Who and what the tests are about. What is doomed may be deleted once.

    `long_branch` are the messages of the owner's longest chat, oldest first.
    """

    owner: Home
    neighbour: Home
    long_branch: list[uuid.UUID]
    branching_chat: uuid.UUID
    branching_answer: uuid.UUID
    live: list[Live]
    doomed_chat: uuid.UUID
    doomed_project: uuid.UUID
    doomed_user: uuid.UUID


def chat_rows(
    project_id: uuid.UUID,
    length: int,
    *,
    answers: int = 1,
    text: str = "Some words.",
    began: datetime = BEGAN,
) -> tuple[Row, list[Row]]:
    """Make the rows of a chat with so many messages, a second between them.

    Each question has so many answers, of which the last one is shown and gone on from.
    """
    chat_id = uuid.uuid4()
    written: list[Row] = []
    parent_id: uuid.UUID | None = None
    for number in range(length):
        is_question = number % (answers + 1) == 0
        if is_question and written:
            parent_id = written[-1]["id"]
        moment = began + timedelta(seconds=number)
        message = {"id": uuid.uuid4(), "chat_id": chat_id, "parent_id": parent_id}
        message |= {"role": "user" if is_question else "assistant", "status": "complete"}
        message |= {"content": text, "error": "", "model": ""}
        written.append(message | {"created_at": moment, "ended_at": None})
        if is_question:
            parent_id = message["id"]
    chat = {"id": chat_id, "project_id": project_id, "title": "A chat", "created_at": began}
    last = written[-1]
    return chat | {"active_leaf_id": last["id"], "last_message_at": last["created_at"]}, written


class Rows:
    """Rows to be stored, by their tables' names; each method adds one and what belongs to it."""

    def __init__(self, text: str = "Some words.") -> None:
        self._text = text
        self.tables: defaultdict[str, list[Row]] = defaultdict(list)

    @property
    def messages(self) -> list[Row]:
        return self.tables["message"]

    def person(self) -> uuid.UUID:
        people, user_id = self.tables["user_account"], uuid.uuid4()
        account = {"id": user_id, "email": f"{len(people)}@example.org", "name": "Somebody"}
        account |= {"password_hash": PASSWORD_HASH, "created_at": BEGAN, "disabled_at": None}
        people.append(account)
        moments = {"created_at": BEGAN, "last_seen_at": BEGAN, "expires_at": BEGAN}
        for _ in range(5):
            sign_in = {"id": uuid.uuid4(), "user_id": user_id, "revoked_at": None} | moments
            self.tables["user_session"].append(sign_in)
        for action in ("register", *["sign-in"] * 5):
            entry = {"created_at": BEGAN, "action": action, "outcome": "done", "actor_id": user_id}
            entry |= {"target_id": None, "address": "", "request_id": "", "detail": ""}
            self.tables["audit_entry"].append(entry)
        factor = {"user_id": user_id, "secret": "", "created_at": BEGAN, "confirmed_at": None}
        self.tables["two_factor"].append(factor | {"last_step": 0})
        link = {"token_hash": uuid.uuid4().hex, "user_id": user_id, "purpose": "verify"}
        self.tables["mailed_link"].append(link | {"created_at": BEGAN, "expires_at": BEGAN})
        identity = {"id": uuid.uuid4(), "user_id": user_id, "issuer": "https://id.example.org"}
        identity |= {"subject": f"{len(people)}", "email": account["email"], "created_at": BEGAN}
        self.tables["identity"].append(identity)
        self.tables["recovery_code"].extend(
            {"user_id": user_id, "code_hash": f"{number}"} for number in range(10)
        )
        return user_id

    def project(self, user_id: uuid.UUID) -> uuid.UUID:
        project = {"id": uuid.uuid4(), "user_id": user_id, "temperature": None, "name": "A project"}
        project |= {"description": "", "system_prompt": "Be brief.", "model": ""}
        self.tables["project"].append(project | {"created_at": BEGAN, "updated_at": BEGAN})
        return project["id"]

    def chat(self, project_id: uuid.UUID, length: int, *, answers: int = 1) -> uuid.UUID:
        chats = self.tables["chat"]
        began = BEGAN + timedelta(minutes=len(chats))
        chat, messages = chat_rows(
            project_id, length, answers=answers, text=self._text, began=began
        )
        chats.append(chat)
        self.messages.extend(messages)
        return chat["id"]

    def home(self, *, chats: int, longest: int) -> Home:
        user_id, email = self.person(), self.tables["user_account"][-1]["email"]
        project_id = self.project(user_id)
        for _ in range(chats):
            self.chat(project_id, 4)
        return Home(user_id, email, project_id, self.chat(project_id, longest))

    def share(self, user_id: uuid.UUID, chat_id: uuid.UUID) -> None:
        shared = {"id": uuid.uuid4(), "user_id": user_id, "chat_id": chat_id, "title": "A chat"}
        shared |= {"token": uuid.uuid4().hex, "content": "[]", "created_at": BEGAN}
        self.tables["shared_chat"].append(shared)

    def live(self, project_id: uuid.UUID) -> Live:
        chat_id = self.chat(project_id, 2)
        self.messages[-1] |= {"status": "generating", "content": ""}
        live = Live(self.messages[-1]["id"], chat_id, uuid.uuid4())
        run = live._asdict() | {"heartbeat": 0.0, "stop_requested": False}
        self.tables["answer_run"].append(run)
        self.tables["message_chunk"].extend(
            {"message_id": live.message_id, "seq": seq, "text": "words "} for seq in range(CHUNKS)
        )
        return live


def gather() -> Crowd:
    """Fill the database in use, which has every table and no row."""
    rows = Rows()
    owner = rows.home(chats=MOST, longest=LONGEST)
    long_branch = [message["id"] for message in rows.messages[-LONGEST:]]
    more, doomed_project = rows.project(owner.user_id), rows.project(owner.user_id)
    branching_chat = rows.chat(more, 4000, answers=3)
    branching_answer = rows.messages[-3999]["id"]
    for _ in range(300):
        rows.chat(doomed_project, 4)
    crowd = Crowd(
        owner=owner,
        neighbour=rows.home(chats=100, longest=400),
        long_branch=long_branch,
        branching_chat=branching_chat,
        branching_answer=branching_answer,
        live=[rows.live(more) for _ in range(LIVE)],
        doomed_chat=rows.chat(more, LONGEST // 2),
        doomed_project=doomed_project,
        doomed_user=rows.home(chats=100, longest=100).user_id,
    )
    people = [rows.person() for _ in range(PEOPLE)]
    homes = [(user_id, rows.project(user_id)) for user_id in people]
    for user_id, home in itertools.cycle(homes):
        left = MESSAGES - len(rows.messages)
        if left <= 0:
            break
        rows.share(user_id, rows.chat(home, min(8, left)))
    store(rows.tables)
    return crowd


def store(tables: Mapping[str, list[Row]], *, searched: bool = True) -> None:
    """Store rows by their tables' names, fast; PostgreSQL takes long over words to be found."""
    with db.connections().writing.begin() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if not is_sqlite:
            # To look for each row's parent takes longer than all the rest.
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            if searched:
                always = "ALTER TABLE message ENABLE ALWAYS TRIGGER message_said"
                connection.exec_driver_sql(always)
        for table in SQLModel.metadata.sorted_tables:
            rows = tables.get(table.name)
            if rows and is_sqlite:
                connection.execute(sa.insert(table), rows)
            elif rows:
                _copy(connection, table, rows)
        if not is_sqlite and searched:
            connection.exec_driver_sql("ALTER TABLE message ENABLE TRIGGER message_said")


def count() -> None:
    """Let the planner learn how much there is of what, as a server does by itself after a while."""
    with db.connections().writing.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _copy(connection: sa.Connection, table: sa.Table, rows: list[Row]) -> None:
    file = io.StringIO()
    csv.DictWriter(file, list(rows[0])).writerows(rows)
    file.seek(0)
    # Empty text and NULL look alike in CSV.
    texts = ", ".join(
        column.name for column in table.columns if not column.nullable and column.name in rows[0]
    )
    form = f"(FORMAT csv, FORCE_NOT_NULL ({texts}))"
    with connection.connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table.name} ({', '.join(rows[0])}) FROM STDIN {form}", file)
