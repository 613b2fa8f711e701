"""What relationships do by themselves: mutes that end, and the ties of deleted accounts."""

from __future__ import annotations

from dataclasses import dataclass

from weft.accounts.events import AccountStateChanged
from weft.infra.db import Db
from weft.infra.periodic import Job
from weft.relationships.leaving import end_ties
from weft.relationships.service import lift_ended_mutes

JOBS = [Job("relationships.lift_ended_mutes", 60.0, lift_ended_mutes)]


@dataclass(frozen=True)
class Leaving:
    """The runner of ``AccountStateChanged``: ties end one by one, in transactions of their own."""

    db: Db

    async def end(self, event: AccountStateChanged) -> None:
        if event.state == "deleted":
            await end_ties(self.db, event.account_id)
