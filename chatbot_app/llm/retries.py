"""Asking a model again when an attempt failed before its first word for a reason that may pass.

Knows kinds of failures and waiting; nothing of providers, HTTP or what was asked. The SDK's own
retries stay off: they see only how a response begins, not that its stream breaks off or carries an
error, and their waiting would count as the model's silence.
"""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator
from contextlib import aclosing

from chatbot_app.errors import ModelError
from chatbot_app.llm.catalogue import OfferedModel
from chatbot_app.llm.failures import Kind
from chatbot_app.llm.protocol import ChatModel, Piece, Prompt, Thought

log = logging.getLogger(__name__)

MAY_PASS: frozenset[Kind] = frozenset({"rate_limited", "server_error", "unreachable", "cut"})
"""What a second attempt may not meet again. Not "timeout": a person has waited long enough by then.
"""


class Retrying:
    """A `ChatModel` that asks another one, and asks it again up to `retries` times.

    Before the next attempt it waits for what the provider asked in Retry-After (RFC 9110, section
    10.2.3), else for 1, 2, 4 … seconds, of which the second half is random ("equal jitter" in
    "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), and never for more than
    `longest_wait` seconds: a provider that asks for longer is not asked again.
    """

    def __init__(self, model: ChatModel, *, retries: int, longest_wait: float) -> None:
        self.name = model.name
        self.is_demo = model.is_demo
        self._model = model
        self._retries = retries
        self._longest_wait = longest_wait

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        """See `ChatModel.stream`; the error is that of the last attempt. What was thought in an attempt
        that came to nothing stays, and is apart from what is thought in the next.
        """
        failed = 0
        has_thought = False
        while True:
            has_begun = False
            try:
                async with aclosing(self._model.stream(prompt)) as pieces:
                    async for piece in pieces:
                        has_begun = has_begun or isinstance(piece, str)
                        has_thought = True
                        yield piece
                return
            except ModelError as error:
                failed += 1
                wait = self._wait(error, failed)
                # A piece that was given away can't be taken back: the next answer is another one.
                if has_begun or failed > self._retries or wait is None:
                    raise
                log.warning(
                    "asking again in %.1f s (%s), retry %d of %d",
                    wait,
                    error.kind,
                    failed,
                    self._retries,
                )
            await asyncio.sleep(wait)
            if has_thought:
                yield Thought("\n\n")

    async def list_models(self) -> tuple[OfferedModel, ...]:
        """See `ChatModel.list_models`."""
        return await self._model.list_models()

    async def aclose(self) -> None:
        """Close what the other model holds open."""
        await self._model.aclose()

    def _wait(self, error: ModelError, failed: int) -> float | None:
        """Seconds until the next attempt; None if there should be none."""
        if error.kind not in MAY_PASS:
            return None
        # 0 comes of a date that is past, maybe only by our clock, and says no more than no header.
        if error.retry_after:
            return error.retry_after if error.retry_after <= self._longest_wait else None
        whole = min(2 ** (failed - 1), self._longest_wait)
        return random.uniform(whole / 2, whole)  # noqa: S311 - spreads the load, guards nothing
