"""Writing a post: gather what it refers to, decide, store it with its event.

``prepare`` reads and refuses; ``create_post`` writes. A plain post is one statement that is its own transaction. A
reply is written in the buckets of its author and of the thread's root; what concerns anyone else (notifications,
public timelines, tags, search) follows from ``PostCreated``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from weft.accounts.model import Account, AccountCounts
from weft.accounts.service import find_local_by_names
from weft.infra.db import Db, Reader, Row, Tx
from weft.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from weft.kernel.ids import AccountId, MediaId, PostId, bucket_of
from weft.kernel.text.clean import clean_line, clean_text
from weft.kernel.text.entities import Entities, find_entities, tag_key
from weft.kernel.text.length import post_length
from weft.media.service import attach_media, require_ready_media
from weft.posts.events import CountsChanged, PostCreated
from weft.posts.model import Draft, PollDraft, Post
from weft.posts.queries import load_posts
from weft.relationships.model import Audience, Facts, Visibility, can_see
from weft.relationships.service import load_facts

MAX_SUMMARY = 500
MAX_MENTIONS = 50
MAX_TAGS = 60
MAX_MEDIA = 4
POLL_OPTIONS = (2, 4)
POLL_OPTION_LENGTH = 50
POLL_SECONDS = (300, 2_629_746)
_TRIES = 5


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that was checked, with everything that was looked up for it."""

    author: Account
    draft: Draft
    mentions: tuple[AccountId, ...] = ()
    tags: tuple[str, ...] = ()
    parent: Post | None = None
    quoted: Post | None = None

    @property
    def root_id(self) -> PostId | None:
        return (self.parent.root_id or self.parent.id) if self.parent is not None else None


class Created(msgspec.Struct, frozen=True):
    post: Post
    counts: AccountCounts | None
    """The author's counters after it; None where an earlier request with the same key had written the post."""


def check_draft(draft: Draft, limit: int, entities: Entities | None = None) -> None:
    """Refuse a draft that no post may be made of."""
    attached = draft.media_ids or draft.poll is not None or draft.quote_of is not None
    if not draft.text.strip() and not attached:
        raise Invalid("post.empty", field="text")
    if post_length(draft.text, entities) + post_length(draft.summary) > limit:
        raise Invalid("post.too_long", field="text", limit=limit)
    if len(draft.media_ids) > MAX_MEDIA:
        raise Invalid("post.too_many_media", limit=MAX_MEDIA)
    if draft.poll is not None:
        check_poll(draft.poll)
        if draft.media_ids:
            raise Invalid("post.poll_with_media", field="media_ids")
    if draft.quote_of is not None and (draft.media_ids or draft.poll is not None):
        raise Invalid("post.quote_with_attachment", field="quoted_status_id")


def check_poll(poll: PollDraft) -> None:
    """Refuse a poll with too few, too many, empty, equal or long options, or an impossible duration."""
    least, most = POLL_OPTIONS
    if not least <= len(poll.options) <= most:
        raise Invalid("poll.option_count", field="options", least=least, most=most)
    if any(not option.strip() for option in poll.options):
        raise Invalid("poll.option_blank", field="options")
    if any(post_length(option) > POLL_OPTION_LENGTH for option in poll.options):
        raise Invalid("poll.option_too_long", field="options", limit=POLL_OPTION_LENGTH)
    if len(set(poll.options)) != len(poll.options):
        raise Invalid("poll.option_twice", field="options")
    shortest, longest = POLL_SECONDS
    if not shortest <= poll.expires_in_s <= longest:
        raise Invalid("poll.duration", field="expires_at", shortest=shortest, longest=longest)


async def prepare(reader: Reader | None, db: Db, author: Account, draft: Draft, limit: int) -> Prepared:
    """Check a draft and look up what it refers to; a plain draft needs no statement at all.

    Raises:
        Invalid: the draft breaks a rule of ``check_draft``, or names media that are not the author's, used or not ready.
        NotFound: the post replied to or quoted does not exist for the author.
        Forbidden: its author does not let this one reply or quote.
    """
    draft = msgspec.structs.replace(
        draft, text=clean_text(draft.text), summary=clean_line(draft.summary, MAX_SUMMARY), sensitive=draft.sensitive or bool(draft.summary.strip()),
    )
    found = find_entities(draft.text)
    check_draft(draft, limit, found)
    tags = tuple({tag_key(tag.name): tag.name for tag in found.tags}.values())[:MAX_TAGS]
    refers = found.mentions or draft.reply_to is not None or draft.quote_of is not None or draft.media_ids or draft.allowed_mentions is not None
    if not refers:
        return Prepared(author=author, draft=draft, tags=tags)
    if reader is not None:
        return await _gather(reader, author, draft, found, tags)
    async with db.read() as opened:
        return await _gather(opened, author, draft, found, tags)


async def _gather(reader: Reader, author: Account, draft: Draft, found: Entities, tags: tuple[str, ...]) -> Prepared:
    mentions = await resolve_mentions(reader, found, author)
    if draft.allowed_mentions is not None:
        unexpected = [id_ for id_ in mentions if id_ not in draft.allowed_mentions]
        if unexpected:
            raise Invalid("post.unexpected_mentions", accounts=unexpected)
    wanted = [id_ for id_ in (draft.reply_to, draft.quote_of) if id_ is not None]
    posts = await load_posts(reader, wanted)
    parent = await _require_parent(reader, posts, draft, author) if draft.reply_to is not None else None
    if parent is not None and parent.repost_of is not None:
        return await _gather(reader, author, msgspec.structs.replace(draft, reply_to=parent.repost_of), found, tags)
    quoted = None
    if draft.quote_of is not None:
        quoted = await _require_quoted(reader, posts.get(draft.quote_of), author, mentions, draft)
        if quoted.repost_of is not None:
            return await _gather(reader, author, msgspec.structs.replace(draft, quote_of=quoted.repost_of), found, tags)
        if quoted.visibility == Visibility.FOLLOWERS and draft.visibility < Visibility.FOLLOWERS:
            draft = msgspec.structs.replace(draft, visibility=Visibility.FOLLOWERS)
    if draft.media_ids:
        await require_ready_media(reader, author.id, draft.media_ids)
    return Prepared(author=author, draft=draft, mentions=mentions, tags=tags, parent=parent, quoted=quoted)


async def resolve_mentions(reader: Reader, found: Entities, author: Account) -> tuple[AccountId, ...]:
    """The accounts that a text names and that exist, each once, in the order of the text."""
    names = list(dict.fromkeys(span.handle for span in found.mentions))[:MAX_MENTIONS]
    if not names:
        return ()
    known: Mapping[str, AccountId] = await find_local_by_names(reader, names)
    return tuple(dict.fromkeys(known[name] for name in names if name in known))


async def _require_parent(reader: Reader, posts: Mapping[int, Post], draft: Draft, author: Account) -> Post:
    assert draft.reply_to is not None
    parent = posts.get(draft.reply_to)
    if parent is None or parent.deleted:
        raise NotFound("record.absent")
    facts = await load_facts(reader, author.id, (parent.author_id,))
    if not can_see(await audience_of(reader, parent), facts):
        raise NotFound("record.absent")
    await require_reply_allowed(reader, parent, author.id)
    return parent


async def audience_of(reader: Reader, post: Post) -> Audience:
    """For whom a stored post is meant, its author's state and, of a repost, the inner post included."""
    gone = await reader.value(AUTHOR_GONE, bucket_of(post.author_id), post.author_id)
    inner = None
    if post.repost_of is not None:
        reposted = (await load_posts(reader, (post.repost_of,))).get(post.repost_of)
        inner = await audience_of(reader, reposted) if reposted is not None else None
        gone = gone or inner is None
    return post.audience(bool(gone), inner)


AUTHOR_GONE = """
SELECT state IN ('suspended', 'deleted') FROM accounts WHERE bucket = $1 AND id = $2
"""

FOLLOWS = """
SELECT 1 FROM following WHERE bucket = $1 AND account_id = $2 AND target_id = $3
"""


async def require_reply_allowed(reader: Reader, parent: Post, author_id: AccountId) -> None:
    """Refuse a reply that the parent's author asked not to get.

    Raises:
        Forbidden: the policy leaves this author out.
    """
    if parent.reply_policy == "everyone" or author_id == parent.author_id or author_id in parent.mentions:
        return
    if parent.reply_policy == "following" and await reader.value(FOLLOWS, bucket_of(parent.author_id), parent.author_id, author_id):
        return
    raise Forbidden("action.forbidden")


async def _require_quoted(reader: Reader, quoted: Post | None, author: Account, mentions: Sequence[AccountId], draft: Draft) -> Post:
    if quoted is None or quoted.deleted:
        raise NotFound("record.absent")
    facts: Facts = await load_facts(reader, author.id, (quoted.author_id,))
    if not can_see(await audience_of(reader, quoted), facts):
        raise NotFound("record.absent")
    if quoted.visibility == Visibility.DIRECT:
        raise Invalid("post.quote_direct", field="quoted_status_id")
    if draft.visibility == Visibility.DIRECT and quoted.author_id != author.id and quoted.author_id not in mentions:
        raise Invalid("post.quote_unmentioned", field="quoted_status_id")
    if quoted.author_id == author.id:
        return quoted
    follows = quoted.author_id in facts.following
    if quoted.visibility == Visibility.FOLLOWERS or quoted.quote_policy == "nobody" or (quoted.quote_policy == "followers" and not follows):
        raise Forbidden("action.forbidden")
    return quoted


# ---------------------------------------------------------------------------------------------------- writing

INSERT_POST = """
WITH counted AS (
    UPDATE account_counts SET posts = posts + 1, last_post_id = $3
     WHERE bucket = $1 AND account_id = $2 AND slot = 0 AND last_post_id < $3
    RETURNING posts, followers, following
), stored AS (
    INSERT INTO posts (bucket, id, author_id, text, summary, visibility, language, sensitive, reply_to, reply_to_account, root_id,
                       quote_of, quote_state, mentions, tags, media_ids, has_poll, reply_policy, quote_policy, app_name, app_website)
    SELECT $1, $3, $2, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21 FROM counted
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $22, $23, $24 FROM counted
)
SELECT posts, followers, following FROM counted
"""

LAST_POST = """
SELECT last_post_id FROM account_counts WHERE bucket = $1 AND account_id = $2 AND slot = 0
"""


async def create_post(db: Db, prepared: Prepared) -> Created:
    """Store a post and announce it; everyone else learns of it from the event.

    Raises:
        Invalid: an attachment was used by another post in the meantime.
    """
    author, draft = prepared.author, prepared.draft
    bucket = bucket_of(author.id)
    post_id = PostId(db.ids.new(bucket))
    alone = not (prepared.parent or draft.media_ids or draft.poll or prepared.quoted or draft.idempotency_key)
    for _ in range(_TRIES):
        post = _post_of(prepared, post_id)
        if alone:
            async with db.once(bucket) as tx:
                row = await _insert(tx, prepared, post)
        else:
            async with _tx(db, prepared) as tx:
                earlier = await _claim_key(tx, prepared, post)
                if earlier is not None:
                    return earlier
                row = await _insert(tx, prepared, post)
                if row is not None:
                    await _insert_parts(tx, prepared, post)
                else:
                    tx.withdraw()
                    await tx.execute(DROP_KEY, bucket, author.id, draft.idempotency_key, post_id)
        if row is not None:
            return Created(post, AccountCounts(row[0], row[1], row[2], post_id))
        post_id = await _later_id(db, author.id, post_id)
    raise Conflict("post.busy")


def _tx(db: Db, prepared: Prepared) -> Tx:
    bucket = bucket_of(prepared.author.id)
    root = prepared.root_id
    return db.edge(bucket, bucket_of(root)) if root is not None else db.tx(bucket)


async def _later_id(db: Db, author_id: AccountId, tried: PostId) -> PostId:
    """An id above the author's last post: another process, or a clock that went back, was ahead of ours."""
    async with db.read() as reader:
        last = await reader.value(LAST_POST, bucket_of(author_id), author_id)
    if last is None:
        raise NotFound("record.absent")
    return PostId(max(tried, last) + (1 << 16))


def _post_of(prepared: Prepared, post_id: PostId) -> Post:
    draft, parent, quoted = prepared.draft, prepared.parent, prepared.quoted
    return Post(
        id=post_id, author_id=prepared.author.id, text=draft.text, summary=draft.summary, visibility=draft.visibility,
        language=draft.language, sensitive=draft.sensitive,
        reply_to=parent.id if parent else None, reply_to_account=parent.author_id if parent else None, root_id=prepared.root_id,
        quote_of=quoted.id if quoted else None, quote_state="accepted" if quoted else "",
        mentions=prepared.mentions, tags=prepared.tags, media_ids=draft.media_ids, has_poll=draft.poll is not None,
        reply_policy=draft.reply_policy, quote_policy=draft.quote_policy, app_name=draft.app_name, app_website=draft.app_website,
    )


async def _insert(tx: Tx, prepared: Prepared, post: Post) -> Row | None:
    event = created_event(post, prepared.parent, prepared.quoted, silent=prepared.author.state == "limited")
    row = await tx.row(
        INSERT_POST, bucket_of(post.id), post.author_id, post.id, post.text, post.summary, post.visibility, post.language, post.sensitive,
        post.reply_to, post.reply_to_account, post.root_id, post.quote_of, post.quote_state, post.mentions, post.tags, post.media_ids,
        post.has_poll, post.reply_policy, post.quote_policy, post.app_name, post.app_website, *tx.sealed(event),
    )
    if row is None:
        tx.withdraw()
    return row


def created_event(post: Post, parent: Post | None, quoted: Post | None, *, silent: bool) -> PostCreated:
    return PostCreated(
        post_id=post.id, author_id=post.author_id, visibility=post.visibility, reply_to=post.reply_to, reply_to_account=post.reply_to_account,
        root_id=post.root_id, quote_of=post.quote_of, quote_author=quoted.author_id if quoted else None, mentions=post.mentions,
        tags=post.tags, language=post.language, has_media=bool(post.media_ids), has_poll=post.has_poll, silent=silent,
    )


CLAIM_KEY = """
INSERT INTO idempotency (bucket, account_id, key, result_id, created_ms) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (bucket, account_id, key) DO UPDATE SET result_id = $4, created_ms = $5 WHERE idempotency.created_ms < $5 - 3600000
RETURNING result_id
"""

EARLIER = """
SELECT result_id FROM idempotency WHERE bucket = $1 AND account_id = $2 AND key = $3
"""

DROP_KEY = """
DELETE FROM idempotency WHERE bucket = $1 AND account_id = $2 AND key = $3 AND result_id = $4
"""


async def _claim_key(tx: Tx, prepared: Prepared, post: Post) -> Created | None:
    """The post that an earlier request with the same key wrote; a concurrent one is waited for."""
    key = prepared.draft.idempotency_key
    if not key:
        return None
    bucket = bucket_of(post.author_id)
    if await tx.value(CLAIM_KEY, bucket, post.author_id, key, post.id, tx.now_ms) is not None:
        return None
    earlier = await tx.value(EARLIER, bucket, post.author_id, key)
    return Created(msgspec.structs.replace(post, id=earlier), None)


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


async def _insert_parts(tx: Tx, prepared: Prepared, post: Post) -> None:
    draft, parent = prepared.draft, prepared.parent
    bucket = bucket_of(post.id)
    if draft.media_ids:
        attached = await attach_media(tx, post.author_id, [MediaId(id_) for id_ in draft.media_ids], post.id)
        if attached != len(set(draft.media_ids)):
            raise Invalid("media.unusable", field="media_ids")
    if draft.poll is not None:
        poll = draft.poll
        await tx.execute(INSERT_POLL, bucket, post.id, list(poll.options), poll.multiple, poll.hide_totals, post.created_ms + poll.expires_in_s * 1000)
    if parent is not None and post.root_id is not None:
        root = bucket_of(post.root_id)
        await tx.execute(INSERT_THREAD, root, post.root_id, post.id, parent.id, post.author_id)
        if parent.id == post.root_id:
            await tx.execute(COUNT_REPLY, root, parent.id)
            tx.signal(CountsChanged(post_id=parent.id))
