"""People with accounts and chats, put into the product's database by its own models and services.

`python -m bench.people` in the environment of the product; reads wishes from its input, as JSON:
`{"people": 3, "histories": [0, 100]}` makes three people, the first of whom has one chat for each
length, in messages; everybody has a short chat of two messages. Writes who there is: for each
person the session's token, the project and the chats, by their length.
"""

import asyncio
import itertools
import json
import sys
import uuid
from datetime import timedelta
from typing import Any

from bench import prose
from chatbot_app import db, migrations
from chatbot_app.models import Chat, Message, now
from chatbot_app.services import registration

SHORT = 2
QUESTION_TOKENS = 20
ANSWER_TOKENS = 120

_seeds = itertools.count(1_000_000)


async def _person(number: int, lengths: list[int]) -> dict[str, Any]:
    grant = await registration.register(
        name=f"Person {number}",
        email=f"person-{number}@example.org",
        password="a horse reads the paper",
        address=f"198.51.100.{number}",  # attempts are counted by address
    )
    project_id = grant.landing.split("/")[2]
    chats = {str(length): _chat(uuid.UUID(project_id), length) for length in lengths}
    return {"session": grant.token, "project": project_id, "chats": chats}


def _chat(project_id: uuid.UUID, length: int) -> str:
    """Store a chat of so many messages, a question and an answer by turns; gives its id."""
    begun = now() - timedelta(days=1)
    chat = Chat(project_id=project_id, title=f"{length} messages", created_at=begun)
    rows = list[Message]()
    for number in range(length):
        is_question = number % 2 == 0
        tokens = QUESTION_TOKENS if is_question else ANSWER_TOKENS
        moment = begun + timedelta(seconds=number)
        rows.append(
            Message(
                chat_id=chat.id,
                parent_id=rows[-1].id if rows else None,
                role="user" if is_question else "assistant",
                status="complete",
                content="".join(prose.pieces(tokens, next(_seeds))),
                created_at=moment,
                ended_at=None if is_question else moment,
            )
        )
    chat.active_leaf_id = rows[-1].id
    chat.last_message_at = rows[-1].created_at
    with db.session(write=True) as session:
        session.add(chat)
        session.flush()
        for row in rows:  # each one's parent is there before it
            session.add(row)
            session.flush()
    return str(chat.id)


async def _all(wishes: dict[str, Any]) -> list[dict[str, Any]]:
    histories: list[int] = [length for length in wishes["histories"] if length]
    return [
        await _person(number, [SHORT, *([] if number else histories)])
        for number in range(wishes["people"])
    ]


if __name__ == "__main__":
    migrations.migrate()
    print(json.dumps(asyncio.run(_all(json.load(sys.stdin)))))
