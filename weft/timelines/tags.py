"""Tags that an account follows or features, and how much a tag is used."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from weft.infra.db import Db, Reader
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of, bucket_of_name, ms_of
from weft.kernel.paging import Page, Paged, page_of_rows
from weft.kernel.text.entities import find_entities, tag_key
from weft.timelines.events import ReadingChanged

MAX_FOLLOWED = 200
MAX_FEATURED = 10
_HISTORY_DAYS = 7
_DAY_MS = 86_400_000
_POSTS_READ = 1000


class NamedTag(msgspec.Struct, frozen=True):
    """A tag that an account follows or features, as it wrote it."""

    id: int
    key: str
    name: str


class TagDay(msgspec.Struct, frozen=True):
    day: int
    """Days since 1970."""
    uses: int = 0
    accounts: int = 0


class TagUse(msgspec.Struct):
    """How an account used a tag in its newest posts."""

    key: str
    name: str
    posts: int
    last_ms: int


def check_tag(text: str) -> tuple[str, str]:
    """``(key, name)`` of a tag, with or without its mark.

    Raises:
        Invalid: no post could hold such a tag.
    """
    name = text.strip().removeprefix("#").removeprefix("＃")
    found = find_entities(f"#{name}").tags
    if len(found) != 1 or found[0].name != name:
        raise Invalid("tag.invalid", field="name")
    return tag_key(name), name


FOLLOW = """
INSERT INTO followed_tags (bucket, account_id, tag, name, id)
SELECT $1, $2, $3, $4, $5
 WHERE (SELECT count(*) FROM followed_tags WHERE bucket = $1 AND account_id = $2 AND tag <> $3) < $6
ON CONFLICT (bucket, account_id, tag) DO UPDATE SET tag = excluded.tag
"""


async def follow_tag(db: Db, account_id: AccountId, text: str) -> str:
    """Read a tag at home from now on; answers its key.

    Raises:
        Invalid: it is no tag, or as many as may be are followed.
    """
    key, name = check_tag(text)
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        if not await tx.execute(FOLLOW, own, account_id, key, name, db.ids.new(own), MAX_FOLLOWED):
            raise Invalid("tag.follow_limit", limit=MAX_FOLLOWED)
        tx.signal(ReadingChanged(account_id=account_id))
    return key


UNFOLLOW = """
DELETE FROM followed_tags WHERE bucket = $1 AND account_id = $2 AND tag = $3
"""


async def unfollow_tag(db: Db, account_id: AccountId, text: str) -> str:
    key, _ = check_tag(text)
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        await tx.execute(UNFOLLOW, own, account_id, key)
        tx.signal(ReadingChanged(account_id=account_id))
    return key


FOLLOWED_DOWN = """
SELECT id, tag, name FROM followed_tags
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id DESC LIMIT $5
"""
FOLLOWED_UP = """
SELECT id, tag, name FROM followed_tags
 WHERE bucket = $1 AND account_id = $2 AND id < $3 AND id > $4 ORDER BY id LIMIT $5
"""


async def followed_tags_page(reader: Reader, account_id: AccountId, page: Page) -> Paged[NamedTag]:
    sql = FOLLOWED_UP if page.upwards else FOLLOWED_DOWN
    rows = await reader.rows(sql, bucket_of(account_id), account_id, page.before, page.after, page.limit)
    if page.upwards:
        rows.reverse()
    return Paged([NamedTag(*row) for row in rows], *page_of_rows([row[0] for row in rows], page))


MARKED = """
SELECT EXISTS (SELECT 1 FROM followed_tags WHERE bucket = $1 AND account_id = $2 AND tag = $3),
       EXISTS (SELECT 1 FROM featured_tags WHERE bucket = $1 AND account_id = $2 AND tag = $3)
"""


async def tag_marks(reader: Reader, account_id: AccountId, key: str) -> tuple[bool, bool]:
    """Whether the account follows the tag, and whether it features it."""
    row = await reader.row(MARKED, bucket_of(account_id), account_id, key)
    assert row is not None
    return row[0], row[1]


# ---------------------------------------------------------------------------------------------------- featured

FEATURE = """
INSERT INTO featured_tags (bucket, account_id, tag, name, id)
SELECT $1, $2, $3, $4, $5
 WHERE (SELECT count(*) FROM featured_tags WHERE bucket = $1 AND account_id = $2 AND tag <> $3) < $6
ON CONFLICT (bucket, account_id, tag) DO UPDATE SET tag = excluded.tag
RETURNING id, tag, name
"""


async def feature_tag(db: Db, account_id: AccountId, text: str) -> NamedTag:
    """Show a tag on one's profile.

    Raises:
        Invalid: it is no tag, or as many as may be are shown.
    """
    key, name = check_tag(text)
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        row = await tx.row(FEATURE, own, account_id, key, name, db.ids.new(own), MAX_FEATURED)
    if row is None:
        raise Invalid("tag.feature_limit", limit=MAX_FEATURED)
    return NamedTag(*row)


UNFEATURE = """
DELETE FROM featured_tags WHERE bucket = $1 AND account_id = $2 AND tag = $3
"""


async def unfeature_tag(db: Db, account_id: AccountId, text: str) -> str:
    key, _ = check_tag(text)
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        await tx.execute(UNFEATURE, own, account_id, key)
    return key


UNFEATURE_ID = """
DELETE FROM featured_tags WHERE bucket = $1 AND account_id = $2 AND id = $3
"""


async def unfeature_by_id(db: Db, account_id: AccountId, id_: int) -> None:
    """Take a featured tag off the profile.

    Raises:
        NotFound: there is none with this id.
    """
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        if not await tx.execute(UNFEATURE_ID, own, account_id, id_):
            raise NotFound("record.absent")


FEATURED = """
SELECT id, tag, name FROM featured_tags WHERE bucket = $1 AND account_id = $2 ORDER BY id
"""


async def load_featured_tags(reader: Reader, account_id: AccountId) -> list[NamedTag]:
    return [NamedTag(*row) for row in await reader.rows(FEATURED, bucket_of(account_id), account_id)]


USED = """
SELECT id, tags FROM (
    SELECT id, tags, visibility, state FROM posts WHERE bucket = $1 AND author_id = $2 ORDER BY id DESC LIMIT $3
) newest WHERE state = 0 AND visibility <= 1 AND tags <> '{}'
"""


async def load_used_tags(reader: Reader, account_id: AccountId) -> dict[str, TagUse]:
    """The tags of the account's newest posts that anyone may see, by key, the last used first."""
    used: dict[str, TagUse] = {}
    for post_id, names in await reader.rows(USED, bucket_of(account_id), account_id, _POSTS_READ):
        for key, name in {tag_key(name): name for name in names}.items():
            use = used.setdefault(key, TagUse(key, name, 0, ms_of(post_id)))
            use.posts += 1
    return used


# ---------------------------------------------------------------------------------------------------- history

HISTORY = """
SELECT d.tag, d.day, sum(d.uses)::int, count(*)::int  -- the tags' own buckets
  FROM unnest($1::smallint[], $2::text[]) AS want (bucket, tag)
  JOIN tag_days d ON d.bucket = want.bucket AND d.tag = want.tag AND d.day > $3
 GROUP BY d.tag, d.day
"""


async def load_tag_history(reader: Reader, keys: Iterable[str], now_ms: int) -> dict[str, Sequence[TagDay]]:
    """Uses of each tag on the last seven days, today first."""
    wanted = list(dict.fromkeys(keys))
    today = now_ms // _DAY_MS
    rows = await reader.rows(HISTORY, [bucket_of_name(key) for key in wanted], wanted, today - _HISTORY_DAYS)
    known = {(row[0], row[1]): TagDay(row[1], row[2], row[3]) for row in rows}
    days = [today - back for back in range(_HISTORY_DAYS)]
    return {key: [known.get((key, day), TagDay(day)) for day in days] for key in wanted}
