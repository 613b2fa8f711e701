"""What trains: a model with a small adapter that can be asked, taught one step, saved and loaded. The library behind
it is not part of Weft; a run knows it by this shape alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec


class Loss(msgspec.Struct, frozen=True):
    """Negative log-likelihood in nats, over so many tokens."""

    sum: float
    tokens: int


class Learner(Protocol):
    def tokens(self, text: str) -> list[int]:
        """The text as the base's tokens, without any of its own."""

    @property
    def end(self) -> int:
        """The token between documents."""

    def losses(self, pairs: Sequence[tuple[Sequence[int], Sequence[int]]]) -> list[Loss]:
        """How unlikely the second of each pair is after the first."""

    def go_on(self, prompt: Sequence[int], most: int) -> str:
        """What the model writes next, always the likeliest token."""

    def learn(self, batch: Sequence[Sequence[int]], rate: float) -> float:
        """One step on these sequences; the mean loss before it."""

    def save(self, folder: Path) -> None:
        """The adapter as PEFT saves it, and what going on later needs besides."""

    def load(self, folder: Path) -> None:
        """What `save` wrote, from the same base and plan."""
