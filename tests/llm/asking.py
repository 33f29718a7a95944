"""Asking a model in a test: for the whole answer, or for the failure that is expected."""

import pytest

from chatbot_app.errors import ModelError
from chatbot_app.llm import (
    ChatModel,
    Prompt,
    PromptMessage,
    Thought,
    Usage,
    text_of,
)

KEY = "sk-canary-4711"
"""The API key of the tests, which must never be seen again."""

PROMPT = Prompt(messages=(PromptMessage("system", "Be kind."), PromptMessage("user", "Hi")))


async def ask(model: ChatModel, prompt: Prompt = PROMPT) -> str:
    return await text_of(model.stream(prompt))


async def hear(model: ChatModel, prompt: Prompt = PROMPT) -> tuple[str, str, Usage | None]:
    """Ask for the thoughts, the text and the usage."""
    pieces = [piece async for piece in model.stream(prompt)]
    thoughts = "".join(piece.text for piece in pieces if isinstance(piece, Thought))
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    return thoughts, text, next((piece for piece in pieces if isinstance(piece, Usage)), None)


async def ask_in_vain(model: ChatModel) -> tuple[str, ModelError]:
    """The text that came before the failure, and the failure."""
    pieces: list[str] = []
    with pytest.raises(ModelError) as caught:
        async for piece in model.stream(PROMPT):
            if isinstance(piece, str):
                pieces.append(piece)
    assert KEY not in caught.value.message
    return "".join(pieces), caught.value
