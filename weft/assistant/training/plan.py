"""How a run learns: the numbers that the card tells and that make two runs the same."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from weft.kernel.errors import Invalid

NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9]|[._-](?=[a-z0-9])){0,62}")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    seed: int = 1
    rank: int = 8
    alpha: float = 16.0
    steps: int = 200
    batch: int = 4
    length: int = 256
    """Tokens of one sequence."""
    rate: float = 2e-4
    warm_up: int = 5
    """Steps in which the rate grows; then it falls to a tenth by half a cosine."""
    decay: float = 0.0
    longest_gradient: float = 1.0
    cpu_s: float = 3600.0
    """CPU seconds for learning, all threads together; measuring before and after comes on top."""
    checkpoint_every: int = 10
    threads: int = 1


def check_plan(plan: Plan) -> Plan:
    """Raises:
    Invalid: a name that cannot be one, or a number out of its bounds."""
    if not NAME.fullmatch(plan.name):
        raise Invalid("training.plan", field="name")
    bounds = {
        "rank": (1, 256), "steps": (1, 100_000), "batch": (1, 256), "length": (16, 4096), "warm_up": (0, 10_000),
        "checkpoint_every": (1, 10_000), "threads": (1, 256), "alpha": (0.001, 4096.0), "rate": (1e-7, 0.1),
        "decay": (0.0, 1.0), "longest_gradient": (0.001, 1000.0), "cpu_s": (1.0, 10_000_000.0), "seed": (0, 2**31),
    }  # fmt: skip
    for field, (least, most) in bounds.items():
        if not least <= getattr(plan, field) <= most:
            raise Invalid("training.plan", field=field)
    return plan
