"""What people hear of because something happened: the outbox's handler that turns events into notifications.

One handler takes every kind of event, because what a like brings an unlike takes away, and only their order says which
was last. Whether anybody is told is judged in ``model``, written in ``telling``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weft.accounts.events import AccessEnded, AccountCreated, AccountStateChanged, ReportFiled
from weft.infra.db import Db, Tx
from weft.infra.events import Event
from weft.infra.periodic import Job
from weft.kernel.ids import bucket_of
from weft.notifications.model import Cause
from weft.notifications.push import drop_unheld
from weft.notifications.telling import forget_posts, forget_senders, take_back, tell
from weft.posts.events import PollEnded, PostCreated, PostDeleted, PostEdited, PostLiked, PostUnliked
from weft.relationships.events import Blocked, Followed, FollowRequested, FollowRequestEnded, Unfollowed
from weft.relationships.model import Visibility


async def notify(tx: Tx, events: Sequence[Event]) -> None:
    """Tell people what concerns them, and take back what is no longer so."""
    asked = await _asked_to_hear(tx, events)
    reposters, quoters = await _told_of_edits(tx, events)
    voters = await _voters(tx, events)
    staff = await _staff(tx, events)
    causes: dict[Cause, int] = {}
    for event in events:
        found: Iterable[Cause]
        match event:
            case PostCreated():
                found = _of_post(event, asked.get(event.author_id, ()))
            case PostEdited():
                found = _of_edit(event, reposters.get(event.post_id, ()), quoters.get(event.post_id, ()))
            case PollEnded():
                people = dict.fromkeys((event.author_id, *voters.get(event.post_id, ())))
                found = [Cause(id_, "poll", event.author_id, event.post_id) for id_ in people]
            case AccountCreated():
                found = [Cause(id_, "sign_up", event.account_id) for id_ in staff]
            case ReportFiled():
                found = [Cause(id_, "report", event.account_id) for id_ in staff]
            case _:
                found = _of_edge(event)
        _note(causes, found, _when(event, tx.now_ms))
        _note(causes, _ended_by(event), _OVER)
    await _carry_out(tx, events, causes)


_OVER = 0


def _note(causes: dict[Cause, int], found: Iterable[Cause], when: int) -> None:
    """The last event on a cause decides: when it came to be, or that it is over."""
    for cause in found:
        causes[cause] = when


def _when(event: Event, now_ms: int) -> int:
    """When it happened. A batch is in the order of buckets, and people are told in the order of time."""
    match event:
        case PostCreated():
            return event.post_id >> 16
        case PostLiked() | Followed() | FollowRequested():
            return event.id >> 16
        case _:
            return now_ms


async def _carry_out(tx: Tx, events: Sequence[Event], causes: dict[Cause, int]) -> None:
    await take_back(tx, [cause for cause, when in causes.items() if when == _OVER])
    told = [cause for cause, when in causes.items() if when != _OVER]
    if told:
        await tell(tx, sorted(told, key=causes.__getitem__))
    deleted = [event for event in events if isinstance(event, PostDeleted) and event.repost_of is None]
    await forget_posts(tx, [(event.post_id, event.author_id) for event in deleted])
    await forget_senders(tx, {(e.account_id, e.target_id) for e in events if isinstance(e, Blocked)})


# ------------------------------------------------------------------------------------------------ who is concerned


def _of_post(event: PostCreated, asked: Sequence[int]) -> list[Cause]:
    author, post = event.author_id, event.post_id
    if event.repost_of is not None:
        return [Cause(event.repost_author, "repost", author, event.repost_of)] if event.repost_author else []
    named = dict.fromkeys(event.mentions)
    if event.reply_to_account is not None and event.visibility != Visibility.DIRECT:
        named[event.reply_to_account] = None
    causes = [Cause(id_, "mention", author, post) for id_ in named if id_ != author]
    if event.quote_author is not None and event.quote_author != author:
        causes.append(Cause(event.quote_author, "quote", author, post))
    if _is_news(event):
        causes += [Cause(id_, "post", author, post) for id_ in asked if id_ not in named]
    return causes


def _is_news(event: PostCreated) -> bool:
    """What followers who asked hear of: posts, not reposts, not replies to others, not private ones."""
    starts = event.reply_to is None or event.reply_to_account == event.author_id
    return event.repost_of is None and starts and event.visibility != Visibility.DIRECT


def _of_edit(event: PostEdited, reposters: Sequence[int], quoters: Sequence[tuple[int, int]]) -> list[Cause]:
    """Those who are named now hear of it like those named first; reposters and quoters hear that it changed."""
    author, post = event.author_id, event.post_id
    if not event.text_changed:
        return []
    causes = [Cause(id_, "mention", author, post) for id_ in event.mentions if id_ != author]
    causes += [Cause(id_, "edit", author, post) for id_ in reposters if id_ != author]
    causes += [Cause(id_, "quoted_edit", author, quoting) for quoting, id_ in quoters if id_ != author]
    return causes


def _of_edge(event: Event) -> list[Cause]:
    match event:
        case PostLiked():
            return [Cause(event.author_id, "like", event.account_id, event.post_id)]
        case Followed():
            return [Cause(event.target_id, "follow", event.account_id)]
        case FollowRequested():
            return [Cause(event.target_id, "follow_request", event.account_id)]
        case _:
            return []


def _ended_by(event: Event) -> list[Cause]:
    match event:
        case PostUnliked():
            return [Cause(event.author_id, "like", event.account_id, event.post_id)]
        case PostDeleted() if event.repost_of is not None and event.repost_author is not None:
            return [Cause(event.repost_author, "repost", event.author_id, event.repost_of)]
        case Unfollowed():
            return [Cause(event.target_id, "follow", event.account_id)]
        case FollowRequestEnded():
            return [Cause(event.target_id, "follow_request", event.account_id)]
        case _:
            return []


ASKED = """
SELECT f.account_id, f.follower_id FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, account_id)
  JOIN followers f ON f.bucket = want.bucket AND f.account_id = want.account_id AND f.notify
 -- all buckets: followers_to_notify
"""


async def _asked_to_hear(tx: Tx, events: Sequence[Event]) -> dict[int, list[int]]:
    """By author: followers who asked to be told of every post."""
    authors = list({event.author_id for event in events if isinstance(event, PostCreated) and _is_news(event)})
    return _by_first(await tx.rows(ASKED, [bucket_of(id_) for id_ in authors], authors)) if authors else {}


REPOSTERS = """
SELECT r.post_id, r.account_id FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)  -- all buckets
  JOIN reposts r ON r.bucket = want.bucket AND r.post_id = want.id
"""

QUOTERS = """
SELECT q.quoted_id, q.post_id, q.account_id FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN quotes q ON q.bucket = want.bucket AND q.quoted_id = want.id  -- all buckets
  JOIN posts p ON p.bucket = ((q.post_id >> 6) & 1023)::smallint AND p.id = q.post_id AND p.quote_state = 'accepted'
"""


async def _told_of_edits(
    tx: Tx, events: Sequence[Event]
) -> tuple[dict[int, list[int]], dict[int, list[tuple[int, int]]]]:
    """By post whose text changed: who reposted it, and who quoted it with what."""
    ids = list({event.post_id for event in events if isinstance(event, PostEdited) and event.text_changed})
    if not ids:
        return {}, {}
    buckets = [bucket_of(id_) for id_ in ids]
    quoters: dict[int, list[tuple[int, int]]] = {}
    for quoted, quoting, account in await tx.rows(QUOTERS, buckets, ids):
        quoters.setdefault(quoted, []).append((quoting, account))
    return _by_first(await tx.rows(REPOSTERS, buckets, ids)), quoters


VOTERS = """
SELECT DISTINCT v.post_id, v.account_id FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)  -- all buckets
  JOIN poll_votes v ON v.bucket = want.bucket AND v.post_id = want.id
"""


async def _voters(tx: Tx, events: Sequence[Event]) -> dict[int, list[int]]:
    ids = [event.post_id for event in events if isinstance(event, PollEnded)]
    return _by_first(await tx.rows(VOTERS, [bucket_of(id_) for id_ in ids], ids)) if ids else {}


STAFF = """
SELECT id FROM accounts  -- all buckets: accounts_staff
 WHERE role IN ('owner', 'admin', 'moderator') AND state = 'active'
"""


async def _staff(tx: Tx, events: Sequence[Event]) -> list[int]:
    asked = any(isinstance(event, AccountCreated | ReportFiled) for event in events)
    return await tx.values(STAFF) if asked else []


def _by_first(rows: Iterable[Sequence[int]]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for first, second in rows:
        found.setdefault(first, []).append(second)
    return found


FORGET_ACCOUNTS = """
WITH gone AS (
    SELECT * FROM unnest($1::smallint[], $2::bigint[]) AS gone (bucket, account_id)  -- all buckets
), permissions AS (
    DELETE FROM notification_permissions p USING gone g WHERE p.bucket = g.bucket AND p.account_id = g.account_id
), targets AS (
    DELETE FROM push_targets t USING gone g WHERE t.bucket = g.bucket AND t.account_id = g.account_id
)
DELETE FROM notifications n USING gone g WHERE n.bucket = g.bucket AND n.account_id = g.account_id
"""


async def forget_accounts(tx: Tx, events: Sequence[Event]) -> None:
    """Delete what deleted accounts were told. What others were told of them hides itself when it is read."""
    ids = [event.account_id for event in events if isinstance(event, AccountStateChanged) and event.state == "deleted"]
    if ids:
        await tx.execute(FORGET_ACCOUNTS, [bucket_of(id_) for id_ in ids], ids)


async def end_pushes(tx: Tx, events: Sequence[Event]) -> None:
    """Push no more to what was signed out."""
    accounts = {event.account_id for event in events if isinstance(event, AccessEnded) and event.account_id is not None}
    if accounts:
        await drop_unheld(tx, list(accounts))


async def sweep_pushes(db: Db) -> None:
    """Sessions also end by themselves, and nothing tells of that."""
    async with db.job() as tx:
        await drop_unheld(tx)


_CAUSES: tuple[type[Event], ...] = (
    *(PostCreated, PostEdited, PostDeleted, PostLiked, PostUnliked, PollEnded),
    *(Followed, Unfollowed, FollowRequested, FollowRequestEnded, Blocked, AccountCreated, ReportFiled),
)
HANDLERS = (
    *((kind, "notifications.notify", notify) for kind in _CAUSES),
    (AccountStateChanged, "notifications.forget_accounts", forget_accounts),
    (AccessEnded, "notifications.end_pushes", end_pushes),
)
"""Event, stable name, handler: for ``wiring``."""

JOBS = (Job("notifications.sweep_pushes", 86_400.0, sweep_pushes),)
