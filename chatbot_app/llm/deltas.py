"""What one chunk of a streamed chat completion says: text, a thought, an end, what it took, an error,
or nothing.

Reads OpenAI's chunk format as the providers really send it. No network, no sentences for people.
"""

import json
import re
from dataclasses import dataclass
from typing import cast

from chatbot_app.llm.protocol import Usage

MOST_TOKENS = 2**31 - 1
"""A count beyond this is none, and no database would take it."""

DONE = "[DONE]"
"""The data of the event that ends a stream (OpenAI API reference, chat streaming)."""

_HIGH_SURROGATES = "\ud800-\udbff"
_LOW_SURROGATES = "\udc00-\udfff"
_PAIR = re.compile(f"[{_HIGH_SURROGATES}][{_LOW_SURROGATES}]")
_UNSTORABLE = re.compile(f"[\0{_HIGH_SURROGATES}{_LOW_SURROGATES}]")


class Malformed(ValueError):
    """The data is no chunk of a chat completion."""


@dataclass(frozen=True)
class Delta:
    """One chunk: the text or thought it adds, why the answer ends here if it does, what it took in
    all, and an error if it is one.

    `is_from_model` tells a sign of life, be it a thought or a role, from what a gateway adds.
    """

    is_from_model: bool = False
    text: str = ""
    thought: str = ""
    usage: Usage | None = None
    finish_reason: str | None = None
    error: object = None


def read(data: str) -> Delta:
    """Read the data of one event.

    Thoughts are called `reasoning_content` (DeepSeek, vLLM) or `reasoning` (OpenRouter, Ollama), and
    some gateways send both. A whole completion, as a provider sends it that can't stream, is one
    delta with all the text. What can't be understood of a thought or a count is left out: an answer
    does not fail for it.

    Raises:
        Malformed: not JSON, or of a shape that can't be understood.
    """
    try:
        # A nesting deep enough to exhaust the stack is malformed too.
        chunk: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    fields = _object(chunk)
    if fields.get("error"):
        return Delta(error=fields["error"])
    usage = _usage(fields.get("usage"))
    choices = _list(fields.get("choices") or [])
    if not choices:
        return Delta(usage=usage)
    choice = _object(choices[0])
    delta = _object(choice.get("delta") or choice.get("message") or {})
    reason = choice.get("finish_reason")
    content = delta.get("content")
    return Delta(
        is_from_model=True,
        text=_text(content) or _text(delta.get("refusal")),
        thought=_thought(delta) or _thought_in(content),
        usage=usage,
        finish_reason=reason if isinstance(reason, str) and reason else None,
        error=choice.get("error"),
    )


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Malformed
    return cast(dict[str, object], value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Malformed
    return cast(list[object], value)


def _text(content: object) -> str:
    """The text of a content field: a string, null, or a list of parts (as Mistral sends)."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    parts = (_object(part) for part in _list(content))
    return "".join(_text(part.get("text")) for part in parts if part.get("type") == "text")


def _thought(delta: dict[str, object]) -> str:
    thought = delta.get("reasoning_content") or delta.get("reasoning")
    return thought if isinstance(thought, str) else ""


def _thought_in(content: object) -> str:
    """The thoughts among the parts of a content: strings, or parts again (as Mistral sends)."""
    if not isinstance(content, list):
        return ""
    parts = [_object(part) for part in _list(cast(object, content))]
    return "".join(_text(part.get("thinking")) for part in parts if part.get("type") == "thinking")


def _usage(counted: object) -> Usage | None:
    if not isinstance(counted, dict):
        return None
    counts = cast(dict[str, object], counted)
    usage = Usage(_count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens")))
    return None if usage == Usage() else usage


def _count(count: object) -> int | None:
    if not isinstance(count, int) or isinstance(count, bool):
        return None
    return count if 0 < count <= MOST_TOKENS else None


class StorableText:
    """Makes the pieces of one answer fit to be stored: UTF-8 can encode them and no NUL is left.

    JSON may escape one emoji as two surrogates, and a provider may cut between them: the first half
    waits for the second. What stays alone, and NUL, becomes U+FFFD as CommonMark does with NUL.
    """

    def __init__(self) -> None:
        self._high = ""

    def take(self, piece: str) -> str:
        """Give what of the text so far is certain; may be empty."""
        if not piece or (not self._high and not _UNSTORABLE.search(piece)):
            return piece
        text = self._high + piece
        self._high = ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._high = text[:-1], text[-1]
        text = _PAIR.sub(_join, text)
        return _UNSTORABLE.sub("\ufffd", text)

    def finish(self) -> str:
        """Give what was still waiting when the answer ended."""
        waiting, self._high = self._high, ""
        return "\ufffd" if waiting else ""


def _join(pair: re.Match[str]) -> str:
    return pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le")
