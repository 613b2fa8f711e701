"""Writing a post: one statement, or one transaction over the two ends of a reply, with its event.

A plain post is one statement that is its own transaction. A reply is written in the buckets of its author and of the
thread's root; what concerns anyone else (notifications, public timelines, tags, search) follows from ``PostCreated``.
"""

from __future__ import annotations

import msgspec

from weft.accounts.model import AccountCounts
from weft.infra.db import Db, DuplicateKey, Reader, Tx
from weft.kernel.errors import Conflict, Invalid, NotFound
from weft.kernel.ids import AccountId, PostId, bucket_of, next_after
from weft.media.service import attach_media
from weft.posts.drafting import Prepared
from weft.posts.events import CountsChanged, PostCreated
from weft.posts.model import PollDraft, Post
from weft.posts.queries import load_posts
from weft.relationships.model import Visibility

_TRIES = 5


class Created(msgspec.Struct, frozen=True):
    post: Post
    counts: AccountCounts | None
    """The author's counters after it; None where an earlier request with the same key had written the post."""


class _Taken(Exception):
    """The id is not above the account's last post: undo what was begun and take a later one."""


class _Earlier(Exception):
    """A request with the same key came first."""


INSERT_POST = """
WITH counted AS (
    UPDATE account_counts SET posts = posts + 1, last_post_id = $3
     WHERE bucket = $1 AND account_id = $2 AND slot = 0 AND last_post_id < $3
    RETURNING posts, followers, following
), stored AS (
    INSERT INTO posts (bucket, id, author_id, text, summary, visibility, language, sensitive, reply_to,
                       reply_to_account, root_id, quote_of, quote_state, mentions, tags, media_ids, has_poll,
                       reply_policy, quote_policy, app_name, app_website)
    SELECT $1, $3, $2, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21 FROM counted
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $22, $23, $24 FROM counted
)
SELECT posts, followers, following FROM counted
"""

LOCK_AUTHOR = """
SELECT last_post_id FROM account_counts WHERE bucket = $1 AND account_id = $2 AND slot = 0 FOR UPDATE
"""


async def create_post(db: Db, prepared: Prepared) -> Created:
    """Store a post and announce it; everyone else learns of it from the event.

    Raises:
        Invalid: an attachment was used by another post in the meantime.
        NotFound: an earlier request with the same key wrote a post that is gone.
    """
    author, draft = prepared.author, prepared.draft
    alone = not (prepared.parent or draft.media_ids or draft.poll or draft.idempotency_key or prepared.scheduled_id)
    try:
        # In turn: several posts of one author at once would overtake each other's ids, and each be written twice.
        async with db.turns.of(author.id):
            post_id = PostId(db.ids.new(bucket_of(author.id)))
            try:
                return await (_write_alone if alone else _write)(db, prepared, post_id)
            except (_Taken, DuplicateKey):
                return await _write_later(db, prepared, post_id)
    except _Earlier:
        return Created(await require_earlier(db, author.id, draft.idempotency_key), None)


async def _write_alone(db: Db, prepared: Prepared, post_id: PostId) -> Created:
    async with db.once(bucket_of(post_id)) as tx:
        return await _insert(tx, prepared, _post_of(prepared, post_id))


async def _write(db: Db, prepared: Prepared, post_id: PostId) -> Created:
    async with _tx(db, prepared) as tx:
        return await _insert_all(tx, prepared, _post_of(prepared, post_id))


async def _write_later(db: Db, prepared: Prepared, tried: PostId) -> Created:
    """With an id above the author's last post: another process, or a clock that went back, was ahead of ours."""
    author_id = prepared.author.id
    for _ in range(_TRIES):
        try:
            async with _tx(db, prepared) as tx:
                last = await tx.value(LOCK_AUTHOR, bucket_of(author_id), author_id)
                if last is None:
                    raise NotFound("record.absent")
                tried = PostId(next_after(max(tried, last)))
                return await _insert_all(tx, prepared, _post_of(prepared, tried))
        except DuplicateKey:
            continue
    raise Conflict("post.busy")


def _tx(db: Db, prepared: Prepared) -> Tx:
    bucket, root = bucket_of(prepared.author.id), prepared.root_id
    return db.edge(bucket, bucket_of(root)) if root is not None else db.tx(bucket)


async def _insert_all(tx: Tx, prepared: Prepared, post: Post) -> Created:
    """The author's counters are locked first, by every writer, and the key after them."""
    created = await _insert(tx, prepared, post)
    key = prepared.draft.idempotency_key
    if key and not await claim_key(tx, post.author_id, key, post.id):
        raise _Earlier
    await _insert_parts(tx, prepared, post)
    return created


def _post_of(prepared: Prepared, post_id: PostId) -> Post:
    draft, parent, quoted = prepared.draft, prepared.parent, prepared.quoted
    return Post(
        id=post_id,
        author_id=prepared.author.id,
        text=draft.text,
        summary=draft.summary,
        visibility=draft.visibility,
        language=draft.language,
        sensitive=draft.sensitive,
        reply_to=parent.id if parent else None,
        reply_to_account=parent.author_id if parent else None,
        root_id=prepared.root_id,
        quote_of=quoted.id if quoted else None,
        quote_state="accepted" if quoted else "",
        mentions=prepared.mentions,
        tags=prepared.tags,
        media_ids=draft.media_ids,
        has_poll=draft.poll is not None,
        reply_policy=draft.reply_policy,
        quote_policy=draft.quote_policy,
        app_name=draft.app_name,
        app_website=draft.app_website,
    )


async def _insert(tx: Tx, prepared: Prepared, post: Post) -> Created:
    event = created_event(post, prepared.parent, prepared.quoted, silent=prepared.author.state == "limited")
    row = await tx.row(
        INSERT_POST,
        bucket_of(post.id),
        post.author_id,
        post.id,
        post.text,
        post.summary,
        post.visibility,
        post.language,
        post.sensitive,
        post.reply_to,
        post.reply_to_account,
        post.root_id,
        post.quote_of,
        post.quote_state,
        post.mentions,
        post.tags,
        post.media_ids,
        post.has_poll,
        post.reply_policy,
        post.quote_policy,
        post.app_name,
        post.app_website,
        *tx.sealed(event),
    )
    if row is None:
        raise _Taken
    return Created(post, AccountCounts(row[0], row[1], row[2], post.id))


def created_event(post: Post, parent: Post | None, quoted: Post | None, *, silent: bool) -> PostCreated:
    return PostCreated(
        post_id=post.id,
        author_id=post.author_id,
        visibility=post.visibility,
        reply_to=post.reply_to,
        reply_to_account=post.reply_to_account,
        root_id=post.root_id,
        quote_of=post.quote_of,
        quote_author=quoted.author_id if quoted else None,
        mentions=post.mentions,
        tags=post.tags,
        language=post.language,
        has_media=bool(post.media_ids),
        has_poll=post.has_poll,
        has_link="://" in post.text,
        has_at="@" in post.text,
        silent=silent,
    )


CLAIM_KEY = """
INSERT INTO idempotency (bucket, account_id, key, result_id, created_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (bucket, account_id, key) DO UPDATE SET result_id = $4, created_ms = $5
 WHERE idempotency.created_ms < $5 - 3600000
RETURNING result_id
"""

EARLIER = """
SELECT result_id FROM idempotency WHERE bucket = $1 AND account_id = $2 AND key = $3
"""


async def find_earlier(reader: Reader, account_id: AccountId, key: str) -> int | None:
    """What the account's earlier request with this key made, if there was one within the hour."""
    found: int | None = await reader.value(EARLIER, bucket_of(account_id), account_id, key)
    return found


async def require_earlier(db: Db, account_id: AccountId, key: str) -> Post:
    """The post that an earlier request with the same key wrote."""
    async with db.read() as reader:
        earlier = await find_earlier(reader, account_id, key)
        post = (await load_posts(reader, (earlier,))).get(earlier) if earlier is not None else None
    if post is None or post.deleted:
        raise NotFound("record.absent")
    return post


async def claim_key(tx: Tx, account_id: AccountId, key: str, result_id: int) -> bool:
    """Note what a request with this key makes; False if an earlier one made something. A concurrent one is awaited."""
    bucket = bucket_of(account_id)
    return await tx.value(CLAIM_KEY, bucket, account_id, key, result_id, tx.now_ms) is not None


INSERT_THREAD = """
INSERT INTO thread_posts (bucket, root_id, post_id, parent_id, author_id) VALUES ($1, $2, $3, $4, $5)
"""

COUNT_REPLY = """
INSERT INTO post_counts (bucket, post_id, slot, replies) VALUES ($1, $2, 0, 1)
ON CONFLICT (bucket, post_id, slot) DO UPDATE SET replies = post_counts.replies + 1
"""

INSERT_POLL = """
INSERT INTO polls (bucket, post_id, options, counts, multiple, hide_totals, expires_ms)
VALUES ($1, $2, $3, array_fill(0, ARRAY[cardinality($3::text[])]), $4, $5, $6)
"""


DROP_SCHEDULED = """
DELETE FROM scheduled_posts WHERE bucket = $1 AND id = $2
"""


async def insert_poll(tx: Tx, post_id: PostId, poll: PollDraft) -> None:
    expires_ms = tx.now_ms + poll.expires_in_s * 1000
    options = list(poll.options)
    await tx.execute(INSERT_POLL, bucket_of(post_id), post_id, options, poll.multiple, poll.hide_totals, expires_ms)


async def _insert_parts(tx: Tx, prepared: Prepared, post: Post) -> None:
    draft, parent = prepared.draft, prepared.parent
    bucket = bucket_of(post.id)
    if draft.media_ids and await attach_media(tx, post.author_id, draft.media_ids, post.id) != len(draft.media_ids):
        raise Invalid("media.unusable", field="media_ids")
    if draft.poll is not None:
        await insert_poll(tx, post.id, draft.poll)
    if prepared.scheduled_id and not await tx.execute(DROP_SCHEDULED, bucket, prepared.scheduled_id):
        raise Conflict("update.conflict")  # it was cancelled, or published by another process
    if parent is not None and post.root_id is not None:
        root = bucket_of(post.root_id)
        await tx.execute(INSERT_THREAD, root, post.root_id, post.id, parent.id, post.author_id)
        if parent.id == post.root_id and post.visibility != Visibility.DIRECT:
            await tx.execute(COUNT_REPLY, root, parent.id)
            tx.signal(CountsChanged(post_id=parent.id))
