"""Any provider with an OpenAI-compatible chat API, through the official SDK.

The SDK makes the request; its stream is read as raw bytes, for building an object per chunk and
waking per token took two thirds of the server's CPU while answers were streaming. What bytes are
events is `sse`'s, what a chunk says is `deltas`', what is a thought within it is `think_tags`', what
people are told is `failures`'.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from typing import Any, TypeVar

import openai
from openai import AsyncOpenAI

from chatbot_app.errors import ModelError
from chatbot_app.llm import failures
from chatbot_app.llm.answer_in_bytes import AnswerInBytes
from chatbot_app.llm.catalogue import Catalogue, OfferedModel
from chatbot_app.llm.gathering import Gathering
from chatbot_app.llm.protocol import Piece, Prompt, Thought

log = logging.getLogger(__name__)

T = TypeVar("T")

FAREWELL_SECONDS = 0.1
"""How long a connection may take to close its response properly, so that it can be used again."""

LAST_WORDS_SECONDS = 2.0
"""How long what the answer took may come after its end, from a provider that does not end its stream.
"""

REFUSES_FIELDS = frozenset({400, 422})
"""The statuses with which a request is refused that has a field too many."""


class OpenAICompatible:
    """A `ChatModel` at an address: OpenAI, OpenRouter, Ollama, vLLM, LM Studio and others.

    All times are in seconds: `connect_timeout` for the connection, `first_token_timeout` from the
    request to the first sign of the model, `silence_timeout` between two later ones. Comments that
    a gateway sends to keep the line open are no sign of the model.
    """

    is_demo = False

    def __init__(
        self,
        model: str,
        *,
        base_url: str,
        api_key: str,
        connect_timeout: float = 10.0,
        first_token_timeout: float = 60.0,
        silence_timeout: float = 60.0,
    ) -> None:
        self.name = model
        self._first_token_timeout = first_token_timeout
        self._silence_timeout = silence_timeout
        self._without_usage: set[str] = set()
        """The models that refuse to be asked what an answer took."""
        self._client = AsyncOpenAI(
            base_url=base_url,
            # Local servers need no key, but the SDK does.
            api_key=api_key or "none",
            max_retries=0,
            # How long to wait for the model is decided here, where its signs can be told from others.
            timeout=openai.Timeout(None, connect=connect_timeout, pool=connect_timeout),
        )
        self._catalogue = Catalogue(self._list)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        """See `ChatModel.stream`."""
        model = prompt.model or self.name
        patience = _Patience(self._first_token_timeout, self._silence_timeout)
        try:
            async with AsyncExitStack() as stack:
                request = self._respond(stack, prompt, model)
                response = (await patience.wait_for(request)).http_response
                answer = AnswerInBytes(response.headers.get("content-type", ""), model)
                chunks = await stack.enter_async_context(aclosing(response.aiter_bytes()))
                gathering = await stack.enter_async_context(Gathering(chunks))
                while not answer.has_ended:
                    try:
                        received = await patience.wait_for(gathering.take())
                    except ModelError:
                        if not answer.is_said:
                            raise
                        received = None
                    thought, text = answer.end() if received is None else answer.take(received)
                    if answer.is_alive:
                        patience.renew(LAST_WORDS_SECONDS if answer.is_said else None)
                    if thought or text:
                        gathering.has_begun = True
                    if thought:
                        yield Thought(thought)
                    if text:
                        yield text
                if answer.usage:
                    yield answer.usage
                await gathering.until_the_end(FAREWELL_SECONDS)
                if answer.failure:
                    raise answer.failure
        except failures.SDK_ERRORS as error:
            failure = failures.from_exception(error, model=model)
            log.warning("no answer (%s): %s", failure.kind, type(error.__cause__ or error).__name__)
            # Without its cause: a provider's words may quote the key, and a traceback would show them.
            raise failure from None

    async def list_models(self) -> tuple[OfferedModel, ...]:
        """See `ChatModel.list_models`."""
        return await self._catalogue.get()

    async def aclose(self) -> None:
        """Close the connections that were kept for the next answer."""
        await self._catalogue.aclose()
        await self._client.close()

    async def _list(self) -> object:
        try:
            response = await self._client.models.with_raw_response.list()
            return response.http_response.json()
        except failures.SDK_ERRORS as error:
            raise failures.from_exception(error, model=self.name) from None
        except ValueError:
            raise failures.failure("malformed") from None

    async def _respond(
        self, stack: AsyncExitStack, prompt: Prompt, model: str
    ) -> openai.AsyncAPIResponse[Any]:
        """Ask, and once more without asking what it takes if that may be what was refused."""
        asks = model not in self._without_usage
        try:
            request = self._request(prompt, model, asks_usage=asks)
            return await stack.enter_async_context(request)
        except openai.APIStatusError as error:
            is_odd = error.status_code in REFUSES_FIELDS
            kind = failures.from_exception(error, model=model).kind
            if not (asks and is_odd and kind == "bad_request"):
                raise
        request = self._request(prompt, model, asks_usage=False)
        response = await stack.enter_async_context(request)
        self._without_usage.add(model)
        return response

    def _request(
        self, prompt: Prompt, model: str, *, asks_usage: bool
    ) -> AbstractAsyncContextManager[openai.AsyncAPIResponse[Any]]:
        # The SDK looks through every field of every message for what has to be renamed (nothing has):
        # 30 ms of the event loop for 300 messages. What is in `extra_body` it takes as it is.
        messages = [{"role": m.role, "content": m.content} for m in prompt.messages]
        return self._client.chat.completions.with_streaming_response.create(
            model=model,
            messages=[],
            temperature=openai.omit if prompt.temperature is None else prompt.temperature,
            stream=True,
            stream_options={"include_usage": True} if asks_usage else openai.omit,
            extra_body={"messages": messages},
        )


class _Patience:
    """How long the model may still be silent. Only time spent waiting counts, not the reader's own."""

    def __init__(self, first_token_timeout: float, silence_timeout: float) -> None:
        self._limit = first_token_timeout
        self._silence_timeout = silence_timeout
        self._waited = 0.0
        self._has_begun = False

    async def wait_for(self, awaited: Awaitable[T]) -> T:
        """Await it, for as long as there is patience left.

        Raises:
            ModelError: the model was silent for too long.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._limit - self._waited):
                result = await awaited
        except TimeoutError:
            raise failures.silence(self._limit, in_mid_answer=self._has_begun) from None
        self._waited += time.monotonic() - began
        return result

    def renew(self, seconds: float | None = None) -> None:
        """The model gave a sign of life; the next has to come within so many seconds, if they are fewer
        than usual.
        """
        self._has_begun = True
        usual = self._silence_timeout
        self._limit = usual if seconds is None else min(seconds, usual)
        self._waited = 0.0
