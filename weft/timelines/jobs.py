"""Puts posts where people find them: the public lanes, tags with their days, and conversations.

Handlers of the outbox. Each takes a batch and writes it with one statement per table; running twice changes nothing.
Rings and the in-memory places learn of posts from signals; what is written here is what they are loaded from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from weft.accounts.events import AccountStateChanged
from weft.infra.db import Tx
from weft.infra.events import Event
from weft.kernel.ids import AccountId, PostId, bucket_of, bucket_of_name
from weft.kernel.text.entities import tag_key
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.relationships.events import Unfollowed
from weft.relationships.model import Visibility
from weft.timelines.conversations import forget_conversations, index_conversations
from weft.timelines.disinterest import forget_disinterests
from weft.timelines.events import PlaceIndexed
from weft.timelines.lists import drop_unfollowed
from weft.timelines.rings import flags_of
from weft.timelines.sources import is_original

LANES = 16


class _Place(msgspec.Struct, frozen=True):
    """A post under one tag."""

    name: str
    """The tag as written."""
    author_id: int
    flags: int


async def index_places(tx: Tx, events: Sequence[Event]) -> None:
    """Enter new posts into the public timeline and under their tags; move edited ones, take deleted ones out."""
    await _index_public(tx, events)
    await _index_tags(tx, events)


PLACE_PUBLIC = """
INSERT INTO public_posts (bucket, post_id, author_id, flags)  -- all buckets
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::smallint[])
ON CONFLICT DO NOTHING
"""

REMOVE_PUBLIC = """
DELETE FROM public_posts p USING unnest($1::smallint[], $2::bigint[]) AS gone (bucket, post_id)  -- all buckets
 WHERE p.bucket = gone.bucket AND p.post_id = gone.post_id
"""


async def _index_public(tx: Tx, events: Sequence[Event]) -> None:
    posts = [event for event in events if isinstance(event, PostCreated) and _is_public(event) and is_original(event)]
    if posts:
        ids = [post.post_id for post in posts]
        columns = [post.author_id for post in posts], [flags_of(post) for post in posts]
        await tx.execute(PLACE_PUBLIC, [id_ % LANES for id_ in ids], ids, *columns)
        for post in posts:
            tx.signal(PlaceIndexed(tag="", post_id=post.post_id, author_id=post.author_id, flags=flags_of(post)))
    gone = [event.post_id for event in events if isinstance(event, PostDeleted) and _was_public(event)]
    if gone:
        await tx.execute(REMOVE_PUBLIC, [id_ % LANES for id_ in gone], gone)


def _is_public(event: PostCreated) -> bool:
    return event.visibility == Visibility.PUBLIC and not event.silent and event.repost_of is None


def _was_public(event: PostDeleted) -> bool:
    return event.visibility == Visibility.PUBLIC and event.repost_of is None


# ------------------------------------------------------------------------------------------------ tags

# Sorted, so that two workers that count the same tags take the rows in one order. A tag's use is counted where its
# post is new under it.
PLACE_TAGS = """
WITH given AS (
    SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::smallint[])
        AS given (bucket, tag, name, post_id, author_id, flags)  -- all buckets
), placed AS (
    INSERT INTO tag_posts (bucket, tag, post_id, author_id, flags)
    SELECT bucket, tag, post_id, author_id, flags FROM given
    ON CONFLICT DO NOTHING RETURNING bucket, tag, post_id, author_id
), counted AS (
    INSERT INTO tag_days (bucket, tag, day, account_id, uses)
    SELECT bucket, tag, (post_id >> 16) / 86400000, author_id, count(*) FROM placed
     GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
    ON CONFLICT (bucket, tag, day, account_id) DO UPDATE SET uses = tag_days.uses + excluded.uses
)
INSERT INTO search_tags (bucket, tag, name, last_post_id)
SELECT DISTINCT ON (bucket, tag) bucket, tag, name, post_id FROM given ORDER BY bucket, tag, post_id DESC
ON CONFLICT (bucket, tag) DO UPDATE SET last_post_id = excluded.last_post_id
 WHERE search_tags.last_post_id < excluded.last_post_id
"""

REMOVE_TAGS = """
DELETE FROM tag_posts t
 USING unnest($1::smallint[], $2::text[], $3::bigint[]) AS gone (bucket, tag, post_id)  -- all buckets
 WHERE t.bucket = gone.bucket AND t.tag = gone.tag AND t.post_id = gone.post_id
"""


async def _index_tags(tx: Tx, events: Sequence[Event]) -> None:
    edited = await _edited_places(tx, events)
    places: dict[tuple[str, int], _Place | None] = {}
    for event in events:
        match event:
            case PostCreated() if event.tags and _is_public(event):
                flags = flags_of(event)
                for name in event.tags:
                    places[tag_key(name), event.post_id] = _Place(name, event.author_id, flags)
            case PostEdited() if event.tags != event.old_tags:
                place = edited.get(event.post_id)
                places |= {(tag_key(name), event.post_id): None for name in event.old_tags}
                if place is not None:
                    now = {name: _Place(name, place.author_id, place.flags) for name in event.tags}
                    places |= {(tag_key(name), event.post_id): found for name, found in now.items()}
            case PostDeleted():
                places |= {(tag_key(name), event.post_id): None for name in event.tags}
            case _:
                pass
    await _write_tags(tx, places)


async def _write_tags(tx: Tx, places: dict[tuple[str, int], _Place | None]) -> None:
    """Write what was last said of each tag and post."""
    wanted = [(key, id_, place) for (key, id_), place in places.items() if place is not None]
    if wanted:
        keys, ids, found = zip(*wanted, strict=True)
        names, authors, flags = zip(*((place.name, place.author_id, place.flags) for place in found), strict=True)
        await tx.execute(PLACE_TAGS, _buckets(keys), keys, names, ids, authors, flags)
        for key, id_, place in wanted:
            tx.signal(
                PlaceIndexed(tag=key, post_id=PostId(id_), author_id=AccountId(place.author_id), flags=place.flags)
            )
    gone = [place for place, found_ in places.items() if found_ is None]
    if gone:
        keys, ids = zip(*gone, strict=True)
        await tx.execute(REMOVE_TAGS, _buckets(keys), keys, ids)


def _buckets(keys: Iterable[str]) -> list[int]:
    return [bucket_of_name(key) for key in keys]


# An edit says neither whether it is a reply nor whether its author is limited by now.
EDITED = """
SELECT p.id, p.author_id, (p.reply_to IS NOT NULL)::int + (cardinality(p.media_ids) > 0)::int * 4
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)  -- all buckets
  JOIN posts p ON p.bucket = want.bucket AND p.id = want.id
  JOIN accounts a ON a.bucket = p.bucket AND a.id = p.author_id
 WHERE p.state = 0 AND p.visibility = 0 AND a.state = 'active'
"""


async def _edited_places(tx: Tx, events: Sequence[Event]) -> dict[int, _Place]:
    """Author and flags of the edited posts that tags may show."""
    ids = [event.post_id for event in events if isinstance(event, PostEdited) and event.tags != event.old_tags]
    if not ids:
        return {}
    rows = await tx.rows(EDITED, [bucket_of(id_) for id_ in ids], ids)
    return {row[0]: _Place("", row[1], row[2]) for row in rows}


HANDLERS = (
    (PostCreated, "timelines.index_places", index_places),
    (PostEdited, "timelines.index_places", index_places),
    (PostDeleted, "timelines.index_places", index_places),
    (PostCreated, "timelines.index_conversations", index_conversations),
    (PostEdited, "timelines.index_conversations", index_conversations),
    (PostDeleted, "timelines.index_conversations", index_conversations),
    (AccountStateChanged, "timelines.forget_conversations", forget_conversations),
    (AccountStateChanged, "timelines.forget_disinterests", forget_disinterests),
    (Unfollowed, "timelines.drop_unfollowed", drop_unfollowed),
)
"""Event, stable name, handler: for ``wiring``."""
