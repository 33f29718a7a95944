"""Talking to a language model: one protocol and the models that keep it.

What differs between providers ends here: every failure leaves this package as a `ModelError` with a
sentence that is safe to show. Nothing here knows of chats, users or the database.
"""

from chatbot_app.llm.catalogue import OfferedModel
from chatbot_app.llm.demo import DemoModel
from chatbot_app.llm.protocol import (
    ChatModel,
    Piece,
    Prompt,
    PromptMessage,
    Thought,
    Usage,
    text_of,
)
from chatbot_app.llm.selection import choose

__all__ = [
    "ChatModel",
    "DemoModel",
    "OfferedModel",
    "Piece",
    "Prompt",
    "PromptMessage",
    "Thought",
    "Usage",
    "choose",
    "text_of",
]
