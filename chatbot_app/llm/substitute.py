"""A model that answers until a better one is found."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from chatbot_app.llm.catalogue import OfferedModel
from chatbot_app.llm.protocol import ChatModel, Piece, Prompt

log = logging.getLogger(__name__)

LOOK_SECONDS = 30.0
"""How often the other one is looked for: one connection on this machine, mostly refused at once."""


class Substitute:
    """A `ChatModel` that stands in for another one until that is there, and hands over to it then.

    An answer that is being written goes on with the model that began it.
    """

    def __init__(
        self,
        model: ChatModel,
        find: Callable[[], Awaitable[ChatModel | None]],
    ) -> None:
        """To be made on the event loop, where it looks for the other one until `aclose`."""
        self._model = model
        self._find = find
        self._looking = asyncio.create_task(self._look(), name="looking for a model")

    @property
    def name(self) -> str:
        """See `ChatModel.name`."""
        return self._model.name

    @property
    def is_demo(self) -> bool:
        """See `ChatModel.is_demo`."""
        return self._model.is_demo

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Piece]:
        """See `ChatModel.stream`."""
        async with aclosing(self._model.stream(prompt)) as pieces:
            async for piece in pieces:
                yield piece

    async def list_models(self) -> tuple[OfferedModel, ...]:
        """See `ChatModel.list_models`."""
        return await self._model.list_models()

    async def aclose(self) -> None:
        """Look no more, and close what the model in use holds open."""
        self._looking.cancel()
        await asyncio.gather(self._looking, return_exceptions=True)
        await self._model.aclose()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                found = await self._find()
            except Exception:
                log.exception("the search for a model met a bug")
                continue
            if found is not None:
                log.info("%s answers from now on", found.name)
                self._model = found
                return
