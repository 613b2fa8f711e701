"""What people do with a post: like, repost, bookmark, pin, mute its thread. All are idempotent.

A like is one statement over both ends' buckets and a repost one transaction; the repost is a row of ``posts`` in the
reposter's bucket. Every statement locks the account's counters before a post's, so that no two can wait for each other.
"""

from __future__ import annotations

from weft.accounts.model import Account
from weft.infra.db import Db, DuplicateKey
from weft.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from weft.kernel.ids import AccountId, PostId, bucket_of, next_after
from weft.posts.create import LOCK_AUTHOR
from weft.posts.events import CountsChanged, MarksChanged, PostCreated, PostDeleted, PostLiked, PostUnliked
from weft.posts.model import Post
from weft.relationships.model import Visibility

MAX_PINS = 5
_SLOTS = 16
_TRIES = 5

LIKE = """
WITH mine AS (
    INSERT INTO my_likes (bucket, account_id, post_id, id) VALUES ($1, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING id
), theirs AS (
    INSERT INTO likes (bucket, post_id, account_id, id) SELECT $2, $4, $3, id FROM mine
), counted AS (
    INSERT INTO post_counts (bucket, post_id, slot, likes) SELECT $2, $4, $6, 1 FROM mine
    ON CONFLICT (bucket, post_id, slot) DO UPDATE SET likes = post_counts.likes + 1
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $7, $8, $9 FROM mine
)
SELECT id FROM mine
"""


async def like_post(db: Db, account_id: AccountId, post: Post, *, hot: bool = False) -> bool:
    """Like a post the account may see; False when it was liked already. ``hot`` spreads the counter over slots."""
    own, theirs = bucket_of(account_id), bucket_of(post.id)
    like_id = db.ids.new(own)
    event = PostLiked(post_id=post.id, author_id=post.author_id, account_id=account_id, id=like_id)
    async with db.once(own, theirs) as tx:
        done = await tx.value(
            LIKE, own, theirs, account_id, post.id, like_id, _slot(like_id, hot=hot), *tx.sealed(event)
        )
        tx.signal(CountsChanged(post_id=post.id))
        if done is None:
            tx.withdraw()
    return done is not None


def _slot(id_: int, *, hot: bool) -> int:
    return 1 + (id_ >> 16) % (_SLOTS - 1) if hot else 0


UNLIKE = """
WITH mine AS (
    DELETE FROM my_likes WHERE bucket = $1 AND account_id = $3 AND post_id = $4 RETURNING id
), theirs AS (
    DELETE FROM likes WHERE bucket = $2 AND post_id = $4 AND account_id = $3 AND EXISTS (SELECT 1 FROM mine)
), counted AS (
    INSERT INTO post_counts (bucket, post_id, slot, likes) SELECT $2, $4, 0, -1 FROM mine
    ON CONFLICT (bucket, post_id, slot) DO UPDATE SET likes = post_counts.likes - 1
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $5, $6, $7 FROM mine
)
SELECT id FROM mine
"""


async def unlike_post(db: Db, account_id: AccountId, post: Post) -> bool:
    own, theirs = bucket_of(account_id), bucket_of(post.id)
    event = PostUnliked(post_id=post.id, author_id=post.author_id, account_id=account_id)
    async with db.once(own, theirs) as tx:
        done = await tx.value(UNLIKE, own, theirs, account_id, post.id, *tx.sealed(event))
        tx.signal(CountsChanged(post_id=post.id))
        if done is None:
            tx.withdraw()
    return done is not None


# ---------------------------------------------------------------------------------------------------- reposts

REPOST = """
WITH mine AS (
    INSERT INTO my_reposts (bucket, account_id, post_id, repost_id) VALUES ($1, $3, $4, $5)
    ON CONFLICT DO NOTHING RETURNING repost_id
), theirs AS (
    INSERT INTO reposts (bucket, post_id, account_id, repost_id) SELECT $2, $4, $3, repost_id FROM mine
), counted AS (
    INSERT INTO post_counts (bucket, post_id, slot, reposts) SELECT $2, $4, 0, 1 FROM mine
    ON CONFLICT (bucket, post_id, slot) DO UPDATE SET reposts = post_counts.reposts + 1
), author AS (
    UPDATE account_counts SET posts = posts + 1, last_post_id = $5
     WHERE bucket = $1 AND account_id = $3 AND slot = 0 AND EXISTS (SELECT 1 FROM mine)
)
INSERT INTO posts (bucket, id, author_id, text, visibility, repost_of, repost_author)
SELECT $1, $5, $3, '', $6, $4, $7 FROM mine
"""

MY_REPOST = """
SELECT repost_id FROM my_reposts WHERE bucket = $1 AND account_id = $2 AND post_id = $3
"""


async def repost(db: Db, author: Account, post: Post, visibility: Visibility) -> PostId:
    """Repost a post the account may see; the id of the repost, an earlier one if there is one.

    Raises:
        Forbidden: the post is direct, or is for followers and not the reposter's own.
    """
    if post.visibility == Visibility.DIRECT or (
        post.visibility == Visibility.FOLLOWERS and post.author_id != author.id
    ):
        raise Forbidden("action.forbidden")
    visibility = max(visibility, post.visibility) if visibility != Visibility.DIRECT else Visibility.FOLLOWERS
    for _ in range(_TRIES):
        try:
            return await _write_repost(db, author, post, Visibility(visibility))
        except DuplicateKey:
            continue  # another process made the same id for another account
    raise Conflict("post.busy")


async def _write_repost(db: Db, author: Account, post: Post, visibility: Visibility) -> PostId:
    own, theirs = bucket_of(author.id), bucket_of(post.id)
    async with db.edge(own, theirs) as tx:
        last = await tx.value(LOCK_AUTHOR, own, author.id)
        if last is None:
            raise NotFound("record.absent")
        earlier = await tx.value(MY_REPOST, own, author.id, post.id)
        if earlier is not None:
            return PostId(earlier)
        repost_id = PostId(max(tx.ids.new(own), next_after(last)))
        await tx.execute(REPOST, own, theirs, author.id, post.id, repost_id, visibility, post.author_id)
        created = PostCreated(
            post_id=repost_id,
            author_id=author.id,
            visibility=visibility,
            repost_of=post.id,
            repost_author=post.author_id,
            language=post.language,
            has_media=bool(post.media_ids),
            silent=author.state == "limited",
        )
        tx.emit(created)
        tx.signal(CountsChanged(post_id=post.id))
        tx.signal(MarksChanged(post_id=post.id, account_id=author.id))
    return repost_id


UNREPOST = """
WITH mine AS (
    DELETE FROM my_reposts WHERE bucket = $1 AND account_id = $3 AND post_id = $4 RETURNING repost_id
), theirs AS (
    DELETE FROM reposts WHERE bucket = $2 AND post_id = $4 AND account_id = $3 AND EXISTS (SELECT 1 FROM mine)
), counted AS (
    UPDATE post_counts SET reposts = reposts - 1
     WHERE bucket = $2 AND post_id = $4 AND slot = 0 AND EXISTS (SELECT 1 FROM mine)
), author AS (
    UPDATE account_counts SET posts = posts - 1
     WHERE bucket = $1 AND account_id = $3 AND slot = 0 AND EXISTS (SELECT 1 FROM mine)
), gone AS (
    UPDATE posts SET state = 1 WHERE bucket = $1 AND id IN (SELECT repost_id FROM mine) RETURNING id, visibility
)
SELECT mine.repost_id, gone.visibility FROM mine JOIN gone ON gone.id = mine.repost_id
"""


async def unrepost(db: Db, account_id: AccountId, post: Post) -> bool:
    """Take a repost back; False where there is none."""
    own, theirs = bucket_of(account_id), bucket_of(post.id)
    async with db.edge(own, theirs) as tx:
        row = await tx.row(UNREPOST, own, theirs, account_id, post.id)
        if row is None:
            return False
        gone = PostDeleted(
            post_id=row["repost_id"],
            author_id=account_id,
            visibility=row["visibility"],
            repost_of=post.id,
            repost_author=post.author_id,
        )
        tx.emit(gone)
        tx.signal(CountsChanged(post_id=post.id))
        tx.signal(MarksChanged(post_id=post.id, account_id=account_id))
    return True


# ------------------------------------------------------------------------------------------- marks of one's own

BOOKMARK = """
INSERT INTO bookmarks (bucket, account_id, post_id, id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""

UNBOOKMARK = """
DELETE FROM bookmarks WHERE bucket = $1 AND account_id = $2 AND post_id = $3
"""


async def set_bookmark(db: Db, account_id: AccountId, post_id: PostId, *, on: bool) -> None:
    bucket = bucket_of(account_id)
    async with db.once(bucket) as tx:
        if on:
            await tx.execute(BOOKMARK, bucket, account_id, post_id, db.ids.new(bucket))
        else:
            await tx.execute(UNBOOKMARK, bucket, account_id, post_id)
        tx.signal(MarksChanged(post_id=post_id, account_id=account_id))


PINNED = """
SELECT count(*) FROM pins WHERE bucket = $1 AND account_id = $2 AND post_id <> $3
"""

PIN = """
INSERT INTO pins (bucket, account_id, post_id, id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING
"""

UNPIN = """
DELETE FROM pins WHERE bucket = $1 AND account_id = $2 AND post_id = $3
"""


async def set_pin(db: Db, account_id: AccountId, post: Post, *, on: bool) -> None:
    """Pin one's own post to the profile, or take it off.

    Raises:
        Invalid: it is somebody else's, a repost or direct, or as many as may be are pinned already.
    """
    if post.author_id != account_id:
        raise Invalid("post.pin_foreign")
    if post.repost_of is not None or post.visibility == Visibility.DIRECT:
        raise Invalid("post.pin_kind")
    bucket = bucket_of(account_id)
    async with db.tx(bucket) as tx:
        if on:
            await tx.value(LOCK_AUTHOR, bucket, account_id)
            if await tx.value(PINNED, bucket, account_id, post.id) >= MAX_PINS:
                raise Invalid("post.pin_limit", limit=MAX_PINS)
            await tx.execute(PIN, bucket, account_id, post.id, tx.ids.new(bucket))
        else:
            await tx.execute(UNPIN, bucket, account_id, post.id)
        tx.signal(MarksChanged(post_id=post.id, account_id=account_id))


MUTE_THREAD = """
INSERT INTO thread_mutes (bucket, account_id, root_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""

UNMUTE_THREAD = """
DELETE FROM thread_mutes WHERE bucket = $1 AND account_id = $2 AND root_id = $3
"""


async def set_thread_mute(db: Db, account_id: AccountId, post: Post, *, on: bool) -> None:
    """Stop or start hearing of a thread."""
    bucket = bucket_of(account_id)
    async with db.once(bucket) as tx:
        await tx.execute(MUTE_THREAD if on else UNMUTE_THREAD, bucket, account_id, post.root_id or post.id)
        tx.signal(MarksChanged(post_id=post.id, account_id=account_id))
