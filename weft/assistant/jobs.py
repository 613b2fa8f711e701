"""What follows from events and from the clock: the index of meanings is kept true to what was written."""

from __future__ import annotations

from collections.abc import Sequence

from weft.accounts.events import AccountEdited, AccountStateChanged
from weft.assistant.embedding import embed_waiting
from weft.assistant.events import AssistantAllowed
from weft.assistant.index import Understanding, remove_posts, review_authors, want_posts
from weft.infra.db import Db, Tx
from weft.infra.events import Event
from weft.infra.periodic import Job
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.relationships.model import Visibility

INDEX_EVERY_S = 2.0


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


class Indexing:
    """The job that reads what waits; with no model it only keeps the queue empty."""

    def __init__(self, understanding: Understanding) -> None:
        self._understanding = understanding

    async def run(self, db: Db) -> None:
        await embed_waiting(db, await self._understanding())


def index_jobs(indexing: Indexing) -> list[Job]:
    return [Job("assistant.index", INDEX_EVERY_S, indexing.run)]


HANDLERS = (
    (PostCreated, "assistant.index_posts", index_posts),
    (PostEdited, "assistant.index_posts", index_posts),
    (PostDeleted, "assistant.index_posts", index_posts),
    (AccountEdited, "assistant.index_authors", index_authors),
    (AccountStateChanged, "assistant.index_authors", index_authors),
    (AssistantAllowed, "assistant.index_authors", index_authors),
)
"""Event, stable name, handler: for ``wiring``."""
