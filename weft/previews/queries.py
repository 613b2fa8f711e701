"""Rows of cards and of their uses. The id of a card says its bucket, as a post's does."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft.infra.db import Reader, Row, Tx
from weft.kernel.ids import bucket_of
from weft.previews.model import DAY_MS, REFRESHED_MS, RETRIED_MS, Card, Page, Trend

_read_page = msgspec.json.Decoder(Page).decode
_encode = msgspec.json.Encoder().encode

CARDS = """
SELECT p.post_id, c.page::text, c.picture FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN post_cards p ON p.bucket = want.bucket AND p.post_id = want.id
  JOIN cards c ON c.bucket = ((p.card_id >> 6) & 1023)::smallint AND c.id = p.card_id AND c.state = 'ready'
"""


async def load_cards(reader: Reader, post_ids: Sequence[int]) -> dict[int, Card]:
    """The cards of these posts that are ready, by post."""
    if not post_ids:
        return {}
    rows = await reader.rows(CARDS, [bucket_of(id_) for id_ in post_ids], list(post_ids))
    return {row[0]: _card(row[1], row[2]) for row in rows}


def _card(page: str, picture: str) -> Card:
    return Card(_read_page(page), picture)


# ------------------------------------------------------------------------------------------------ asking and using

ASK = """
INSERT INTO cards AS c (bucket, id, url, asked_ms)  -- all buckets
SELECT bucket, id, url, $4 FROM unnest($1::smallint[], $2::bigint[], $3::text[]) AS want (bucket, id, url)
 ORDER BY bucket, id
ON CONFLICT (bucket, id) DO UPDATE SET asked_ms = $4
 WHERE c.url = excluded.url AND c.asked_ms < $4 - CASE c.state WHEN 'failed' THEN $6::bigint ELSE $5::bigint END
RETURNING id
"""


async def ask_for_cards(tx: Tx, cards: dict[int, str]) -> list[int]:
    """Make sure that there are cards of these URLs; which of them have to be fetched, by nobody else meanwhile."""
    ids = list(cards)
    buckets, urls = [bucket_of(id_) for id_ in ids], [cards[id_] for id_ in ids]
    return await tx.values(ASK, buckets, ids, urls, tx.now_ms, REFRESHED_MS, RETRIED_MS)


class Use(msgspec.Struct, frozen=True):
    """A post that has a card. ``public``: it counts for what many people share."""

    post_id: int
    author_id: int
    public: bool
    card_id: int
    url: str


USE = """
WITH want AS (
    SELECT g.bucket, g.post_id, g.author_id, g.public, c.id AS card_id, c.bucket AS card_bucket, c.state
      FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::boolean[], $5::smallint[], $6::bigint[], $7::text[])
           AS g (bucket, post_id, author_id, public, card_bucket, card_id, url)  -- all buckets
      JOIN cards c ON c.bucket = g.card_bucket AND c.id = g.card_id AND c.url = g.url
), mine AS (
    INSERT INTO post_cards (bucket, post_id, card_id) SELECT bucket, post_id, card_id FROM want ORDER BY bucket, post_id
    ON CONFLICT DO NOTHING
), theirs AS (
    INSERT INTO card_posts (bucket, card_id, post_id, author_id, public)
    SELECT card_bucket, card_id, post_id, author_id, public FROM want ORDER BY card_bucket, card_id, post_id
    ON CONFLICT DO NOTHING
)
SELECT post_id FROM want WHERE state = 'ready'
"""


async def use_cards(tx: Tx, uses: Sequence[Use]) -> list[int]:
    """Note which posts have which cards; the posts whose card can be shown at once."""
    rows = [
        (bucket_of(u.post_id), u.post_id, u.author_id, u.public, bucket_of(u.card_id), u.card_id, u.url) for u in uses
    ]
    return await tx.values(USE, *(list(column) for column in zip(*rows, strict=True)))


UNUSE = """
WITH gone AS (
    DELETE FROM post_cards p USING unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)  -- all buckets
     WHERE p.bucket = want.bucket AND p.post_id = want.id RETURNING p.post_id, p.card_id
)
DELETE FROM card_posts u USING gone
 WHERE u.bucket = ((gone.card_id >> 6) & 1023)::smallint AND u.card_id = gone.card_id AND u.post_id = gone.post_id
RETURNING u.post_id, u.public
"""


async def unuse_cards(tx: Tx, post_ids: Sequence[int]) -> dict[int, bool]:
    """Take the cards off these posts: of those that had one, whether they counted as public."""
    rows = await tx.rows(UNUSE, [bucket_of(id_) for id_ in post_ids], list(post_ids))
    return {row[0]: row[1] for row in rows}


# ------------------------------------------------------------------------------------------------ fetching

FIND_URL = """
SELECT url FROM cards WHERE bucket = $1 AND id = $2
"""


async def find_url(reader: Reader, id_: int) -> str | None:
    url: str | None = await reader.value(FIND_URL, bucket_of(id_), id_)
    return url


SHOW = """
UPDATE cards SET state = 'ready', page = $3::text::jsonb, picture = $4
  FROM (SELECT bucket, id, picture FROM cards WHERE bucket = $1 AND id = $2 FOR UPDATE) AS old
 WHERE cards.bucket = old.bucket AND cards.id = old.id RETURNING old.picture
"""


async def show_card(tx: Tx, id_: int, card: Card) -> str | None:
    """Store what was fetched; the picture that it takes the place of, or None where the card is gone."""
    page = _encode(card.page).decode()
    old: str | None = await tx.value(SHOW, bucket_of(id_), id_, page, card.picture)
    return old


# What was fetched once stays when the page is away later.
GIVE_UP = """
UPDATE cards SET state = $3 WHERE bucket = $1 AND id = $2 AND state <> 'ready'
"""


async def give_up(tx: Tx, id_: int, *, failed: bool) -> None:
    """Remember that there is nothing to show: the page failed, or it says nothing."""
    await tx.execute(GIVE_UP, bucket_of(id_), id_, "failed" if failed else "empty")


NEWEST_USES = """
SELECT post_id FROM card_posts WHERE bucket = $1 AND card_id = $2 ORDER BY post_id DESC LIMIT $3
"""


async def newest_uses(reader: Reader, id_: int, limit: int) -> list[int]:
    return await reader.values(NEWEST_USES, bucket_of(id_), id_, limit)


SWEEP = """
DELETE FROM cards c  -- all buckets: a job
 WHERE (c.bucket, c.id) IN (
    SELECT o.bucket, o.id FROM cards o
     WHERE o.asked_ms < $1
       AND NOT EXISTS (SELECT 1 FROM card_posts u WHERE u.bucket = o.bucket AND u.card_id = o.id) LIMIT $2)
   AND NOT EXISTS (SELECT 1 FROM card_posts u WHERE u.bucket = c.bucket AND u.card_id = c.id)
RETURNING picture
"""


async def sweep_unused(tx: Tx, asked_before_ms: int, limit: int) -> list[str]:
    """Delete cards that no post uses; their pictures, empty where one had none."""
    return await tx.values(SWEEP, asked_before_ms, limit)


# ------------------------------------------------------------------------------------------------ trends

TRENDING = """
SELECT u.card_id FROM card_posts u  -- all buckets: card_posts_newest
 WHERE u.public AND u.post_id > $1
 GROUP BY u.card_id HAVING count(DISTINCT u.author_id) >= $2
 ORDER BY count(DISTINCT u.author_id) DESC, count(*) DESC, u.card_id LIMIT $3
"""

TRENDING_CARDS = """
SELECT c.id, c.page::text, c.picture FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)  -- all buckets
  JOIN cards c ON c.bucket = want.bucket AND c.id = want.id AND c.state = 'ready'
"""

DAYS = """
SELECT u.card_id, (u.post_id >> 16) / 86400000 AS day, count(DISTINCT u.author_id), count(*)
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)  -- all buckets
  JOIN card_posts u ON u.bucket = want.bucket AND u.card_id = want.id AND u.public AND u.post_id > $3
 GROUP BY 1, 2
"""

TREND_DAYS, HISTORY_DAYS, LEAST_PEOPLE, KEPT = 3, 7, 2, 100


async def trending_cards(reader: Reader, now_ms: int) -> list[Trend]:
    """Links that most people shared in public posts of the last days; one person alone makes no trend."""
    ids = await reader.values(TRENDING, (now_ms - TREND_DAYS * DAY_MS) << 16, LEAST_PEOPLE, KEPT)
    if not ids:
        return []
    buckets = [bucket_of(id_) for id_ in ids]
    cards = {row[0]: _card(row[1], row[2]) for row in await reader.rows(TRENDING_CARDS, buckets, ids)}
    first_day = now_ms // DAY_MS - HISTORY_DAYS + 1
    days: dict[int, dict[int, tuple[int, int]]] = {}
    for row in await reader.rows(DAYS, buckets, ids, first_day * DAY_MS << 16):
        _note_day(days, row)
    return [Trend(cards[id_], days.get(id_, {})) for id_ in ids if id_ in cards]


def _note_day(days: dict[int, dict[int, tuple[int, int]]], row: Row) -> None:
    days.setdefault(row[0], {})[row[1]] = row[2], row[3]
