"""Conversations: every member's own index of direct posts, and what members do with it.

A conversation is a thread with direct posts in it and has its root's id. The index proposes; whether a member may see
a post is decided where it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from weft.accounts.events import AccountStateChanged
from weft.infra.db import Db, Reader, Row, Tx
from weft.infra.events import Event
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId, PostId, bucket_of
from weft.kernel.paging import Page
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.relationships.model import Visibility
from weft.timelines.events import ConversationChanged


class Conversation(msgspec.Struct, frozen=True):
    """One conversation as one of its members has it."""

    id: int
    last_post_id: PostId
    participants: tuple[AccountId, ...]
    """The other members; empty for somebody who talks to nobody."""
    unread: bool


class _Copy(msgspec.Struct, frozen=True):
    """One direct post in the index of one member."""

    account_id: int
    post_id: int
    conversation_id: int
    author_id: int
    members: tuple[int, ...]


class _Membership(msgspec.Struct):
    """What a batch makes of one member's conversation."""

    last_post_id: int
    unread: bool
    participants: set[int]


# ------------------------------------------------------------------------------------------------ keeping the index


async def index_conversations(tx: Tx, events: Sequence[Event]) -> None:
    """Enter new direct posts, and those that an edit addressed to others, into their members' conversations."""
    copies = [copy for event in events if isinstance(event, PostCreated) for copy in _copies_of(event)]
    copies += await _edited_copies(tx, events)
    if copies:
        await _write(tx, await _without_blocked(tx, copies))
    gone = [event for event in events if isinstance(event, PostDeleted) and event.visibility == Visibility.DIRECT]
    if gone:
        await _remove(tx, gone)


def _copies_of(event: PostCreated) -> list[_Copy]:
    if event.visibility != Visibility.DIRECT or event.repost_of is not None:
        return []
    return _for_members(event.post_id, event.root_id, event.author_id, event.mentions)


def _for_members(post_id: int, root_id: int | None, author_id: int, mentions: Iterable[int]) -> list[_Copy]:
    members = tuple(dict.fromkeys((author_id, *mentions)))
    return [_Copy(member, post_id, root_id or post_id, author_id, members) for member in members]


ROOTS = """
SELECT p.id, p.root_id
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)  -- all buckets
  JOIN posts p ON p.bucket = want.bucket AND p.id = want.id AND p.state = 0
"""


async def _edited_copies(tx: Tx, events: Sequence[Event]) -> list[_Copy]:
    edits = [event for event in events if isinstance(event, PostEdited) and event.visibility == Visibility.DIRECT]
    if not edits:
        return []
    ids = [event.post_id for event in edits]
    roots = {row[0]: row[1] for row in await tx.rows(ROOTS, [bucket_of(id_) for id_ in ids], ids)}
    return [
        copy
        for event in edits
        if event.post_id in roots
        for copy in _for_members(event.post_id, roots[event.post_id], event.author_id, event.mentions)
    ]


BLOCKED = """
SELECT want.account_id, want.other_id
  FROM unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS want (bucket, account_id, other_id)  -- all buckets
 WHERE EXISTS (SELECT 1 FROM blocks b
                WHERE b.bucket = want.bucket AND b.account_id = want.account_id AND b.target_id = want.other_id)
    OR EXISTS (SELECT 1 FROM blocked_by b
                WHERE b.bucket = want.bucket AND b.account_id = want.account_id AND b.blocker_id = want.other_id)
"""


async def _without_blocked(tx: Tx, copies: Sequence[_Copy]) -> list[_Copy]:
    """Leave out members who keep the author away, or whom the author keeps away."""
    pairs = list({(copy.account_id, copy.author_id) for copy in copies if copy.account_id != copy.author_id})
    if not pairs:
        return list(copies)
    members, authors = zip(*pairs, strict=True)
    rows = await tx.rows(BLOCKED, [bucket_of(id_) for id_ in members], members, authors)
    blocked = {(row[0], row[1]) for row in rows}
    return [copy for copy in copies if (copy.account_id, copy.author_id) not in blocked]


INSERT_POSTS = """
INSERT INTO conversation_posts (bucket, account_id, post_id, conversation_id, author_id)  -- all buckets
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
ON CONFLICT DO NOTHING
"""

# A post that came before says nothing new of what is unread.
UPSERT_MEMBERS = """
INSERT INTO conversation_members AS m (bucket, account_id, conversation_id, last_post_id, unread, participants)
SELECT bucket, account_id, conversation_id, last_post_id, unread, participants::bigint[]  -- all buckets
  FROM unnest($1::smallint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::boolean[], $6::text[])
    AS given (bucket, account_id, conversation_id, last_post_id, unread, participants)
 ORDER BY bucket, account_id, conversation_id
ON CONFLICT (bucket, account_id, conversation_id) DO UPDATE SET
    unread = CASE WHEN excluded.last_post_id > m.last_post_id THEN excluded.unread ELSE m.unread END,
    last_post_id = greatest(m.last_post_id, excluded.last_post_id),
    participants = ARRAY(SELECT DISTINCT unnest(m.participants || excluded.participants) ORDER BY 1)
"""


async def _write(tx: Tx, copies: Sequence[_Copy]) -> None:
    if not copies:
        return
    columns = zip(*((c.account_id, c.post_id, c.conversation_id, c.author_id) for c in copies), strict=True)
    await tx.execute(INSERT_POSTS, [bucket_of(copy.account_id) for copy in copies], *columns)
    found: dict[tuple[int, int], _Membership] = {}
    for copy in sorted(copies, key=lambda copy: copy.post_id):
        key = copy.account_id, copy.conversation_id
        membership = found.setdefault(key, _Membership(0, unread=False, participants=set()))
        membership.last_post_id = copy.post_id
        membership.unread = copy.account_id != copy.author_id
        membership.participants |= {id_ for id_ in copy.members if id_ != copy.account_id}
    accounts, conversations = zip(*found, strict=True)
    rest = zip(*((m.last_post_id, m.unread, _as_array(m.participants)) for m in found.values()), strict=True)
    await tx.execute(UPSERT_MEMBERS, [bucket_of(id_) for id_ in accounts], accounts, conversations, *rest)
    for account_id, conversation_id in found:
        tx.signal(ConversationChanged(account_id=AccountId(account_id), conversation_id=conversation_id))


def _as_array(ids: Iterable[int]) -> str:
    """An array as text: ``unnest`` would flatten arrays of arrays."""
    return "{" + ",".join(map(str, sorted(ids))) + "}"


REMOVE_POSTS = """
DELETE FROM conversation_posts c
 USING unnest($1::smallint[], $2::bigint[], $3::bigint[]) AS gone (bucket, account_id, post_id)  -- all buckets
 WHERE c.bucket = gone.bucket AND c.account_id = gone.account_id AND c.post_id = gone.post_id
"""

STEP_BACK = """
WITH newest AS (
    SELECT t.bucket, t.account_id, t.conversation_id,
           (SELECT max(c.post_id) FROM conversation_posts c WHERE c.bucket = t.bucket
               AND c.account_id = t.account_id AND c.conversation_id = t.conversation_id) AS post_id
      FROM unnest($1::smallint[], $2::bigint[], $3::bigint[])
        AS t (bucket, account_id, conversation_id)  -- all buckets
), emptied AS (
    DELETE FROM conversation_members m USING newest n
     WHERE m.bucket = n.bucket AND m.account_id = n.account_id AND m.conversation_id = n.conversation_id
       AND n.post_id IS NULL
)
UPDATE conversation_members m SET last_post_id = n.post_id FROM newest n
 WHERE m.bucket = n.bucket AND m.account_id = n.account_id AND m.conversation_id = n.conversation_id
   AND n.post_id < m.last_post_id
"""


async def _remove(tx: Tx, events: Sequence[PostDeleted]) -> None:
    copies = [
        copy for event in events for copy in _for_members(event.post_id, event.root_id, event.author_id, event.mentions)
    ]
    buckets = [bucket_of(copy.account_id) for copy in copies]
    accounts = [copy.account_id for copy in copies]
    await tx.execute(REMOVE_POSTS, buckets, accounts, [copy.post_id for copy in copies])
    touched = list({(copy.account_id, copy.conversation_id) for copy in copies})
    accounts, conversations = [pair[0] for pair in touched], [pair[1] for pair in touched]
    await tx.execute(STEP_BACK, [bucket_of(id_) for id_ in accounts], accounts, conversations)


FORGET = """
WITH gone AS (
    SELECT * FROM unnest($1::smallint[], $2::bigint[]) AS gone (bucket, account_id)  -- all buckets
), posts AS (
    DELETE FROM conversation_posts c USING gone g WHERE c.bucket = g.bucket AND c.account_id = g.account_id
)
DELETE FROM conversation_members m USING gone g WHERE m.bucket = g.bucket AND m.account_id = g.account_id
"""


async def forget_conversations(tx: Tx, events: Sequence[Event]) -> None:
    """Delete the index of accounts that were deleted; the others' stays."""
    ids = [event.account_id for event in events if isinstance(event, AccountStateChanged) and event.state == "deleted"]
    if ids:
        await tx.execute(FORGET, [bucket_of(id_) for id_ in ids], ids)


# ------------------------------------------------------------------------------------------------ reading and marking

LOAD = """
SELECT conversation_id, last_post_id, participants, unread FROM conversation_members  -- conversation_members_by_post
 WHERE bucket = $1 AND account_id = $2 AND last_post_id < $3 AND last_post_id > $4
 ORDER BY last_post_id DESC LIMIT $5
"""

LOAD_UP = """
SELECT conversation_id, last_post_id, participants, unread FROM conversation_members  -- conversation_members_by_post
 WHERE bucket = $1 AND account_id = $2 AND last_post_id < $3 AND last_post_id > $4
 ORDER BY last_post_id LIMIT $5
"""


async def load_conversations(reader: Reader, account_id: AccountId, page: Page) -> list[Conversation]:
    """A page by last activity, newest first; its cursors are the ids of last posts."""
    statement = LOAD_UP if page.upwards else LOAD
    rows = await reader.rows(statement, bucket_of(account_id), account_id, page.before, page.after, page.limit)
    return [_of_row(row) for row in (reversed(rows) if page.upwards else rows)]


FIND = """
SELECT conversation_id, last_post_id, participants, unread FROM conversation_members
 WHERE bucket = $1 AND account_id = $2 AND conversation_id = $3
"""


async def find_conversation(reader: Reader, account_id: AccountId, conversation_id: int) -> Conversation | None:
    row = await reader.row(FIND, bucket_of(account_id), account_id, conversation_id)
    return _of_row(row) if row is not None else None


WITH_OTHERS = """
SELECT m.conversation_id, m.last_post_id, m.participants, m.unread
  FROM conversation_members m  -- conversation_members_by_post, newest first
 WHERE m.bucket = $1 AND m.account_id = $2 AND m.participants = $3::bigint[]
   AND EXISTS (SELECT 1 FROM conversation_posts c
                WHERE c.bucket = $1 AND c.account_id = $2 AND c.post_id = m.conversation_id)
 ORDER BY m.last_post_id DESC LIMIT 1
"""


async def find_conversation_with(reader: Reader, account_id: AccountId, others: Iterable[int]) -> Conversation | None:
    """The newest conversation of the account with just these others that did not begin under an open post."""
    row = await reader.row(WITH_OTHERS, bucket_of(account_id), account_id, sorted(set(others)))
    return _of_row(row) if row is not None else None


POSTS = """
SELECT post_id FROM conversation_posts  -- conversation_posts_newest
 WHERE bucket = $1 AND account_id = $2 AND conversation_id = $3 AND post_id < $4 AND post_id > $5
 ORDER BY post_id DESC LIMIT $6
"""

POSTS_UP = """
SELECT post_id FROM conversation_posts  -- conversation_posts_newest
 WHERE bucket = $1 AND account_id = $2 AND conversation_id = $3 AND post_id < $4 AND post_id > $5
 ORDER BY post_id LIMIT $6
"""


async def conversation_posts(
    reader: Reader, account_id: AccountId, conversation_id: int, page: Page
) -> list[tuple[int, int]]:
    """``(cursor, post)`` of a page of a conversation as the account has it, the newest first. Both are the post."""
    statement = POSTS_UP if page.upwards else POSTS
    bounds = (page.before, page.after, page.limit)
    ids = await reader.values(statement, bucket_of(account_id), account_id, conversation_id, *bounds)
    return [(id_, id_) for id_ in (reversed(ids) if page.upwards else ids)]


SET_UNREAD = """
UPDATE conversation_members SET unread = $4 WHERE bucket = $1 AND account_id = $2 AND conversation_id = $3
RETURNING conversation_id, last_post_id, participants, unread
"""


UNREAD = """
SELECT count(*) FROM (
    SELECT 1 FROM conversation_members WHERE bucket = $1 AND account_id = $2 AND unread LIMIT 100
) AS news
"""


async def count_unread_conversations(reader: Reader, account_id: AccountId) -> int:
    """In how many an account has news, up to a hundred."""
    return int(await reader.value(UNREAD, bucket_of(account_id), account_id))


async def set_unread(db: Db, account_id: AccountId, conversation_id: int, *, unread: bool) -> Conversation:
    """Mark a conversation as read, or as unread again.

    Raises:
        NotFound: the account has no such conversation.
    """
    async with db.once(bucket_of(account_id)) as tx:
        row = await tx.row(SET_UNREAD, bucket_of(account_id), account_id, conversation_id, unread)
    if row is None:
        raise NotFound("record.absent")
    return _of_row(row)


DROP = """
DELETE FROM conversation_members WHERE bucket = $1 AND account_id = $2 AND conversation_id = $3
"""


async def drop_conversation(db: Db, account_id: AccountId, conversation_id: int) -> None:
    """Take a conversation off one's own list; the posts stay, and the next one brings it back.

    Raises:
        NotFound: the account has no such conversation.
    """
    async with db.once(bucket_of(account_id)) as tx:
        if not await tx.execute(DROP, bucket_of(account_id), account_id, conversation_id):
            raise NotFound("record.absent")


def _of_row(row: Row) -> Conversation:
    return Conversation(row[0], PostId(row[1]), tuple(row[2]), row[3])
