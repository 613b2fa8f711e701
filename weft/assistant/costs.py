"""What a call of a model may cost at most, before it, and what it did cost, after it: in the ledger's terms. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from weft.infra.engine.client import sent_size
from weft.infra.engine.model import TEMPLATE_TOKENS, Ask, Usage
from weft.infra.engine.places import EMBED_CONTEXT, Place
from weft.ledger.model import CallDetails

Outcome = Literal["ok", "cut", "cancelled", "refused", "error"]

REFUSED = frozenset({"model.full", "model.too_long"})
"""Failures by which a server says that it did nothing."""


class Worst(msgspec.Struct, frozen=True):
    """The most tokens that a call can take. A server that says more is charged at this."""

    prompt: int
    output: int

    @property
    def tokens(self) -> int:
        return self.prompt + self.output

    def bought(self, place: Place) -> tuple[tuple[str, int], ...]:
        """What somebody else may send a bill for."""
        if place.is_own:
            return ()
        return tuple(
            (f"ai.{kind}_token", most) for kind, most in (("input", self.prompt), ("output", self.output)) if most
        )


def worst_of_ask(ask: Ask, place: Place) -> Worst:
    """A token is at least a byte, a template puts its own around it, and our own engine ends at its context."""
    sent = sent_size(ask) + TEMPLATE_TOKENS
    if place.is_own and sent + ask.max_tokens > place.context > ask.max_tokens:
        return Worst(place.context - ask.max_tokens, ask.max_tokens)
    return Worst(sent, ask.max_tokens)


def worst_of_texts(texts: Sequence[str]) -> Worst:
    """The model reads of each text no more than its context."""
    return Worst(sum(min(len(text.encode()), EMBED_CONTEXT) + TEMPLATE_TOKENS for text in texts), 0)


class Spent(msgspec.Struct):
    """What is known of a call that reached its server, as it goes on."""

    usage: Usage | None = None
    """As the server told it, at the end."""
    is_sent: bool = False
    has_begun: bool = False
    """Words came."""
    failure: str = ""
    cpu_s: float = 0.0
    queue_ms: int = 0
    total_ms: int = 0
    is_cut: bool = False
    charged: int = 0
    """Tokens, once it is in the books."""

    @property
    def outcome(self) -> Outcome:
        if self.failure:
            return "refused" if self.failure in REFUSED and not self.has_begun else "error"
        if self.usage is None:
            return "cancelled"
        return "cut" if self.is_cut else "ok"

    @property
    def is_known(self) -> bool:
        """Whether the reservation need not be charged: the server counted, or failed before it said a word."""
        return self.usage.known if self.usage is not None else bool(self.failure) and not self.has_begun


def details_of(spent: Spent, place: Place, feature: str) -> CallDetails:
    usage = spent.usage or Usage()
    return CallDetails(
        feature=feature,
        model=place.name,
        model_sha256=place.sha256,
        backend="own" if place.is_own else "server",
        prompt_tokens=usage.prompt,
        cached_tokens=usage.cached,
        output_tokens=usage.output,
        cpu_ms=round(spent.cpu_s * 1000),
        queue_ms=spent.queue_ms,
        first_token_ms=usage.first_token_ms,
        total_ms=spent.total_ms,
        outcome=spent.outcome,
        known=spent.is_known,
    )
