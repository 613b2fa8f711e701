"""Following: follow, ask to follow, change what a follow brings, stop following.

A follow is one statement over both ends' buckets, which reads what stands against it and writes where nothing does.
What it reads is as old as its beginning, and it may then have to wait for a block: so every block counts up
``blockings`` of both accounts, and a follow that finds another number once it holds the counter row writes nothing and
is tried again. Counter rows are locked in the order of the accounts, so that two who follow each other at once do not
wait for each other for ever.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from weft.infra.db import Db
from weft.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.events import FollowChanged, Followed, FollowRequested, FollowRequestEnded, Unfollowed
from weft.relationships.model import FollowOptions

_TRIES = 5
_MOST_LANGUAGES = 50
_LANGUAGE = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{2,4})?")

Outcome = Literal["followed", "requested", "kept"]
"""``kept``: it was so already; the options may have changed."""


class _Standing(msgspec.Struct, frozen=True):
    """What lies between two accounts before a follow."""

    locked: bool
    target_state: str
    own_state: str
    blockings: int
    following: bool
    requested: bool
    barred: bool
    done: bool
    """The follow was written."""


FOLLOW = """
WITH standing AS (
    SELECT t.locked, t.state AS target_state, s.state AS own_state, c.blockings,
           EXISTS (SELECT 1 FROM following f WHERE f.bucket = $1 AND f.account_id = $3 AND f.target_id = $4) AS follows,
           EXISTS (SELECT 1 FROM requested r WHERE r.bucket = $1 AND r.account_id = $3 AND r.target_id = $4) AS asked,
           EXISTS (SELECT 1 FROM blocked_by b WHERE b.bucket = $1 AND b.account_id = $3 AND b.blocker_id = $4)
           OR EXISTS (SELECT 1 FROM blocks b WHERE b.bucket = $1 AND b.account_id = $3 AND b.target_id = $4)
           OR EXISTS (SELECT 1 FROM host_blocks h WHERE h.bucket = $1 AND h.account_id = $3 AND h.host = t.host)
           AS barred
      FROM accounts s JOIN account_counts c ON c.bucket = s.bucket AND c.account_id = s.id AND c.slot = 0, accounts t
     WHERE s.bucket = $1 AND s.id = $3 AND t.bucket = $2 AND t.id = $4
), locked AS (
    SELECT account_id FROM account_counts
     WHERE slot = 0 AND (
               (bucket = $1 AND account_id = $3 AND blockings = (SELECT blockings FROM standing))
            OR (bucket = $2 AND account_id = $4)
           )
       AND (SELECT NOT (locked OR follows OR asked OR barred OR own_state = 'limited')
                   AND target_state IN ('active', 'limited') FROM standing)
     ORDER BY account_id FOR NO KEY UPDATE
), mine AS (
    INSERT INTO following (bucket, account_id, target_id, id, reposts, notify, languages)
    SELECT $1, $3, $4, $5, $6, $7, $8 WHERE (SELECT count(*) FROM locked) = 2
    ON CONFLICT DO NOTHING RETURNING id
), theirs AS (
    INSERT INTO followers (bucket, account_id, follower_id, id, notify) SELECT $2, $4, $3, id, $7 FROM mine
), own_count AS (
    UPDATE account_counts SET following = following + 1
     WHERE bucket = $1 AND account_id = $3 AND slot = 0 AND EXISTS (SELECT 1 FROM mine)
), their_count AS (
    UPDATE account_counts SET followers = followers + 1
     WHERE bucket = $2 AND account_id = $4 AND slot = 0 AND EXISTS (SELECT 1 FROM mine)
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $9, $10, $11 FROM mine
)
SELECT locked, target_state, own_state, blockings, follows, asked, barred, EXISTS (SELECT 1 FROM mine) FROM standing
"""


async def follow(db: Db, account_id: AccountId, target_id: AccountId, options: FollowOptions) -> Outcome:
    """Follow an account, or ask to; who follows already changes the options that are given.

    Raises:
        NotFound: there is no such account, or it is gone.
        Forbidden: it is oneself, or one of the two blocks the other.
    """
    check_languages(options.languages)
    if account_id == target_id:
        raise Forbidden("action.forbidden")
    for _ in range(_TRIES):
        standing = await _follow(db, account_id, target_id, options)
        if standing.done:
            return "followed"
        if standing.following:
            await _change(db, account_id, target_id, options)
            return "kept"
        asks = standing.locked or standing.own_state == "limited"
        if standing.requested and asks:
            await _change_request(db, account_id, target_id, options)
            return "kept"
        if standing.requested:
            await withdraw_request(db, account_id, target_id)
        elif asks and await _ask(db, account_id, target_id, options, blockings=standing.blockings):
            return "requested"
    raise Conflict("update.conflict")


async def _follow(db: Db, account_id: AccountId, target_id: AccountId, options: FollowOptions) -> _Standing:
    """Write the follow if nothing stands against it, and say what does.

    Raises:
        NotFound: there is no such account, or it is gone.
        Forbidden: one of the two blocks the other.
    """
    own, theirs = bucket_of(account_id), bucket_of(target_id)
    id_ = db.ids.new(own)
    wanted = options.complete(target_id)
    event = Followed(account_id=account_id, target_id=target_id, id=id_)
    async with db.once(own, theirs) as tx:
        row = await tx.row(
            FOLLOW, own, theirs, account_id, target_id, id_, wanted.reposts, wanted.notify, list(wanted.languages),
            *tx.sealed(event),
        )  # fmt: skip
        if row is None or not row[7]:
            tx.withdraw()
    if row is None or row[1] in ("suspended", "deleted"):
        raise NotFound("record.absent")
    standing = _Standing(*row)
    if standing.barred:
        raise Forbidden("action.forbidden")
    return standing


def check_languages(languages: tuple[str, ...] | None) -> None:
    """Refuse what cannot be a list of language codes."""
    if languages and (len(languages) > _MOST_LANGUAGES or not all(_LANGUAGE.fullmatch(code) for code in languages)):
        raise Invalid("follow.languages", field="languages")


CHANGE = """
WITH mine AS (
    UPDATE following
       SET reposts = coalesce($5, reposts), notify = coalesce($6, notify), languages = coalesce($7, languages)
     WHERE bucket = $1 AND account_id = $3 AND target_id = $4
       AND (reposts, notify, languages)
           IS DISTINCT FROM (coalesce($5, reposts), coalesce($6, notify), coalesce($7::text[], languages))
    RETURNING notify
), theirs AS (
    UPDATE followers f SET notify = mine.notify FROM mine
     WHERE f.bucket = $2 AND f.account_id = $4 AND f.follower_id = $3
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $8, $9, $10 FROM mine
)
SELECT count(*) FROM mine
"""


async def _change(db: Db, account_id: AccountId, target_id: AccountId, options: FollowOptions) -> None:
    if options == FollowOptions():
        return
    own, theirs = bucket_of(account_id), bucket_of(target_id)
    event = FollowChanged(account_id=account_id, target_id=target_id)
    async with db.once(own, theirs) as tx:
        changed = await tx.value(
            CHANGE, own, theirs, account_id, target_id, *_given(options), *tx.sealed(event)
        )  # fmt: skip
        if not changed:
            tx.withdraw()


def _given(options: FollowOptions) -> tuple[bool | None, bool | None, list[str] | None]:
    return options.reposts, options.notify, list(options.languages) if options.languages is not None else None


# ---------------------------------------------------------------------------------------------------- requests

ASK = """
WITH locked AS (
    SELECT account_id FROM account_counts
     WHERE bucket = $1 AND account_id = $3 AND slot = 0 AND blockings = $6 FOR NO KEY UPDATE
), mine AS (
    INSERT INTO requested (bucket, account_id, target_id, id) SELECT $1, $3, $4, $5 FROM locked
    ON CONFLICT DO NOTHING RETURNING id
), theirs AS (
    INSERT INTO follow_requests (bucket, account_id, requester_id, id, reposts, notify, languages)
    SELECT $2, $4, $3, id, $7, $8, $9 FROM mine
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $10, $11, $12 FROM mine
)
SELECT (SELECT count(*) FROM locked), (SELECT count(*) FROM mine)
"""


async def _ask(db: Db, account_id: AccountId, target_id: AccountId, options: FollowOptions, *, blockings: int) -> bool:
    own, theirs = bucket_of(account_id), bucket_of(target_id)
    id_ = db.ids.new(own)
    wanted = options.complete(target_id)
    event = FollowRequested(account_id=account_id, target_id=target_id, id=id_)
    async with db.once(own, theirs) as tx:
        row = await tx.row(
            ASK, own, theirs, account_id, target_id, id_, blockings, wanted.reposts, wanted.notify,
            list(wanted.languages), *tx.sealed(event),
        )  # fmt: skip
        if row is None or not row[1]:
            tx.withdraw()
    return row is not None and row[0] == 1


CHANGE_REQUEST = """
UPDATE follow_requests
   SET reposts = coalesce($4, reposts), notify = coalesce($5, notify), languages = coalesce($6, languages)
 WHERE bucket = $1 AND account_id = $3 AND requester_id = $2
"""


async def _change_request(db: Db, account_id: AccountId, target_id: AccountId, options: FollowOptions) -> None:
    theirs = bucket_of(target_id)
    async with db.once(theirs) as tx:
        await tx.execute(CHANGE_REQUEST, theirs, account_id, target_id, *_given(options))


WITHDRAW = """
WITH mine AS (
    DELETE FROM requested WHERE bucket = $1 AND account_id = $3 AND target_id = $4 RETURNING id
), theirs AS (
    DELETE FROM follow_requests
     WHERE bucket = $2 AND account_id = $4 AND requester_id = $3 AND EXISTS (SELECT 1 FROM mine)
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $5, $6, $7 FROM mine
)
SELECT count(*) FROM mine
"""


async def withdraw_request(db: Db, account_id: AccountId, target_id: AccountId) -> bool:
    """End a request that ``account_id`` made: withdrawn or rejected; False where there is none."""
    own, theirs = bucket_of(account_id), bucket_of(target_id)
    event = FollowRequestEnded(account_id=account_id, target_id=target_id)
    async with db.once(own, theirs) as tx:
        done = await tx.value(WITHDRAW, own, theirs, account_id, target_id, *tx.sealed(event))
        if not done:
            tx.withdraw()
    return bool(done)


ACCEPT = """
WITH locked AS (
    SELECT account_id FROM account_counts
     WHERE slot = 0 AND ((bucket = $1 AND account_id = $3) OR (bucket = $2 AND account_id = $4))
     ORDER BY account_id FOR NO KEY UPDATE
), request AS (
    DELETE FROM follow_requests WHERE bucket = $1 AND account_id = $3 AND requester_id = $4
       AND (SELECT count(*) FROM locked) = 2
    RETURNING reposts, notify, languages
), asked AS (
    DELETE FROM requested WHERE bucket = $2 AND account_id = $4 AND target_id = $3 AND EXISTS (SELECT 1 FROM request)
), theirs AS (
    INSERT INTO following (bucket, account_id, target_id, id, reposts, notify, languages)
    SELECT $2, $4, $3, $5, reposts, notify, languages FROM request ON CONFLICT DO NOTHING RETURNING notify
), mine AS (
    INSERT INTO followers (bucket, account_id, follower_id, id, notify) SELECT $1, $3, $4, $5, notify FROM theirs
), their_count AS (
    UPDATE account_counts SET following = following + 1
     WHERE bucket = $2 AND account_id = $4 AND slot = 0 AND EXISTS (SELECT 1 FROM theirs)
), own_count AS (
    UPDATE account_counts SET followers = followers + 1
     WHERE bucket = $1 AND account_id = $3 AND slot = 0 AND EXISTS (SELECT 1 FROM theirs)
), queued_end AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $6, $7, $8 FROM request
), queued_follow AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $9, $10, $11 FROM theirs
)
SELECT count(*) FROM request
"""


async def accept_request(db: Db, account_id: AccountId, requester_id: AccountId) -> None:
    """Let somebody follow who asked to.

    Raises:
        NotFound: nobody asked, or the request was withdrawn.
    """
    own, theirs = bucket_of(account_id), bucket_of(requester_id)
    id_ = db.ids.new(theirs)
    ended = FollowRequestEnded(account_id=requester_id, target_id=account_id)
    followed = Followed(account_id=requester_id, target_id=account_id, id=id_)
    async with db.once(own, theirs) as tx:
        done = await tx.value(
            ACCEPT, own, theirs, account_id, requester_id, id_, *tx.sealed(ended), *tx.sealed(followed)
        )  # fmt: skip
        if not done:
            tx.withdraw()
    if not done:
        raise NotFound("record.absent")


async def reject_request(db: Db, account_id: AccountId, requester_id: AccountId) -> None:
    """Turn away somebody who asked to follow.

    Raises:
        NotFound: nobody asked, or the request was withdrawn.
    """
    if not await withdraw_request(db, requester_id, account_id):
        raise NotFound("record.absent")


# ---------------------------------------------------------------------------------------------------- ending

UNFOLLOW = """
WITH locked AS (
    SELECT account_id FROM account_counts
     WHERE slot = 0 AND ((bucket = $1 AND account_id = $3) OR (bucket = $2 AND account_id = $4))
     ORDER BY account_id FOR NO KEY UPDATE
), mine AS (
    DELETE FROM following WHERE bucket = $1 AND account_id = $3 AND target_id = $4 AND (SELECT count(*) FROM locked) = 2
    RETURNING id
), theirs AS (
    DELETE FROM followers WHERE bucket = $2 AND account_id = $4 AND follower_id = $3 AND EXISTS (SELECT 1 FROM mine)
), endorsed AS (
    DELETE FROM endorsements WHERE bucket = $1 AND account_id = $3 AND target_id = $4 AND EXISTS (SELECT 1 FROM mine)
), own_count AS (
    UPDATE account_counts SET following = following - 1
     WHERE bucket = $1 AND account_id = $3 AND slot = 0 AND EXISTS (SELECT 1 FROM mine)
), their_count AS (
    UPDATE account_counts SET followers = followers - 1
     WHERE bucket = $2 AND account_id = $4 AND slot = 0 AND EXISTS (SELECT 1 FROM mine)
), queued AS (
    INSERT INTO outbox (bucket, id, kind, payload) SELECT $1, $5, $6, $7 FROM mine
)
SELECT count(*) FROM mine
"""


async def unfollow(db: Db, account_id: AccountId, target_id: AccountId) -> bool:
    """Stop following, or stop asking to; False where there was neither."""
    return await end_follow(db, account_id, target_id) or await withdraw_request(db, account_id, target_id)


async def end_follow(db: Db, account_id: AccountId, target_id: AccountId) -> bool:
    own, theirs = bucket_of(account_id), bucket_of(target_id)
    event = Unfollowed(account_id=account_id, target_id=target_id)
    async with db.once(own, theirs) as tx:
        done = await tx.value(UNFOLLOW, own, theirs, account_id, target_id, *tx.sealed(event))
        if not done:
            tx.withdraw()
    return bool(done)


async def remove_follower(db: Db, account_id: AccountId, follower_id: AccountId) -> bool:
    """Take a follower away; nobody is told, and they may follow again."""
    return await end_follow(db, follower_id, account_id)
