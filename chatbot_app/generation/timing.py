"""How long an answer takes, and how much of it is thinking. Milliseconds, by this process's clock."""

from time import monotonic

from chatbot_app.llm import Usage
from chatbot_app.repositories.messages import Took


class Timing:
    """The times of one run of an answer, on top of what earlier runs `took` if it is gone on with.

    What an earlier run took and nobody noted, for its worker died, makes the sum unknown.
    """

    def __init__(self, took: Took, *, has_thought: bool, has_text: bool) -> None:
        self._before = took
        self._goes_on = has_thought or has_text
        self._began = monotonic()
        self._thinking_since = self._began if has_thought and not has_text else None
        self._thought = took.reasoning_ms if has_thought else 0
        self._has_thought = has_thought

    @property
    def is_thinking(self) -> bool:
        """Whether the last that came was a thought."""
        return self._thinking_since is not None

    @property
    def reasoning_ms(self) -> int | None:
        """How long it thought so far, in all; None if it did not, or nobody knows."""
        return self._thought if self._has_thought else None

    def thought(self) -> None:
        """A thought came, and none was being thought."""
        self._thinking_since = monotonic()
        self._has_thought = True

    def spoke(self) -> None:
        """Text came after a thought, or the end."""
        if self._thinking_since is not None and self._thought is not None:
            self._thought += _milliseconds(self._thinking_since)
        self._thinking_since = None

    def ended(self, usage: Usage | None) -> Took:
        """The run is over: tell what the whole answer took."""
        self.spoke()
        counted = usage or Usage()
        before = self._before
        return Took(
            reasoning_ms=self.reasoning_ms,
            duration_ms=self._sum(before.duration_ms, _milliseconds(self._began)),
            prompt_tokens=self._sum(before.prompt_tokens, counted.prompt_tokens),
            completion_tokens=self._sum(before.completion_tokens, counted.completion_tokens),
        )

    def _sum(self, before: int | None, now: int | None) -> int | None:
        if not self._goes_on:
            return now
        return None if before is None or now is None else before + now


def _milliseconds(since: float) -> int:
    return max(1, round(1000 * (monotonic() - since)))  # 0 is said of what nobody took
