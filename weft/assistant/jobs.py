"""What follows from events and from the clock: the index of meanings, and what the judge looks at, are kept true."""

from __future__ import annotations

from collections.abc import Sequence

from weft.accounts.events import AccountEdited, AccountStateChanged
from weft.assistant.account import find_own_id
from weft.assistant.chats import forget_deleted, sweep_chats
from weft.assistant.embedding import embed_waiting
from weft.assistant.events import AnswerWanted, AssistantAllowed, QuotedChanged
from weft.assistant.index import Understanding, remove_posts, review_authors, want_posts
from weft.assistant.judged import forget_authors, forget_judged, want_judging
from weft.assistant.judging import Judging
from weft.assistant.replies import forget_replies, replies_of_authors, replies_of_posts
from weft.assistant.summaries import drop_of_authors, drop_of_posts, sweep_summaries
from weft.assistant.training.consent import end_consents
from weft.infra.db import Db, Reader, Tx
from weft.infra.events import Event
from weft.infra.periodic import Job
from weft.kernel.ids import PostId, bucket_of
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.relationships.events import Blocked, Unblocked
from weft.relationships.model import Visibility

INDEX_EVERY_S = 2.0
FORGET_EVERY_S = 3600.0
WATCH_EVERY_S = 30.0
LEARN_EVERY_S = 1800.0


async def index_posts(tx: Tx, events: Sequence[Event]) -> None:
    """An edited or deleted post leaves the index with the change; a new version is read when there is time."""
    gone = [event.post_id for event in events if isinstance(event, PostEdited | PostDeleted)]
    deleted = {event.post_id for event in events if isinstance(event, PostDeleted)}
    wanted = {
        event.post_id: None
        for event in events
        if isinstance(event, PostCreated | PostEdited) and event.visibility == Visibility.PUBLIC
        if not (isinstance(event, PostCreated) and event.repost_of is not None)
    }
    if gone:
        await remove_posts(tx, gone)
    if kept := [id_ for id_ in wanted if id_ not in deleted]:
        await want_posts(tx, kept)


async def index_authors(tx: Tx, events: Sequence[Event]) -> None:
    """Authors who may be found no more take all their posts out; those who may again bring them back."""
    kinds = (AccountEdited, AccountStateChanged, AssistantAllowed)
    await review_authors(tx, list({event.account_id: None for event in events if isinstance(event, kinds)}))


async def index_blocks(tx: Tx, events: Sequence[Event]) -> None:
    """Whoever blocks the assistant takes their posts out of its index and its summaries, as by opting out."""
    own_id = await find_own_id(tx)
    pairs = [{event.account_id, event.target_id} for event in events if isinstance(event, Blocked | Unblocked)]
    others = list({id_ for pair in pairs if own_id in pair for id_ in pair if id_ != own_id})
    if others:
        await review_authors(tx, others)
        await drop_of_authors(tx, others)
        question(tx, await replies_of_authors(tx, others))


async def judge_posts(tx: Tx, events: Sequence[Event]) -> None:
    """The judge is to look at what is new or changed, and forgets what is gone."""
    gone = [event.post_id for event in events if isinstance(event, PostDeleted)]
    wanted = {
        event.post_id: event.author_id
        for event in events
        if isinstance(event, PostCreated | PostEdited) and event.visibility == Visibility.PUBLIC
        if not (isinstance(event, PostCreated) and event.repost_of is not None)
    }
    if kept := [(id_, author_id) for id_, author_id in wanted.items() if id_ not in set(gone)]:
        await want_judging(tx, kept)
    if gone:
        await forget_judged(tx, gone)


async def judge_authors(tx: Tx, events: Sequence[Event]) -> None:
    """The judge keeps nothing of who is gone, or wants nothing to do with the assistant."""
    gone = [event.account_id for event in events if isinstance(event, AssistantAllowed) and event.out]
    gone += [
        event.account_id
        for event in events
        if isinstance(event, AccountStateChanged) and event.state in ("suspended", "deleted")
    ]
    if gone:
        await forget_authors(tx, gone)


async def drop_summaries(tx: Tx, events: Sequence[Event]) -> None:
    """A summary leaves with any of its posts, and with any author who opted out or is gone."""
    posts = [event.post_id for event in events if isinstance(event, PostEdited | PostDeleted)]
    authors = [event.account_id for event in events if isinstance(event, AssistantAllowed | AccountStateChanged)]
    if posts:
        await drop_of_posts(tx, posts)
    if authors:
        await drop_of_authors(tx, authors)


async def question_replies(tx: Tx, events: Sequence[Event]) -> None:
    """Let an errand look at the assistant's replies that are made of what changed. A reply that is gone is made of
    nothing."""
    gone = [event.post_id for event in events if isinstance(event, PostDeleted)]
    posts = gone + [event.post_id for event in events if isinstance(event, PostEdited) and event.text_changed]
    authors = [event.account_id for event in events if isinstance(event, AssistantAllowed | AccountStateChanged)]
    if gone:
        await forget_replies(tx, gone)
    question(tx, await replies_of_posts(tx, posts) if posts else ())
    question(tx, await replies_of_authors(tx, authors) if authors else ())


def question(tx: Tx, reply_ids: Sequence[PostId]) -> None:
    for reply_id in reply_ids:
        tx.emit_in(bucket_of(reply_id), QuotedChanged(reply_id=reply_id))


async def forget_chats(tx: Tx, events: Sequence[Event]) -> None:
    """A deleted account's chats go with it."""
    await forget_deleted(tx, [event.account_id for event in events if isinstance(event, AccountStateChanged)])


async def call_assistant(tx: Tx, events: Sequence[Event]) -> None:
    """Let an errand look at posts that call the assistant; before it has an account, at those that may do so."""
    created = [event for event in events if isinstance(event, PostCreated) and event.repost_of is None and event.has_at]
    if not created:
        return
    own_id = await find_own_id(tx)
    if own_id is not None:
        called = [event.post_id for event in created if own_id in event.mentions]
    else:
        called = await calling_by_name(tx, [event.post_id for event in created])
    for post_id in called:
        tx.emit_in(bucket_of(post_id), AnswerWanted(post_id=post_id))


CALLING = """
SELECT p.id FROM unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)  -- all buckets: of the events at hand
  JOIN posts p ON p.bucket = given.bucket AND p.id = given.id AND p.text ILIKE '%@assistant%'
"""


async def calling_by_name(reader: Reader, ids: Sequence[int]) -> list[PostId]:
    return [PostId(id_) for id_ in await reader.values(CALLING, [bucket_of(id_) for id_ in ids], list(ids))]


class Indexing:
    """The job that reads what waits; with no model it only keeps the queue empty."""

    def __init__(self, understanding: Understanding) -> None:
        self._understanding = understanding

    async def run(self, db: Db) -> None:
        await embed_waiting(db, await self._understanding())


def index_jobs(indexing: Indexing) -> list[Job]:
    return [Job("assistant.index", INDEX_EVERY_S, indexing.run)]


def judge_jobs(judging: Judging) -> list[Job]:
    return [
        Job("assistant.watch", WATCH_EVERY_S, judging.watch),
        Job("assistant.learn", LEARN_EVERY_S, judging.learn),
    ]


def chat_jobs(keep_days: int) -> list[Job]:
    """Chats in which nothing was said for so many days go, and summaries that nobody asked for in a month."""

    async def forget(db: Db) -> None:
        await sweep_chats(db, keep_days)
        await sweep_summaries(db)

    return [Job("assistant.forget", FORGET_EVERY_S, forget)]


HANDLERS = (
    (PostCreated, "assistant.call_assistant", call_assistant),
    (PostEdited, "assistant.drop_summaries", drop_summaries),
    (PostDeleted, "assistant.drop_summaries", drop_summaries),
    (AccountStateChanged, "assistant.drop_summaries", drop_summaries),
    (PostEdited, "assistant.question_replies", question_replies),
    (PostDeleted, "assistant.question_replies", question_replies),
    (AccountStateChanged, "assistant.question_replies", question_replies),
    (AssistantAllowed, "assistant.question_replies", question_replies),
    (AccountStateChanged, "assistant.end_consents", end_consents),
    (AssistantAllowed, "assistant.drop_summaries", drop_summaries),
    (AccountStateChanged, "assistant.forget_chats", forget_chats),
    (PostCreated, "assistant.index_posts", index_posts),
    (PostEdited, "assistant.index_posts", index_posts),
    (PostDeleted, "assistant.index_posts", index_posts),
    (PostCreated, "assistant.judge_posts", judge_posts),
    (PostEdited, "assistant.judge_posts", judge_posts),
    (PostDeleted, "assistant.judge_posts", judge_posts),
    (AccountStateChanged, "assistant.judge_authors", judge_authors),
    (AssistantAllowed, "assistant.judge_authors", judge_authors),
    (AccountEdited, "assistant.index_authors", index_authors),
    (AccountStateChanged, "assistant.index_authors", index_authors),
    (AssistantAllowed, "assistant.index_authors", index_authors),
    (Blocked, "assistant.index_blocks", index_blocks),
    (Unblocked, "assistant.index_blocks", index_blocks),
)
"""Event, stable name, handler: for ``wiring``."""
