"""Voting, and the end of a poll.

A vote is written at both ends in one transaction. The votes at the poll are the truth; the voter's own copy may lag
behind a reset by the moment that a job takes.
"""

from __future__ import annotations

from collections.abc import Sequence

from weft.infra.db import Db
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.posts.events import PollEnded, PollVoted
from weft.posts.model import Post

LOCK_POLL = """
SELECT counts, multiple, expires_ms FROM polls WHERE bucket = $1 AND post_id = $2 FOR UPDATE
"""

CHOSEN = """
SELECT choice FROM poll_votes WHERE bucket = $1 AND post_id = $2 AND account_id = $3
"""

VOTE = """
WITH theirs AS (
    INSERT INTO poll_votes (bucket, post_id, account_id, choice) SELECT $1, $2, $3, unnest($4::smallint[])
)
UPDATE polls SET counts = $5, voters = voters + $6 WHERE bucket = $1 AND post_id = $2
"""

NOTE_VOTE = """
INSERT INTO my_votes (bucket, account_id, post_id, choices, id) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (bucket, account_id, post_id) DO UPDATE SET choices = $4, id = $5
"""


async def vote(db: Db, account_id: AccountId, post: Post, choices: Sequence[int]) -> None:
    """Vote on the poll of a post the account may see. Where several may be chosen, more may be added later.

    Raises:
        NotFound: the post has no poll.
        Invalid: it is one's own or has ended, a choice does not exist, or the vote was given already.
    """
    if post.author_id == account_id:
        raise Invalid("poll.own")
    own, theirs = bucket_of(account_id), bucket_of(post.id)
    async with db.edge(own, theirs) as tx:
        row = await tx.row(LOCK_POLL, theirs, post.id)
        if row is None:
            raise NotFound("record.absent")
        counts, multiple, expires_ms = list(row[0]), row[1], row[2]
        if expires_ms is not None and expires_ms <= tx.now_ms:
            raise Invalid("poll.ended")
        wanted = _check_choices(choices, len(counts), multiple=multiple)
        before = set(await tx.values(CHOSEN, theirs, post.id, account_id))
        if before and (not multiple or before & wanted):
            raise Invalid("poll.voted")
        for choice in wanted:
            counts[choice] += 1
        await tx.execute(VOTE, theirs, post.id, account_id, sorted(wanted), counts, 0 if before else 1)
        await tx.execute(NOTE_VOTE, own, account_id, post.id, sorted(wanted | before), tx.ids.new(own))
        tx.signal(PollVoted(post_id=post.id, author_id=post.author_id, account_id=account_id))


def _check_choices(choices: Sequence[int], options: int, *, multiple: bool) -> set[int]:
    wanted = set(choices)
    if not wanted or not all(0 <= choice < options for choice in wanted):
        raise Invalid("poll.choice_absent", field="choices")
    if len(wanted) > 1 and not multiple:
        raise Invalid("poll.choice_single", field="choices")
    return wanted


END_POLLS = """
WITH due AS (
    SELECT bucket, post_id FROM polls  -- all buckets: polls_running
     WHERE NOT ended AND expires_ms <= $1 LIMIT 500 FOR UPDATE SKIP LOCKED
), done AS (
    UPDATE polls SET ended = true FROM due
     WHERE polls.bucket = due.bucket AND polls.post_id = due.post_id RETURNING polls.bucket, polls.post_id
)
SELECT p.id, p.author_id FROM done JOIN posts p ON p.bucket = done.bucket AND p.id = done.post_id
"""


async def end_polls(db: Db) -> int:
    """Announce the polls whose time is over, each once; how many there were."""
    async with db.job() as tx:
        rows = await tx.rows(END_POLLS, tx.now_ms)
        for post_id, author_id in rows:
            tx.emit_in(bucket_of(post_id), PollEnded(post_id=post_id, author_id=author_id))
    return len(rows)
