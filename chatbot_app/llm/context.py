"""What of a conversation fits into a model's context. Pure; reads no settings and no database.

Tokens are estimated, for every model counts its own way and tokenizers fetch their files from the
network. The estimate errs on the safe side for English and most code.
"""

from collections.abc import Iterable
from itertools import chain

from chatbot_app.llm.protocol import PromptMessage

BYTES_PER_TOKEN = 4
"""UTF-8 bytes a token, the usual rule of thumb for English; counting bytes rather than characters
allows for scripts that take more tokens a character."""

MESSAGE_OVERHEAD = 4
"""Tokens each message costs besides its text: its role and separators (OpenAI cookbook, token
counting).
"""


def estimate_tokens(text: str) -> int:
    """Estimate what one message with this text costs, in tokens, overhead included."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // BYTES_PER_TOKEN) + MESSAGE_OVERHEAD


def fit(
    system_prompt: str,
    history: Iterable[PromptMessage],
    context_tokens: int,
    *,
    always: int = 1,
) -> tuple[PromptMessage, ...]:
    """Choose what the model is sent: the system prompt and the newest messages that fit, in reading
    order.

    `history` comes newest first and is only read as far as it fits. The system prompt, unless it is
    blank, and the `always` newest messages are kept even if they alone are too long. What is kept
    does not begin with an answer whose question was cut, unless that answer is always kept.
    """
    system = [PromptMessage("system", system_prompt)] if system_prompt.strip() else []
    left = context_tokens - sum(estimate_tokens(message.content) for message in system)
    kept: list[PromptMessage] = []
    for message in history:
        left -= estimate_tokens(message.content)
        if len(kept) >= always and left < 0:
            break
        kept.append(message)
        if len(kept) >= always and left < estimate_tokens(""):
            break
    while len(kept) > always and kept[-1].role == "assistant":
        kept.pop()
    return (*system, *reversed(kept))


def fit_to_go_on(
    system_prompt: str,
    history: Iterable[PromptMessage],
    begun: str,
    request: str,
    context_tokens: int,
) -> tuple[PromptMessage, ...]:
    """Choose what the model is sent to go on with an answer it has `begun`.

    The question, the answer so far and the `request` to go on with it always come along. Of an
    answer that takes more than half of the context only the end is sent.
    """
    room = context_tokens // 2 * BYTES_PER_TOKEN
    end = begun.encode("utf-8", "surrogatepass")[-room:].decode("utf-8", "ignore")
    newest = [PromptMessage("user", request), PromptMessage("assistant", end)]
    return fit(system_prompt, chain(newest, history), context_tokens, always=3)
