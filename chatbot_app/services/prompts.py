"""What the model is sent: the project's prompt, and as much of what was said as fits."""

import uuid
from collections.abc import Iterator, Sequence

from sqlmodel import Session

from chatbot_app.config import get_settings
from chatbot_app.llm import context
from chatbot_app.llm.protocol import Prompt, PromptMessage
from chatbot_app.models import Chat, Message, Project
from chatbot_app.repositories import messages
from chatbot_app.schemas import MessageView

GO_ON = (
    "Your last answer was cut off. Continue it from exactly where it stops. Do not repeat anything "
    "of it, do not comment on this, and do not start a new paragraph unless one is due."
)
"""What the model is asked for an answer that is to be gone on with. Said as a person's message,
for many models take the last word only from a person.
"""


def of_question(
    session: Session,
    user_id: uuid.UUID,
    project: Project,
    chat: Chat,
    asked: Message,
    *,
    begun: str = "",
) -> Prompt:
    """What the model is sent for a question that is stored, or to go on with what was `begun`."""
    limit = get_settings().context_tokens
    history = _history(session, user_id, asked.id)
    if begun:
        fitting = context.fit_to_go_on(project.system_prompt, history, begun, GO_ON, limit)
    else:
        fitting = context.fit(project.system_prompt, history, limit)
    return Prompt(fitting, model=model(project, chat) or None, temperature=project.temperature)


def of_words(
    project: Project, said: Sequence[MessageView], words: str, own_model: str = ""
) -> Prompt:
    """What the model is sent for a question that is not stored, after all that was said before."""
    history = _history_shown(said, words)
    fitting = context.fit(project.system_prompt, history, get_settings().context_tokens)
    return Prompt(
        fitting, model=own_model or project.model or None, temperature=project.temperature
    )


def model(project: Project, chat: Chat) -> str:
    """The model that was chosen for this chat; empty: the server's default."""
    return chat.model or project.model


def _history(session: Session, user_id: uuid.UUID, newest_id: uuid.UUID) -> Iterator[PromptMessage]:
    """Go back through what the model should remember, newest first, reading as little as it can.

    A stopped or interrupted answer was read by a person and counts; a failed one is an error.
    """
    for message in messages.walk_up(session, user_id, newest_id):
        if message.content and message.status != "failed":
            role = "user" if message.role == "user" else "assistant"
            yield PromptMessage(role=role, content=message.content)


def _history_shown(said: Sequence[MessageView], words: str) -> Iterator[PromptMessage]:
    yield PromptMessage("user", words)
    for message in reversed(said):
        if message.blocks and message.status != "failed":
            role = "user" if message.role == "user" else "assistant"
            yield PromptMessage(role, "".join(message.blocks))
