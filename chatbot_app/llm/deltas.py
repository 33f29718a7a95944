"""What one chunk of a streamed chat completion says: text, an end, an error, or nothing.

Reads OpenAI's chunk format as the providers really send it. No network, no sentences for people.
"""

import json
import re
from dataclasses import dataclass
from typing import cast

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
    """One chunk: the text it adds, why the answer ends here if it does, and an error if it is one.

    `is_from_model` tells a sign of life, be it a thought or a role, from what a gateway adds.
    """

    is_from_model: bool = False
    text: str = ""
    finish_reason: str | None = None
    error: object = None


def read(data: str) -> Delta:
    """Read the data of one event.

    Chunks that only count usage, carry thoughts or announce the role are empty deltas. A whole
    completion, as a provider sends it that can't stream, is one delta with all the text.

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
    choices = _list(fields.get("choices") or [])
    if not choices:
        return Delta()
    choice = _object(choices[0])
    delta = _object(choice.get("delta") or choice.get("message") or {})
    reason = choice.get("finish_reason")
    return Delta(
        is_from_model=True,
        text=_text(delta.get("content")) or _text(delta.get("refusal")),
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
