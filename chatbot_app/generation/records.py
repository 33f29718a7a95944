"""What the engine and the loops beside it keep in the database: each function is one short
transaction, to be called in a thread.

They act for everybody's answers and know of no user: services have authorised what is written here.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.repositories import answer_runs, messages
from chatbot_app.repositories.answer_runs import Chunk, Orphan, Said, Sign
from chatbot_app.repositories.messages import UNKNOWN, Took
from chatbot_app.schemas import Status
from chatbot_app.words import mark

LEFT_BEHIND = mark("The server stopped before this answer was finished.")


@dataclass(frozen=True)
class Held:
    """Which runs still are, and which of them somebody wants to end."""

    run_ids: frozenset[uuid.UUID]
    to_stop: frozenset[uuid.UUID]


@dataclass(frozen=True)
class News:
    """What happened in some chats since the last look: their signs, and new text by message."""

    signs: list[Sign]
    texts: dict[uuid.UUID, Said] = field(default_factory=dict[uuid.UUID, Said])


def keep(chunks: Sequence[Chunk], message_ids: Collection[uuid.UUID], *, beat: bool) -> Held:
    """Append to the journal for all live answers at once, say that they live if it is time to, and
    learn which are wanted no more.

    Only runs that still are get anything written: what another worker took over, or a person
    deleted, is not in `run_ids` any more.
    """
    writes = bool(chunks) or beat
    with db.session(write=writes) as session:
        held = answer_runs.list_held(session, message_ids, lock=writes)
        run_ids = frozenset(run.run_id for run in held)
        answer_runs.add_chunks(session, [chunk for chunk in chunks if chunk.run_id in run_ids])
        if beat and held:
            answer_runs.beat(session, [run.message_id for run in held])
    return Held(run_ids, frozenset(run.run_id for run in held if run.stop_requested))


@dataclass(frozen=True)
class Outcome:
    """How an answer ended, with all its text and thoughts, and what it took."""

    message_id: uuid.UUID
    run_id: uuid.UUID
    content: str
    status: Status
    error: str = ""
    reasoning: str = ""
    took: Took = UNKNOWN


def finish(outcomes: Iterable[Outcome]) -> frozenset[uuid.UUID]:
    """Store whole answers and end their runs, all in one transaction; gives the runs that this ended,
    without those that somebody else had.
    """
    with db.session(write=True) as session:
        # All runs first, in the order in which a tick locks them, and then the messages.
        ended = [
            outcome
            for outcome in sorted(outcomes, key=lambda outcome: outcome.message_id)
            if answer_runs.end(session, outcome.message_id, outcome.run_id)
        ]
        for outcome in ended:
            answer_runs.drop_text(session, outcome.message_id)
            messages.set_outcome(
                session,
                outcome.message_id,
                content=outcome.content,
                reasoning=outcome.reasoning,
                status=outcome.status,
                error=outcome.error,
                took=outcome.took,
            )
    return frozenset(outcome.run_id for outcome in ended)


def list_orphans(seconds: float) -> list[Orphan]:
    """List the runs whose worker was not heard of for so long."""
    with db.session() as session:
        return answer_runs.list_orphans(session, seconds)


def end_orphan(orphan: Orphan, *, status: Status = "interrupted", error: str = LEFT_BEHIND) -> bool:
    """End a run that nobody writes any more, with the text and thoughts that the journal holds; False
    if its worker was heard of in between. How long it took died with the worker.
    """
    with db.session(write=True) as session:
        if not answer_runs.end(
            session, orphan.message_id, orphan.run_id, heartbeat=orphan.heartbeat
        ):
            return False
        whole = _read_whole(session, orphan.message_id)
        answer_runs.drop_text(session, orphan.message_id)
        messages.set_outcome(
            session,
            orphan.message_id,
            content=whole.text,
            reasoning=whole.reasoning,
            status=status,
            error=error,
        )
    return True


def find_orphan(chat_id: uuid.UUID, seconds: float) -> Orphan | None:
    """Find the run of this chat if its worker was not heard of for so long."""
    return next((o for o in list_orphans(seconds) if o.chat_id == chat_id), None)


def has_run(chat_id: uuid.UUID, run_id: uuid.UUID) -> bool:
    """Whether this very run is still written in this chat, by any worker."""
    with db.session() as session:
        run = answer_runs.find_in_chat(session, chat_id)
        return run is not None and run.run_id == run_id


def request_stop(chat_id: uuid.UUID) -> uuid.UUID | None:
    """Ask whichever worker writes in this chat to stop; gives the run, or None if nobody writes."""
    with db.session(write=True) as session:
        return answer_runs.request_stop(session, chat_id)


def look(chat_ids: Collection[uuid.UUID], read_from: Mapping[uuid.UUID, int]) -> News:
    """Look at chats from outside: what they are now, and what was said in answers that are mirrored.

    `read_from` names messages with the chunk to read from; see `answer_runs.read_text`.
    """
    with db.session() as session:
        signs = answer_runs.list_signs(session, chat_ids)
        texts = answer_runs.read_texts(session, read_from)
    return News(signs, texts)


def read_whole(message_id: uuid.UUID) -> Said:
    """Read an answer from outside: what the message holds with what the journal holds behind it."""
    with db.session() as session:
        return _read_whole(session, message_id)


def _read_whole(session: Session, message_id: uuid.UUID) -> Said:
    begun = messages.read_begun(session, message_id)
    said = answer_runs.read_text(session, message_id)
    return Said(begun.content + said.text, begun.reasoning + said.reasoning, said.seq)
