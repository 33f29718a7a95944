"""What the platform asks of any language model, and nothing about a particular one."""

from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass
from typing import Literal, Protocol

from chatbot_app.llm.catalogue import OfferedModel

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class PromptMessage:
    """One message as the model is to read it."""

    role: Role
    content: str


@dataclass(frozen=True)
class Prompt:
    """Everything a model is sent for one answer: messages in reading order, and how to answer.

    `model` and `temperature` are None where the model's own choice is to hold.
    """

    messages: tuple[PromptMessage, ...]
    model: str | None = None
    temperature: float | None = None


@dataclass(frozen=True, slots=True)
class Thought:
    """A stretch of what the model thinks before it answers; no part of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What the provider counted for this one answer, thoughts included; None where it did not."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


Piece = str | Thought | Usage
"""Most are text, and those cost nothing to make."""


async def text_of(pieces: AsyncIterable[Piece]) -> str:
    """Read to the end, for the answer's text alone."""
    return "".join([piece async for piece in pieces if isinstance(piece, str)])


class ChatModel(Protocol):
    """A model that writes answers piece by piece. One instance serves all answers of a worker."""

    @property
    def name(self) -> str:
        """The model's name as people are shown it."""
        ...

    @property
    def is_demo(self) -> bool:
        """Whether the answers are made up to show the platform, without a language model behind."""
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        """Write an answer: yields non-empty pieces of text, thoughts as far as the model tells them,
        at the end perhaps what it took, and ends when the answer is complete.

        The pieces can be stored and encoded as they are: no NUL, no lone surrogate. Closing the
        generator, or cancelling the task that reads it, closes the provider's connection at once.

        Raises:
            ModelError: no answer came, or only the part that was yielded so far; also where the model
                reached the length that it is allowed.
        """
        ...

    async def list_models(self) -> tuple[OfferedModel, ...]:
        """List what a prompt may name as its `model`, at once if it was asked for lately; empty if
        the provider doesn't say. Never fails.
        """
        ...

    async def aclose(self) -> None:
        """Close what the model holds open; it can't be used afterwards."""
        ...
