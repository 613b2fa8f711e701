"""A synthetic community in bulk: people, follows, posts and reactions, all drawn from a seed.

The same arguments give the same rows, ids included. Everything is written by COPY in one transaction; nobody is
notified and no event is stored. A job builds the search index afterwards.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np

from weft.infra.db import Db
from weft.infra.signals import reset_now
from weft.kernel.ids import bucket_of_name
from weft.operations.reach import CommandFailed, database_of, is_served, work_at
from weft.operations.seeding import rows
from weft.operations.seeding.people import draw_follows, draw_people
from weft.operations.seeding.plan import SeedPlan, check_plan, read_end
from weft.operations.seeding.posts import draw_likes, draw_posts
from weft.operations.seeding.rows import Table
from weft.search.jobs import ask_for_build, build_if_asked, is_build_asked
from weft.settings import Settings

__all__ = ["SeedPlan", "read_end", "seed", "seed_community"]

LONGEST_COPY_S = 6 * 3600.0
LOCK = 0x73656564


def seed_community(settings: Settings, plan: SeedPlan, *, wait: bool = False) -> dict[str, object]:
    """Fill the community; with ``wait`` the search index is built as well, by a running server or by this command."""
    check_plan(plan)
    with database_of(settings) as url:

        async def work(db: Db) -> dict[str, object]:
            done = await seed(url, plan)
            await reset_now(url)
            await ask_for_build(db)
            if wait:
                await _build(db, settings.folder)
            return done

        return asyncio.run(work_at(url, settings, work))


ACCOUNTS_EXIST = "SELECT EXISTS (SELECT 1 FROM accounts)  -- all buckets: a command"
LAST_NUMBER = """
SELECT coalesce(max(substring(username FROM 5)::bigint), 0) FROM accounts  -- all buckets: a command
 WHERE username ~ '^seed[1-9][0-9]{0,7}$' AND host = ''
"""
TAKE_LOCK = "SELECT pg_advisory_xact_lock($1)  -- shared"
NEWEST_TAGS = """
INSERT INTO search_tags (bucket, tag, name, last_post_id)  -- all buckets: a command
SELECT bucket, tag, name, last_post_id
  FROM unnest($1::smallint[], $2::text[], $3::text[], $4::bigint[]) AS given (bucket, tag, name, last_post_id)
ON CONFLICT (bucket, tag) DO UPDATE SET last_post_id = greatest(search_tags.last_post_id, excluded.last_post_id)
"""
ANALYSE = "ANALYZE"


async def seed(url: str, plan: SeedPlan) -> dict[str, object]:
    """Draw and write the community, wholly or not at all.

    Raises:
        CommandFailed: somebody has an account already, or a row that is drawn exists.
    """
    began = time.monotonic()
    connection = await asyncpg.connect(url, timeout=10, server_settings={"application_name": "weft seed"})
    try:
        async with connection.transaction():
            await connection.execute(TAKE_LOCK, LOCK)
            if not plan.append and await connection.fetchval(ACCOUNTS_EXIST):
                raise CommandFailed("This community has accounts already; pass --append to add to it.")
            first = 1 + await connection.fetchval(LAST_NUMBER)
            counts = await _write(connection, plan, first)
        wrote_s = time.monotonic() - began
        await connection.execute(ANALYSE, timeout=LONGEST_COPY_S)
    except asyncpg.UniqueViolationError as error:
        raise CommandFailed(f"A drawn row exists already ({error.detail}); choose another --seed.") from None
    finally:
        await connection.close()
    return {
        **counts,
        "first_account": rows.username(first),
        "last_account": rows.username(first + plan.accounts - 1),
        "seconds": round(time.monotonic() - began, 2),
        "posts_per_second": round(plan.posts / wrote_s),
    }


async def _write(connection: Any, plan: SeedPlan, first: int) -> dict[str, object]:
    rng = np.random.default_rng([plan.seed, first])
    people = draw_people(rng, plan, first)
    follows = draw_follows(rng, plan, people)
    posts = draw_posts(rng, plan, people)
    likes = draw_likes(rng, plan, people, posts)
    for table in rows.account_tables(plan, people, follows, posts):
        await _copy(connection, table)
    for table in rows.follow_tables(people, follows):
        await _copy(connection, table)
    for table in rows.post_tables(people, posts):
        await _copy(connection, table)
    for table in rows.reaction_tables(people, posts, likes):
        await _copy(connection, table)
    tagged = rows.tagged(people, posts)
    for table in tagged.tables:
        await _copy(connection, table)
    await _write_newest_tags(connection, tagged.newest)
    return {
        "accounts": plan.accounts,
        "follows": len(follows.ids),
        "posts": plan.posts,
        "replies": int((posts.parent >= 0).sum()),
        "reposts": int((posts.repost_of >= 0).sum()),
        "likes": len(likes.ids),
    }


async def _copy(connection: Any, table: Table) -> None:
    await connection.copy_records_to_table(
        table.name, columns=table.columns, records=table.rows, timeout=LONGEST_COPY_S
    )


async def _write_newest_tags(connection: Any, newest: dict[str, tuple[str, int]]) -> None:
    keys = sorted(newest)
    names, posts = [newest[key][0] for key in keys], [newest[key][1] for key in keys]
    await connection.execute(NEWEST_TAGS, [bucket_of_name(key) for key in keys], keys, names, posts)


async def _build(db: Db, folder: Path) -> None:
    """Leave the index to a running server where there is one, or build it here."""
    while await is_build_asked(db):
        if is_served(folder):
            await asyncio.sleep(0.3)
        else:
            await build_if_asked(db)
