"""Asking a model in a test: for the whole answer, or for the failure that is expected."""

import pytest

from chatbot_app.errors import ModelError
from chatbot_app.llm import OpenAICompatible, Prompt, PromptMessage

KEY = "sk-canary-4711"
"""The API key of the tests, which must never be seen again."""

PROMPT = Prompt(messages=(PromptMessage("system", "Be kind."), PromptMessage("user", "Hi")))


async def ask(model: OpenAICompatible, prompt: Prompt = PROMPT) -> str:
    return "".join([piece async for piece in model.stream(prompt)])


async def ask_in_vain(model: OpenAICompatible) -> tuple[str, ModelError]:
    """The text that came before the failure, and the failure."""
    pieces: list[str] = []
    with pytest.raises(ModelError) as caught:
        async for piece in model.stream(PROMPT):
            pieces.append(piece)
    assert KEY not in caught.value.message
    return "".join(pieces), caught.value
