"""Thoughts that come as the beginning of the content, between `<think>` and `</think>`.

So do models whose server does not tell the two apart (DeepSeek-R1 and Qwen behind a plain vLLM,
llama.cpp or LM Studio). Only an answer that begins with the tag has such thoughts: later on it is
what somebody wrote about it, and stays text. No character is lost but the tags and the blank space
around them.
"""

from typing import Literal

OPENING, CLOSING = "<think>", "</think>"

MOST_BLANKS = 1000
"""So many characters of nothing may come before the tag; a longer blank is part of a text."""


class ThinkTags:
    """Tells thoughts from text in the content of one answer, whatever pieces it comes in."""

    def __init__(self) -> None:
        self._phase: Literal["before", "thinking", "between", "text"] = "before"
        self._waiting = ""

    def take(self, piece: str) -> tuple[str, str]:
        """Give what of it is certain to be thought, and what is certain to be text."""
        if self._phase == "text":
            return "", piece
        self._waiting += piece
        thought = ""
        if self._phase == "before":
            self._look_for_opening()
        if self._phase == "thinking":
            thought = self._take_thought()
        return thought, self._take_text()

    def finish(self) -> tuple[str, str]:
        """Give what was still waiting when the answer ended. A thought that was not closed is one
        to its end.
        """
        waiting, self._waiting = self._waiting, ""
        return (waiting, "") if self._phase == "thinking" else ("", waiting)

    def _look_for_opening(self) -> None:
        begun = self._waiting.lstrip()
        is_late = len(self._waiting) - len(begun) > MOST_BLANKS
        if is_late or not (OPENING.startswith(begun) or begun.startswith(OPENING)):
            self._phase = "text"
        elif begun.startswith(OPENING):
            self._phase, self._waiting = "thinking", begun.removeprefix(OPENING)

    def _take_thought(self) -> str:
        thought, closing, rest = self._waiting.partition(CLOSING)
        if closing:
            self._phase, self._waiting = "between", rest
            return thought
        # The end may be the beginning of the closing tag.
        held = next((n for n in range(len(CLOSING) - 1, 0, -1) if thought.endswith(CLOSING[:n])), 0)
        certain = len(thought) - held
        self._waiting = thought[certain:]
        return thought[:certain]

    def _take_text(self) -> str:
        if self._phase == "between":
            self._waiting = self._waiting.lstrip()
            if self._waiting:
                self._phase = "text"
        if self._phase != "text":
            return ""
        text, self._waiting = self._waiting, ""
        return text
