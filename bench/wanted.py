"""What the provider is asked to do, said in words of the question, so that no other channel is
needed: `tokens=2000 rate=100 seed=7`.
"""

import re
from dataclasses import dataclass

from bench import prose

FIRST_TOKEN_SECONDS = 0.3
"""How long the model thinks, so that the first token tells of the stream and of nothing before it."""


@dataclass(frozen=True)
class Wanted:
    """An answer: its length, its speed in tokens a second (0: all at once), and which it is."""

    tokens: int
    rate: int
    seed: int

    @property
    def question(self) -> str:
        """The words to ask for it."""
        return f"Tell me more, please: tokens={self.tokens} rate={self.rate} seed={self.seed}"

    @property
    def pieces(self) -> tuple[str, ...]:
        """What it is made of, token by token."""
        return prose.pieces(self.tokens, self.seed)

    @property
    def text(self) -> str:
        """The whole of it."""
        return "".join(self.pieces)


def understood(question: str) -> Wanted:
    """Read what a question wants; a short answer if it says nothing."""
    said = dict(re.findall(r"(tokens|rate|seed)=(\d+)", question))
    return Wanted(*(int(said.get(name, 40)) for name in ("tokens", "rate", "seed")))
