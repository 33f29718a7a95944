"""Why no answer came, as a `ModelError` with a sentence for people.

The one place that turns statuses, error objects and network faults into words. A provider's own
words are looked at to recognise a case and never repeated: they may quote keys or prompts.
"""

import email.utils
import math
import socket
import ssl
import time
from collections.abc import Mapping
from typing import Literal, cast

import httpx2
import openai

from chatbot_app.errors import ModelError
from chatbot_app.words import mark, number, t

Kind = Literal[
    "bad_request",
    "too_long",
    "unauthorized",
    "out_of_credit",
    "not_found",
    "rate_limited",
    "server_error",
    "unreachable",
    "timeout",
    "cut",
    "malformed",
    "empty",
    "filtered",
    "length",
]
"""The stable words for `ModelError.kind`."""

_TOO_LONG = ("context_length_exceeded", "context length", "context window", "prompt is too long")
"""How a prompt is said not to fit: OpenAI's code, then OpenRouter's, vLLM's and others' words."""

_KIND_OF_CODE: Mapping[str, Kind] = {
    "context_length_exceeded": "too_long",
    "insufficient_quota": "out_of_credit",
    "invalid_api_key": "unauthorized",
    "model_not_found": "not_found",
    "rate_limit_exceeded": "rate_limited",
    "server_error": "server_error",
    "content_filter": "filtered",
}
"""Codes of OpenAI's that tell more than the status they come with (platform.openai.com, error
codes).
"""

_KIND_OF_STATUS: Mapping[int, Kind] = {
    401: "unauthorized",
    402: "out_of_credit",
    403: "unauthorized",
    404: "not_found",
    408: "timeout",
    413: "too_long",
    429: "rate_limited",
    504: "timeout",
}

_SENTENCES: Mapping[Kind, str] = {
    "bad_request": mark(
        "The model server did not accept the request. The project's settings, such as its "
        "temperature, may not suit this model."
    ),
    "too_long": mark(
        "This conversation is longer than the model can read. Start a new chat, or set a "
        "smaller CONTEXT_TOKENS."
    ),
    "unauthorized": mark(
        "The model server refused the API key. Check OPENAI_API_KEY, and whether the key "
        "may use this model."
    ),
    "out_of_credit": mark(
        "The account at the model provider has no credit left. Add credit there, then try again."
    ),
    "not_found": mark(
        "The model server does not know {model}, or its address is wrong. Check the model's "
        "name and OPENAI_BASE_URL."
    ),
    "rate_limited": mark("The model server is getting too many requests. Please try again {when}."),
    "server_error": mark("The model server has a problem of its own. Please try again {when}."),
    "unreachable": mark(
        "The model server can't be reached. Check that it is running and that "
        "OPENAI_BASE_URL is right."
    ),
    "timeout": mark("The model server took too long to answer. Please try again {when}."),
    "cut": mark(
        "The connection to the model server broke off before the answer was complete. Please try "
        "again."
    ),
    "malformed": mark(
        "The model server sent something that is not an answer. Check that OPENAI_BASE_URL "
        "points to an OpenAI-compatible API; such an address usually ends in /v1."
    ),
    "empty": mark(
        "The model ended its answer without writing anything. Please try again, or put it "
        "another way."
    ),
    "filtered": mark(
        "The model provider's content filter held this answer back. Try to put it another way."
    ),
    # Fits with Continue beneath it, and where there is none, as in a temporary chat.
    "length": mark("The model reached its allowed length here. Ask it to go on for the rest."),
}


SDK_ERRORS = (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL)
"""All that the SDK raises, also from the HTTP client below it when a response is read raw."""


def failure(
    kind: Kind, *, model: str | None = None, retry_after: float | None = None
) -> ModelError:
    """The error of this kind; `retry_after` in seconds is told to people where waiting helps."""
    named = t("the model “{model}”", model=model) if model else t("this model")
    sentence = t(_SENTENCES[kind], model=named, when=_when(retry_after))
    return ModelError(sentence, kind=kind, retry_after=retry_after)


def silence(seconds: float, *, in_mid_answer: bool) -> ModelError:
    """The model said nothing for this long."""
    limit = t("1 second") if seconds == 1 else t("{number} seconds", number=number(seconds))
    if in_mid_answer:
        sentence = t(
            "The model fell silent for {limit} in mid-answer. Please try again.", limit=limit
        )
    else:
        sentence = t(
            "The model did not begin its answer within {limit}. Please try again.", limit=limit
        )
    return ModelError(sentence, kind="timeout")


def empty(finish_reason: str | None, *, has_thoughts: bool = False) -> ModelError:
    """The answer ended without text, for this reason of the provider's."""
    if finish_reason == "content_filter":
        return failure("filtered")
    if finish_reason == "length":
        return ModelError(
            t(
                "The model used up its allowed length before it wrote any answer. Please ask for "
                "something shorter."
            ),
            kind="empty",
        )
    if has_thoughts:
        return ModelError(
            t(
                "The model ended with its thoughts and wrote no answer. Please try again, or put it "
                "another way."
            ),
            kind="empty",
        )
    return failure("empty")


def from_exception(error: Exception, *, model: str) -> ModelError:
    """The error behind one of the `SDK_ERRORS`."""
    if isinstance(error, openai.APIStatusError):
        kind = _kind(error.status_code, error.body)
        return failure(kind, model=model, retry_after=_retry_after(error.response.headers))
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
    if isinstance(cause, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return _unreachable(t("The model server did not take the connection in time."))
    if isinstance(cause, httpx2.TimeoutException):
        return failure("timeout")
    if isinstance(cause, httpx2.ConnectError):
        return _not_connected(cause)
    if isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return _unreachable(t("The address of the model server is not a valid http or https URL."))
    if isinstance(cause, httpx2.DecodingError):
        return failure("malformed")
    return failure("cut")


def from_stream(error: object, *, model: str) -> ModelError:
    """The error that a provider reported inside a stream that had begun well."""
    code = _code(error)
    status = int(code) if code.isdecimal() and len(code) == 3 else 500
    return failure(_kind(status, error), model=model)


def _kind(status: int, body: object) -> Kind:
    code = _code(body)
    if code in _KIND_OF_CODE:
        return _KIND_OF_CODE[code]
    if 400 <= status < 500 and any(sign in _words(body).lower() for sign in _TOO_LONG):
        return "too_long"
    if status in _KIND_OF_STATUS:
        return _KIND_OF_STATUS[status]
    return "server_error" if status >= 500 else "bad_request"


def _fields(body: object) -> Mapping[str, object]:
    if not isinstance(body, dict):
        return {}
    fields = cast(dict[str, object], body)
    inner = fields.get("error")
    return cast(dict[str, object], inner) if isinstance(inner, dict) else fields


def _code(body: object) -> str:
    fields = _fields(body)
    return str(fields.get("code") or fields.get("type") or "")


def _words(body: object) -> str:
    return body if isinstance(body, str) else str(_fields(body).get("message") or "")


def _not_connected(error: httpx2.ConnectError) -> ModelError:
    reasons = list(_causes(error))
    if any(isinstance(reason, socket.gaierror) for reason in reasons):
        return _unreachable(t("The model server's name could not be found."))
    if any(isinstance(reason, ssl.SSLError) for reason in reasons):
        return _unreachable(t("A secure connection to the model server could not be made."))
    return failure("unreachable")


def _unreachable(what_happened: str) -> ModelError:
    advice = t("Check OPENAI_BASE_URL and the network.")
    sentence = f"{what_happened} {advice}"
    return ModelError(sentence, kind="unreachable")


def _causes(error: BaseException | None) -> list[BaseException]:
    """The exception and all that it came from; a connection tries several addresses in a group."""
    found: list[BaseException] = []
    waiting = [error]
    while waiting:
        current = waiting.pop()
        if current is None or current in found:
            continue
        found.append(current)
        waiting += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            waiting += cast(BaseExceptionGroup[BaseException], current).exceptions
    return found


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds to wait, from a Retry-After header in either form (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after", "").strip()
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _when(seconds: float | None) -> str:
    if seconds is None:
        return t("in a moment")
    whole = max(1, math.ceil(seconds))
    if whole >= 2 * 3600:
        return t("in {number} hours", number=math.ceil(whole / 3600))
    if whole >= 2 * 60:
        return t("in {number} minutes", number=math.ceil(whole / 60))
    return t("in 1 second") if whole == 1 else t("in {number} seconds", number=whole)
