"""What is counted: each meter's unit, its segment and the two accounts that its cost moves between."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

Segment = Literal["social", "ai", "worlds", "platform"]
SEGMENTS: tuple[Segment, ...] = ("social", "ai", "worlds", "platform")

COMPUTE = "Liabilities:Operator:Compute"
INFRASTRUCTURE = "Liabilities:Operator:Infrastructure"


class Meter(msgspec.Struct, frozen=True, kw_only=True):
    """``scale`` counted units make one priced unit: CPU is counted in ms and priced by the second."""

    unit: str
    segment: Segment
    debit: str
    credit: str
    scale: int = 1
    paid: bool = False
    """Somebody else sends a bill for it: budgets in money count it, and the most it can cost is held before."""


def _ai(unit: str, kind: str = "Inference", *, scale: int = 1, paid: bool = False) -> Meter:
    return Meter(unit=unit, segment="ai", debit=f"Expenses:AI:{kind}", credit=COMPUTE, scale=scale, paid=paid)


def _social(unit: str, kind: str, credit: str = INFRASTRUCTURE, *, scale: int = 1) -> Meter:
    return Meter(unit=unit, segment="social", debit=f"Expenses:Social:{kind}", credit=credit, scale=scale)


def _worlds(unit: str, kind: str, *, scale: int = 1) -> Meter:
    return Meter(unit=unit, segment="worlds", debit=f"Expenses:Worlds:{kind}", credit=COMPUTE, scale=scale)


METERS: Mapping[str, Meter] = MappingProxyType(
    {
        "ai.cpu_ms": _ai("core-second", scale=1000),
        "ai.gpu_ms": _ai("GPU-second", scale=1000),
        "ai.input_token": _ai("token", paid=True),
        "ai.cached_token": _ai("token", paid=True),
        "ai.output_token": _ai("token", paid=True),
        "ai.image": _ai("image", paid=True),
        "ai.training_cpu_ms": _ai("core-second", "Training", scale=1000),
        "social.storage_mb_day": _social("GB-day", "Storage", scale=1000),
        "social.egress_mb": _social("GB", "Egress", scale=1000),
        "social.delivery": _social("delivery", "Federation"),
        "social.push": _social("message", "Push"),
        "social.mail": _social("message", "Mail"),
        "social.moderation_minute": _social("hour", "Moderation", "Liabilities:Operator:Staff", scale=60),
        "worlds.world_second": _worlds("minute", "Rooms", scale=60),
        "worlds.voice_second": _worlds("minute", "Voice", scale=60),
        "worlds.relay_mb": _worlds("GB", "Relay", scale=1000),
        "worlds.script_cpu_ms": _worlds("core-second", "Scripts", scale=1000),
    }
)
"""Every meter there is. A new one needs its first price in a migration."""
