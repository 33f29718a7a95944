"""Whatever was said comes back as it was, and whatever a file says harms nobody."""

import copy
import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import func, select

from chatbot_app import db
from chatbot_app.errors import AppError
from chatbot_app.models import Chat, Message, Project
from chatbot_app.services import imports
from tests.conftest import Person, person
from tests.services.test_imports import SAMPLES, taken_along, without_ids

BEGAN = datetime(2025, 3, 1, tzinfo=UTC)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
NAMES = st.text(st.characters(categories=["L", "N", "P", "So"]), min_size=1, max_size=30)
COUNTS = st.none() | st.integers(0, 2**31 - 1)
MOMENTS = st.builds(
    lambda seconds, micros: BEGAN + timedelta(seconds=seconds, microseconds=micros),
    st.integers(0, 5),  # so few that many are the same
    st.integers(0, 1) | st.integers(0, 999_999),
)

QUICK = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Chat, list[Message]]:
    """Draw a chat of any shape, its messages behind their parents."""
    chat = Chat(
        project_id=uuid.uuid4(),
        title=draw(NAMES),
        titled_by=draw(st.sampled_from(["words", "model", "person"])),
        model=draw(NAMES),
        pinned_at=draw(st.none() | MOMENTS),
        archived_at=draw(st.none() | MOMENTS),
        created_at=draw(MOMENTS),
        last_message_at=draw(MOMENTS),
    )
    messages: list[Message] = []
    for number in range(draw(st.integers(1, 12))):
        above = draw(st.integers(-1, number - 1))
        is_answer = above >= 0 and messages[above].role == "user"
        statuses = ["complete", "stopped", "interrupted", "failed"] if is_answer else ["complete"]
        message = Message(
            chat_id=chat.id,
            parent_id=messages[above].id if above >= 0 else None,
            role="assistant" if is_answer else "user",
            status=draw(st.sampled_from(statuses)),
            content=draw(TEXTS),
            error=draw(TEXTS),
            model=draw(NAMES),
            reasoning=draw(TEXTS),
            reasoning_ms=draw(COUNTS),
            duration_ms=draw(COUNTS),
            prompt_tokens=draw(COUNTS),
            completion_tokens=draw(COUNTS),
            created_at=draw(MOMENTS),
            ended_at=draw(st.none() | MOMENTS),
        )
        messages.append(message)
    chat.active_leaf_id = draw(st.sampled_from(messages)).id
    return chat, messages


def newcomer() -> Person:
    return person(f"Somebody-{uuid.uuid4().hex}")


def keep(who: Person, said: list[tuple[Chat, list[Message]]]) -> None:
    project = Project(
        user_id=who.id, name="Kept", temperature=0.5, starters="One\nTwo", model="a-model"
    )
    with db.session(write=True) as session:
        session.add(project)
        session.flush()
        for chat, messages in said:
            chat.project_id = project.id
            session.add(chat)
            session.flush()
            for message in messages:
                session.add(message)
                session.flush()


@QUICK
@given(said=st.lists(conversations(), max_size=3))
async def test_what_is_exported_imported_and_exported_is_the_same(
    database: str, said: list[tuple[Chat, list[Message]]]
) -> None:
    writer, reader = newcomer(), newcomer()
    keep(writer, copy.deepcopy(said))
    kept = await taken_along(writer)
    kept["projects"] = [p for p in kept["projects"] if p["name"] == "Kept"]

    tally = imports.bring_in(reader.id, io.BytesIO(json.dumps(kept).encode()))

    found = await taken_along(reader)
    found["projects"] = [p for p in found["projects"] if p["name"] == "Kept"]
    assert without_ids(found) == without_ids(kept)
    assert tally.chats == len(said)
    for chat, there in zip(
        found["projects"][0]["chats"], kept["projects"][0]["chats"], strict=True
    ):
        assert not {m["id"] for m in chat["messages"]} & {m["id"] for m in there["messages"]}
    again = imports.bring_in(reader.id, io.BytesIO(json.dumps(kept).encode()))
    assert (again.chats, again.present) == (0, len(said))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()), max_size=12)
    | st.sampled_from(["user", "assistant", "generating", "u1", "a2", "m1", "x\x00", "\ud800"])
    | st.sampled_from([10**400, -1, 2**31, 1e308, "9999-12-31T23:59:59Z", "0001-01-01"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@st.composite
def spoilt(draw: st.DrawFn, files: list[Any]) -> bytes:
    """Draw a file with a few things in it changed, taken out or put elsewhere; or broken off."""
    file = copy.deepcopy(draw(st.sampled_from(files)))
    for _ in range(draw(st.integers(1, 4))):
        within = file
        for _ in range(draw(st.integers(0, 9))):
            inner = list(within.values() if isinstance(within, dict) else within)
            inner = [one for one in inner if isinstance(one, dict | list) and one]
            if not inner:
                break
            within = draw(st.sampled_from(inner))
        place = draw(
            st.sampled_from(
                list(within) if isinstance(within, dict) else [*range(len(within))] or [None]
            )
        )
        if place is None:
            continue
        act = draw(st.sampled_from(["change", "change", "take out", "swap"]))
        if act == "change":
            within[place] = draw(VALUES)
        elif act == "take out" and len(within) > 1:
            del within[place]
        else:
            within[place] = copy.deepcopy(draw(st.sampled_from(files)))
    written = json.dumps(file, indent=draw(st.sampled_from([None, 1])))
    content = written.encode()
    if draw(st.integers(0, 9)) == 0:
        content = content[: draw(st.integers(0, len(content)))]
    return content


def rows_of(user_id: uuid.UUID) -> list[Any]:
    with db.session() as session:
        return [
            *session.exec(select(Project).where(Project.user_id == user_id)),
            *session.exec(select(Chat).join(Project).where(Project.user_id == user_id)),
            *session.exec(
                select(Message).join(Chat).join(Project).where(Project.user_id == user_id)
            ),
        ]


def assert_whole() -> None:
    """Every chat shows a message of its own, and every message's parent is in the same chat."""
    with db.session() as session:
        where = {row[0]: row[1] for row in session.exec(select(Message.id, Message.chat_id))}
        for message in session.exec(select(Message)):
            assert message.parent_id is None or where[message.parent_id] == message.chat_id
            assert message.status != "generating"
        for chat in session.exec(select(Chat)):
            is_empty = chat.id not in where.values()
            assert is_empty or where[chat.active_leaf_id] == chat.id  # type: ignore[index]


async def test_a_spoilt_file_harms_nobody(sqlite: str) -> None:
    owner, stranger = newcomer(), newcomer()
    for sample in ("chatgpt", "open_webui"):
        imports.bring_in(owner.id, io.BytesIO((SAMPLES / f"{sample}.json").read_bytes()))
    own = await taken_along(owner)
    foreign = [
        json.loads((SAMPLES / f"{name}.json").read_bytes()) for name in ("chatgpt", "open_webui")
    ]
    before = rows_of(owner.id)

    @settings(QUICK, max_examples=80)
    @given(content=spoilt([own, *foreign]))
    def spoil(content: bytes) -> None:
        with db.session() as session:
            chats = session.exec(select(func.count()).select_from(Chat)).one()
        try:
            tally = imports.bring_in(stranger.id, io.BytesIO(content))
            imported, said = tally.chats, imports.message(tally)
        except AppError as error:
            imported, said = 0, error.message
        assert said.endswith(".")
        with db.session() as session:
            assert session.exec(select(func.count()).select_from(Chat)).one() == chats + imported

    spoil()
    assert rows_of(owner.id) == before
    assert_whole()
