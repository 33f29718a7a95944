"""What an answer took: how long, of which model, how many tokens.

Where the provider did not count, the tokens are estimated, and said to be.
"""

import uuid
from dataclasses import replace

from sqlmodel import Session

from chatbot_app import db
from chatbot_app.errors import NotFound
from chatbot_app.llm import context
from chatbot_app.models import Message
from chatbot_app.repositories import chats, messages, projects
from chatbot_app.schemas import AnswerFacts, MessageView
from chatbot_app.services import prompts, text, views
from chatbot_app.words import number, t


def get(user_id: uuid.UUID, message_id: uuid.UUID | str, *, default_model: str = "") -> AnswerFacts:
    """Tell what this answer took; `default_model` is who wrote it if no model was chosen.

    Raises: NotFound.
    """
    with db.session() as session:
        answer = _answer(session, user_id, message_id)
        read = _estimate_prompt(session, user_id, answer) if answer.prompt_tokens is None else 0
    facts = of(views.message_view(answer), answer.reasoning)
    return replace(
        facts,
        model=answer.model or default_model,
        prompt_tokens=facts.prompt_tokens or _tokens(read, is_counted=False),
    )


def of(answer: MessageView, thoughts: str = "") -> AnswerFacts:
    """Tell what the answer itself says of what it took, after these `thoughts`."""
    seconds, read = answer.duration_ms / 1000, answer.prompt_tokens
    written, is_counted = answer.completion_tokens, answer.completion_tokens > 0
    if not is_counted:
        written = _estimate("".join(answer.blocks) + thoughts)
    return AnswerFacts(
        model=answer.model,
        duration=_duration(seconds) if seconds else "",
        prompt_tokens=_tokens(read, is_counted=True) if read else "",
        completion_tokens=_tokens(written, is_counted=is_counted) if written else "",
        speed=_speed(written, seconds, is_counted=is_counted) if written and seconds else "",
    )


def thoughts(user_id: uuid.UUID, message_id: uuid.UUID | str) -> str:
    """Give all that was thought for this answer.

    Raises: NotFound.
    """
    with db.session() as session:
        return _answer(session, user_id, message_id).reasoning


def _answer(session: Session, user_id: uuid.UUID, message_id: uuid.UUID | str) -> Message:
    message = messages.get(session, user_id, text.identifier(message_id))
    if message.role != "assistant":
        raise NotFound(t("This message is not an answer."))
    return message


def _estimate_prompt(session: Session, user_id: uuid.UUID, answer: Message) -> int:
    """What the model would read if it were asked the same today: the settings may be others by now."""
    if answer.parent_id is None:
        return 0
    chat = chats.get(session, user_id, answer.chat_id)
    project = projects.get(session, user_id, chat.project_id)
    asked = messages.get(session, user_id, answer.parent_id)
    sent = prompts.of_question(session, user_id, project, chat, asked).messages
    return sum(context.estimate_tokens(message.content) for message in sent)


def _estimate(written: str) -> int:
    """Where nothing was written there is no message either, and nothing to add for it."""
    return 0 if text.is_blank(written) else context.estimate_tokens(written)


def _duration(seconds: float) -> str:
    if seconds < 60:
        return t("{seconds} s", seconds=number(seconds, decimals=1))
    return t("{minutes} min {seconds} s", minutes=int(seconds // 60), seconds=int(seconds % 60))


def _tokens(count: int, *, is_counted: bool) -> str:
    said = number(count)
    return said if is_counted else t("about {count}", count=said)


def _speed(count: int, seconds: float, *, is_counted: bool) -> str:
    said = number(round(count / seconds))
    if is_counted:
        return t("{count} tokens/s", count=said)
    return t("about {count} tokens/s", count=said)
