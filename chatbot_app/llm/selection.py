"""Which model this server talks to."""

import asyncio
import logging

import httpx2

from chatbot_app.config import Settings
from chatbot_app.llm.catalogue import can_chat, read
from chatbot_app.llm.demo import DemoModel
from chatbot_app.llm.protocol import ChatModel
from chatbot_app.llm.substitute import Substitute

log = logging.getLogger(__name__)

PROBE_SECONDS = 1.0
"""How long a local Ollama may take to say which models it has."""


async def choose(settings: Settings) -> ChatModel:
    """The provider in the settings; without one an Ollama that answers locally; otherwise the demo
    model, for as long as no Ollama is started.
    """
    if settings.has_provider:
        return await asyncio.to_thread(
            _client,
            settings,
            settings.openai_model,
            settings.openai_base_url,
            settings.openai_api_key.get_secret_value(),
        )
    if local := await _ollama(settings):
        return local
    if not settings.ollama_url:
        return DemoModel()
    return Substitute(DemoModel(), lambda: _ollama(settings))


async def _ollama(settings: Settings) -> ChatModel | None:
    """The Ollama at its address, if it is there and has a model that answers."""
    if name := await _ollama_model(settings.ollama_url):
        return await asyncio.to_thread(_client, settings, name, settings.ollama_url, "")
    return None


def _client(settings: Settings, model: str, base_url: str, api_key: str) -> ChatModel:
    # Not before there is a provider, and in a thread: the SDK takes a sixth of a start and 14 MB.
    from chatbot_app.llm.openai_compatible import OpenAICompatible
    from chatbot_app.llm.retries import Retrying

    client = OpenAICompatible(
        model,
        base_url=base_url,
        api_key=api_key,
        connect_timeout=settings.model_connect_seconds,
        first_token_timeout=settings.model_first_token_seconds,
        silence_timeout=settings.model_silence_seconds,
    )
    return Retrying(
        client, retries=settings.model_retries, longest_wait=settings.model_retry_seconds
    )


async def _ollama_model(url: str) -> str:
    """The name of a model that an Ollama at this address offers, or nothing.

    One whose name says that it only makes vectors is no choice for a chat.
    """
    if not url:
        return ""
    try:
        async with httpx2.AsyncClient(timeout=PROBE_SECONDS, trust_env=False) as client:
            response = await client.get(f"{url}/models")
            offered = read(response.raise_for_status().json())
    except (httpx2.HTTPError, ValueError):
        return ""
    return next((model.name for model in offered if can_chat(model.name)), "")
