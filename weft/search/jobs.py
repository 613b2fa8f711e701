"""Keeps the index true to the events. Reading the post again makes every handler idempotent."""

from __future__ import annotations

from collections.abc import Sequence

from weft.accounts.events import AccountCreated, AccountEdited, AccountStateChanged
from weft.infra.db import Db, Tx
from weft.infra.events import Event
from weft.infra.periodic import Job
from weft.kernel.ids import bucket_of
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.search import queries
from weft.search.indexing import build_missing, index_accounts, index_posts


async def index_events(tx: Tx, events: Sequence[Event]) -> None:
    """Posts that were written, edited or deleted."""
    changed = {
        event.post_id: None
        for event in events
        if isinstance(event, PostEdited) or (isinstance(event, PostCreated) and event.repost_of is None)
    }
    gone = [event.post_id for event in events if isinstance(event, PostDeleted)]
    if gone:
        await tx.execute(queries.REMOVE_POSTS, [bucket_of(id_) for id_ in gone], gone)
    if changed:
        await index_posts(tx, list(changed))


async def index_account_events(tx: Tx, events: Sequence[Event]) -> None:
    """Accounts that came, changed or went."""
    kinds = (AccountCreated, AccountEdited, AccountStateChanged)
    await index_accounts(tx, list({event.account_id: None for event in events if isinstance(event, kinds)}))


ASKED = """
SELECT value FROM server_values WHERE name = 'search.build'  -- shared
"""

ASK = """
INSERT INTO server_values (name, value) VALUES ('search.build', 'wanted') ON CONFLICT (name) DO NOTHING  -- shared
"""

DONE = """
DELETE FROM server_values WHERE name = 'search.build'  -- shared
"""


async def ask_for_build(db: Db) -> None:
    """Let a worker index what was written in bulk without events."""
    async with db.job() as tx:
        await tx.execute(ASK)


async def is_build_asked(db: Db) -> bool:
    async with db.read() as reader:
        return await reader.value(ASKED) is not None


async def build_if_asked(db: Db) -> None:
    """Build what is missing; cut short anywhere, the next run goes on."""
    if not await is_build_asked(db):
        return
    await build_missing(db)
    async with db.job() as tx:
        await tx.execute(DONE)


JOBS = [Job("search.build", 10.0, build_if_asked)]

HANDLERS = (
    (PostCreated, "search.index_events", index_events),
    (PostEdited, "search.index_events", index_events),
    (PostDeleted, "search.index_events", index_events),
    (AccountCreated, "search.index_account_events", index_account_events),
    (AccountEdited, "search.index_account_events", index_account_events),
    (AccountStateChanged, "search.index_account_events", index_account_events),
)
"""Event, stable name, handler: for ``wiring``."""
