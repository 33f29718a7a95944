"""Which models there are to choose from, and the one that a chat is asked with."""

import uuid

from chatbot_app import db
from chatbot_app.generation import worker
from chatbot_app.llm import OfferedModel
from chatbot_app.repositories import chats
from chatbot_app.schemas import ChatItem
from chatbot_app.services import text, views
from chatbot_app.services.projects import MODEL_MAX_CHARS
from chatbot_app.words import t


async def offered() -> tuple[OfferedModel, ...]:
    """List what the provider says it has, as it was known lately; nothing if it doesn't say.

    Raises: Unavailable.
    """
    return await worker.engine().model.list_models()


def choose(user_id: uuid.UUID, chat_id: uuid.UUID | str, model: str) -> ChatItem:
    """Have a chat's next answers written by this model; an empty one means the project's.

    Whether the provider has it is known when it is asked: its list may be old, or not complete.

    Raises: InvalidInput, NotFound.
    """
    name = checked(model)
    with db.session(write=True) as session:
        chat = chats.get(session, user_id, text.identifier(chat_id), lock=True)
        chat.model = name
    return views.chat_item(chat)


def checked(model: object) -> str:
    """Take a model's name, or nothing for the project's.

    Raises: InvalidInput.
    """
    return text.line(model, t("The model"), limit=MODEL_MAX_CHARS, required=False)
