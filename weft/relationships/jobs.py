"""What relationships do by themselves: mutes that end."""

from __future__ import annotations

from weft.infra.periodic import Job
from weft.relationships.service import lift_ended_mutes

JOBS = [Job("relationships.lift_ended_mutes", 60.0, lift_ended_mutes)]
