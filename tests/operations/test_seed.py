"""A seeded community keeps every invariant that the services keep, which SQL checks here."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from tests.conftest import NEW_YEAR_2026
from tests.support.postgres import Servers
from weft.accounts.service import find_by_handle, load_account_counts
from weft.infra.db import Db, open_db
from weft.kernel.clock import ManualClock
from weft.kernel.text.entities import find_entities, tag_key
from weft.operations.reach import CommandFailed
from weft.operations.seeding import SeedPlan, read_end, rows, seed
from weft.search.jobs import ask_for_build, build_if_asked, is_build_asked
from weft.timelines.rings import REPLY

PLAN = SeedPlan(accounts=60, posts=1500, follows_mean=12, seed=5, end_ms=NEW_YEAR_2026)

TABLES = (
    *("accounts", "account_counts", "users", "directory", "following", "followers", "posts", "post_counts"),
    *(
        "thread_posts",
        "public_posts",
        "tag_posts",
        "tag_days",
        "search_tags",
        "likes",
        "my_likes",
        "reposts",
        "my_reposts",
    ),
)

# Each counts what is wrong.
FAULTS = {
    "a bucket is not the owner's": """
        SELECT count(*) FROM posts WHERE bucket <> (id >> 6 & 1023) OR bucket <> (author_id >> 6 & 1023)""",
    "account counters differ from rows": """
        SELECT count(*) FROM account_counts c
         WHERE posts <> (SELECT count(*) FROM posts p WHERE p.author_id = c.account_id)
            OR followers <> (SELECT count(*) FROM followers f WHERE f.account_id = c.account_id)
            OR following <> (SELECT count(*) FROM following f WHERE f.account_id = c.account_id)
            OR last_post_id <> coalesce((SELECT max(id) FROM posts p WHERE p.author_id = c.account_id), 0)""",
    "post counters differ from rows": """
        SELECT count(*) FROM posts p LEFT JOIN post_counts c ON c.post_id = p.id
         WHERE coalesce(replies, 0) <> (SELECT count(*) FROM posts r WHERE r.reply_to = p.id)
            OR coalesce(reposts, 0) <> (SELECT count(*) FROM posts r WHERE r.repost_of = p.id)
            OR coalesce(likes, 0) <> (SELECT count(*) FROM likes l WHERE l.post_id = p.id)""",
    "follows are not mirrored": """
        SELECT count(*) FROM following a FULL JOIN followers b
            ON a.account_id = b.follower_id AND a.target_id = b.account_id AND a.id = b.id
         WHERE a.id IS NULL OR b.id IS NULL OR a.account_id = a.target_id
            OR a.bucket <> (a.account_id >> 6 & 1023) OR b.bucket <> (b.account_id >> 6 & 1023)""",
    "likes are not mirrored": """
        SELECT count(*) FROM likes a FULL JOIN my_likes b
            ON a.account_id = b.account_id AND a.post_id = b.post_id AND a.id = b.id
         WHERE a.id IS NULL OR b.id IS NULL OR a.bucket <> (a.post_id >> 6 & 1023)
            OR b.bucket <> (b.account_id >> 6 & 1023) OR a.id >> 16 < a.post_id >> 16""",
    "reposts are not mirrored": """
        SELECT count(*) FROM posts p FULL JOIN reposts a ON a.repost_id = p.id FULL JOIN my_reposts b USING (repost_id)
         WHERE (p.repost_of IS NOT NULL OR a.repost_id IS NOT NULL) AND
               (p.repost_of, p.author_id, a.post_id, a.account_id, b.post_id)
               IS DISTINCT FROM (a.post_id, a.account_id, b.post_id, b.account_id, p.repost_of)""",
    "a reply is not in its thread": """
        SELECT count(*) FROM posts p FULL JOIN thread_posts t ON t.post_id = p.id
         WHERE (p.reply_to IS NOT NULL OR t.post_id IS NOT NULL) AND
               (p.reply_to, p.root_id, p.author_id, p.root_id >> 6 & 1023)
               IS DISTINCT FROM (t.parent_id, t.root_id, t.author_id, t.bucket::bigint)""",
    "a reply's parent is another's, later, closed or of another thread": """
        SELECT count(*) FROM posts p LEFT JOIN posts q ON q.id = p.reply_to
         WHERE p.reply_to IS NOT NULL AND (q.author_id IS DISTINCT FROM p.reply_to_account OR q.id >= p.id
            OR q.visibility > 1 OR q.repost_of IS NOT NULL OR coalesce(q.root_id, q.id) <> p.root_id)""",
    "a repost's original is another's, later or closed": """
        SELECT count(*) FROM posts p LEFT JOIN posts q ON q.id = p.repost_of
         WHERE p.repost_of IS NOT NULL AND (q.author_id IS DISTINCT FROM p.repost_author OR q.id >= p.id
            OR q.visibility > 1 OR q.repost_of IS NOT NULL OR p.text <> '')""",
    "the public lanes are not the public originals": """
        SELECT count(*) FROM (SELECT id, author_id FROM posts
             WHERE visibility = 0 AND repost_of IS NULL AND (reply_to IS NULL OR reply_to_account = author_id)) p
          FULL JOIN public_posts l ON l.post_id = p.id AND l.author_id = p.author_id AND l.bucket = p.id & 15
         WHERE p.id IS NULL OR l.post_id IS NULL""",
    "tags are not found": """
        SELECT count(*) FROM (SELECT p.id, lower(tag) AS tag FROM posts p, unnest(tags) tag WHERE visibility = 0) p
          FULL JOIN tag_posts t ON t.post_id = p.id AND t.tag = p.tag WHERE p.id IS NULL OR t.post_id IS NULL""",
    "a tag's days do not add up": """
        SELECT count(*) FROM (SELECT tag, count(*) AS posts, max(post_id) AS newest FROM tag_posts GROUP BY tag) t
         WHERE posts <> (SELECT sum(uses) FROM tag_days d WHERE d.tag = t.tag)
            OR newest <> (SELECT last_post_id FROM search_tags s WHERE s.tag = t.tag)""",
    "a name is not taken": """
        SELECT count(*) FROM accounts a FULL JOIN directory d ON d.target_id = a.id
         WHERE d.name IS DISTINCT FROM translate(a.username, '01', 'ol') OR d.kind <> 'handle' OR d.state <> 'taken'""",
    "a login is not usable": """
        SELECT count(*) FROM accounts a LEFT JOIN users u ON u.account_id = a.id
         WHERE u.state IS DISTINCT FROM 'active' OR u.password_hash IS NOT NULL OR a.created_ms <> a.id >> 16""",
    "a post is younger than the end or older than its author": """
        SELECT count(*) FROM posts WHERE id >> 16 >= 1767225600000 OR id <= author_id""",
    "somebody would be told of it": "SELECT count(*) FROM outbox",
}


async def hashes(db: Db) -> dict[str, str]:
    async with db.read() as reader:
        return {
            table: await reader.value(
                f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t -- all buckets"
            )
            for table in TABLES
        }


async def test_a_seeded_community_keeps_every_invariant_of_the_services(db: Db, database_url: str) -> None:
    done = await seed(database_url, PLAN)
    async with db.read() as reader:
        faults = {words: await reader.value(f"{sql} -- all buckets") for words, sql in FAULTS.items()}
        counts = await reader.row(
            "SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM following) -- all buckets"
        )
        flags = await reader.values("SELECT DISTINCT flags FROM tag_posts ORDER BY 1 -- all buckets")
    assert {words: count for words, count in faults.items() if count} == {}
    assert counts is not None and tuple(counts) == (1500, 60 * 12)
    assert done["replies"] and done["reposts"] and done["likes"]
    assert flags == [0, REPLY] and rows.REPLY == REPLY


async def test_mentions_and_tags_of_a_row_are_those_of_its_text(db: Db, database_url: str) -> None:
    await seed(database_url, PLAN)
    async with db.read() as reader:
        found = await reader.rows("SELECT text, tags, mentions FROM posts WHERE repost_of IS NULL -- all buckets")
        names = dict(await reader.rows("SELECT id, username FROM accounts -- all buckets"))
    for text, tags, mentions in found:
        entities = find_entities(text)
        assert [tag_key(tag.name) for tag in entities.tags] == [tag_key(tag) for tag in tags]
        assert [mention.username for mention in entities.mentions] == [names[id_] for id_ in mentions]
        assert 30 <= len(text) <= 220


@pytest.fixture
def more_urls(servers: Servers, postgres_kind: str) -> Iterator[tuple[str, str]]:
    with servers.database(postgres_kind, migrated=True) as one, servers.database(postgres_kind, migrated=True) as two:
        yield one, two


async def test_the_same_arguments_give_the_same_rows_and_another_seed_gives_others(
    db: Db, database_url: str, more_urls: tuple[str, str]
) -> None:
    await seed(database_url, PLAN)
    again = await open_db(more_urls[0], ManualClock(NEW_YEAR_2026 + 10**9), size=2)
    await seed(more_urls[0], PLAN)
    other = await open_db(more_urls[1], ManualClock(NEW_YEAR_2026), size=2)
    await seed(more_urls[1], msgspec.structs.replace(PLAN, seed=6))
    assert await hashes(again) == await hashes(db)
    assert (await hashes(other))["posts"] != (await hashes(db))["posts"]
    await again.close()
    await other.close()


async def test_a_community_that_exists_is_added_to_only_when_asked(db: Db, database_url: str) -> None:
    await seed(database_url, PLAN)
    with pytest.raises(CommandFailed, match="--append"):
        await seed(database_url, PLAN)
    done = await seed(database_url, msgspec.structs.replace(PLAN, append=True))
    assert (done["first_account"], done["last_account"]) == ("seed61", "seed120")
    async with db.read() as reader:
        account = await find_by_handle(reader, "seed100")
        assert account is not None
        assert (await load_account_counts(reader, [account.id]))[account.id].following > 0
        faults = {words: await reader.value(f"{sql} -- all buckets") for words, sql in FAULTS.items()}
    assert {words: count for words, count in faults.items() if count} == {}


@pytest.mark.parametrize(("accounts", "posts", "mean"), [(1, 0, 0), (1, 20, 0), (2, 3, 1), (5, 1, 4)])
async def test_the_smallest_communities_can_be_made(database_url: str, accounts: int, posts: int, mean: int) -> None:
    plan = SeedPlan(accounts=accounts, posts=posts, follows_mean=mean, seed=1, end_ms=NEW_YEAR_2026)
    done = await seed(database_url, plan)
    assert (done["accounts"], done["posts"], done["follows"]) == (accounts, posts, accounts * mean)


async def test_the_search_index_is_built_afterwards(db: Db, database_url: str) -> None:
    await seed(database_url, msgspec.structs.replace(PLAN, posts=100))
    await ask_for_build(db)
    await build_if_asked(db)
    assert not await is_build_asked(db)
    async with db.read() as reader:
        indexed = await reader.value("SELECT count(*) FROM search_posts -- all buckets")
        assert indexed == await reader.value("SELECT count(*) FROM posts WHERE repost_of IS NULL -- all buckets")


def test_the_end_is_a_time_with_or_without_a_zone() -> None:
    assert (
        read_end("2026-01-01T00:00Z") == read_end("2026-01-01") == read_end("2026-01-01T09:00+09:00") == NEW_YEAR_2026
    )
    for text in ("yesterday", "1970-01-02"):
        with pytest.raises(CommandFailed):
            read_end(text)
