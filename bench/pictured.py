"""What the pictures of the pages show: somebody with projects, and chats of the last weeks.

`python -m bench.pictured` in the environment of the product, before it is started; writes who there
is, as JSON: the session's token, a project, a chat that is worth looking at, and the link to it.
"""

import asyncio
import json
import uuid
from datetime import timedelta

from sqlmodel import select

from chatbot_app import db, migrations, security
from chatbot_app.models import Chat, Message, Project, User, now
from chatbot_app.services import operators, projects, registration, sharing

EMAIL = "ada@example.org"
PASSWORD = "a horse reads the paper"

OTHERS = ["Berit Solheim", "Chidi Okafor", "Dalia Haddad", "Emil Novák"]

SIDE_PROJECTS = [
    (
        "Trip planner",
        "Plans days out by train and ferry, with the weather in mind.",
        "You plan days out in northern Europe. Prefer trains and ferries. Name prices in euros.",
    ),
    (
        "Code reviewer",
        "Reads a change and says what it would ask about it.",
        "You review code. Be brief and kind. Name the one thing that matters most first.",
    ),
    (
        "Norwegian tutor",
        "Ten minutes of Bokmål a day, corrected with a reason.",
        "You teach Norwegian. Answer in simple Bokmål, then explain one thing in English.",
    ),
]

TIDES = r"""Twice a day, because the Earth turns under **two** bulges of water, and the Moon moves on
meanwhile.[^delay]

## Why two

The Moon pulls the near side more than the centre, and the centre more than the far side. What is left
of that difference falls off with the *cube* of the distance:

$$
a \approx \frac{2\,G\,M\,r}{d^3}
$$

| Body | Mass in kg | Share of the tide |
| :-- | --: | --: |
| Moon | $7.3 \cdot 10^{22}$ | 69 % |
| Sun | $2.0 \cdot 10^{30}$ | 31 % |

```mermaid
flowchart LR
  moon[Moon] -->|pulls| near[Near side]
  moon -->|pulls less| far[Far side]
  near --> high[High water]
  far --> high
```

So the next high water comes 12 hours and 25 minutes later:

```python
from datetime import datetime, timedelta

def next_high_water(seen: datetime) -> datetime:
    return seen + timedelta(hours=12, minutes=25)
```

- [x] Look up today's first high water
- [ ] Add 12 h 25 min for the second

[^delay]: A lunar day has 24 hours and 50 minutes, so that each tide is that much later tomorrow.
"""

SPRING_TIDES = """Because Sun and Moon then pull along **one line**: their bulges add up. That is a
*spring tide*.

A week later they pull at a right angle, and the Sun fills up a little of what the Moon lowers: a
*neap tide*, about half as high.
"""

CONVERSATION = [
    ("Why are there two tides a day, and not one?", TIDES),
    (
        "And why are they higher at new moon?",
        SPRING_TIDES,
    ),
]

OTHER_ANSWER = "Gladly. Here is how I would begin, and what I would leave for later."

QUESTIONS = {
    "Ferries to the Lofoten in June": "Does the ferry from Bodø to Moskenes wait for the tide?",
    "Names for a sailing boat": "A name for a small boat that dries out at low tide, please.",
    "A speech for the harbour festival": "Three minutes about harbours, with a joke about tide tables.",
}
"""What was asked in chats that are found by `tide`; the others begin with their titles."""

TITLES = [
    ("Why there are two tides a day", 0),
    ("Ferries to the Lofoten in June", 0),
    ("A letter to the landlord", 1),
    ("What a generator does in Python", 1),
    ("Names for a sailing boat", 3),
    ("Bread without kneading", 4),
    ("Reading list on the Hanseatic League", 6),
    ("A budget in a spreadsheet", 11),
    ("Regular expressions, gently", 19),
    ("Packing for a week in Bergen", 34),
]

ARCHIVED = [
    ("A speech for the harbour festival", 41),
    ("What to ask at a flat viewing", 55),
    ("Sourdough that does not rise", 76),
]


def _chat(
    project_id: uuid.UUID,
    title: str,
    days: int,
    turns: list[tuple[str, str]] | None = None,
    *,
    is_archived: bool = False,
) -> str:
    turns = turns or [(QUESTIONS.get(title, f"{title}, please."), OTHER_ANSWER)]
    begun = now() - timedelta(days=days, minutes=5 * len(title))
    chat = Chat(project_id=project_id, title=title, created_at=begun, last_message_at=begun)
    rows = list[Message]()
    for number, (role, content) in enumerate(
        (role, content)
        for turn in turns
        for role, content in zip(("user", "assistant"), turn, strict=True)
    ):
        moment = begun + timedelta(seconds=20 * number)
        rows.append(
            Message(
                chat_id=chat.id,
                parent_id=rows[-1].id if rows else None,
                role=role,
                status="complete",
                content=content,
                created_at=moment,
                ended_at=moment if role == "assistant" else None,
            )
        )
    chat.active_leaf_id = rows[-1].id
    chat.archived_at = begun + timedelta(days=days // 2) if is_archived else None
    with db.session(write=True) as session:
        session.add(chat)
        session.flush()
        for row in rows:  # each one's parent is there before it
            session.add(row)
            session.flush()
    return str(chat.id)


async def _all() -> dict[str, str]:
    ada = await registration.register(
        name="Ada Mercer", email=EMAIL, password=PASSWORD, address="198.51.100.1"
    )
    for number, name in enumerate(OTHERS, start=2):
        mail = f"{name.partition(' ')[0].lower()}@example.org"
        await registration.register(
            name=name, email=mail, password=PASSWORD, address=f"198.51.100.{number}"
        )
    operators.promote(EMAIL)
    project = ada.landing.split("/")[2]
    with db.session() as session:
        owner = session.exec(select(User.id).where(User.email == EMAIL)).one()
    for days, (name, description, prompt) in enumerate(SIDE_PROJECTS, start=12):
        made = projects.create(owner, name=name, description=description, system_prompt=prompt)
        with db.session(write=True) as session:
            kept = session.exec(select(Project).where(Project.id == uuid.UUID(made.id))).one()
            kept.updated_at -= timedelta(days=days)  # the one with the chats was used last
    chats = [
        _chat(uuid.UUID(project), title, days, None if number else CONVERSATION)
        for number, (title, days) in enumerate(TITLES)
    ]
    for title, days in ARCHIVED:
        _chat(uuid.UUID(project), title, days, is_archived=True)
    link = sharing.share(owner, chats[0]).url
    return {
        "session": ada.token,
        "project": project,
        "chat": chats[0],
        "share": link.rpartition("/")[2],
        "no_token": security.new_link_token(),
    }


if __name__ == "__main__":
    migrations.migrate()
    print(json.dumps(asyncio.run(_all())))
