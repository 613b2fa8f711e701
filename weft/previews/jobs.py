"""What cards follow from: posts with a link get one, edited ones another, deleted ones lose theirs."""

from __future__ import annotations

from collections.abc import Sequence

from weft.infra.blobs import Blobs
from weft.infra.db import Db, Tx
from weft.infra.events import Event
from weft.infra.periodic import Job
from weft.kernel.ids import PostId, bucket_of
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.posts.model import Post
from weft.posts.service import load_posts
from weft.previews.events import CardsChanged, CardWanted
from weft.previews.fetching import Previews
from weft.previews.model import RETRIED_MS, card_id, first_link
from weft.previews.queries import Use, ask_for_cards, sweep_unused, unuse_cards, use_cards
from weft.relationships.model import Visibility

SWEPT_AT_ONCE = 500

__all__ = ["HANDLERS", "Previews", "jobs"]


async def keep_cards(tx: Tx, events: Sequence[Event]) -> None:
    """Give posts the cards of their links, and take cards off posts that have another link now, or none."""
    new = {e.post_id: not e.silent for e in events if isinstance(e, PostCreated) and e.has_link}
    edited = [e.post_id for e in events if isinstance(e, PostEdited) and e.text_changed]
    gone = [e.post_id for e in events if isinstance(e, PostDeleted) and e.repost_of is None]
    had = await unuse_cards(tx, [*edited, *gone]) if edited or gone else {}
    loud = new | {id_: had.get(id_, True) for id_ in edited if id_ not in new}
    shown = await _give(tx, loud) if loud else []
    changed = tuple(dict.fromkeys(PostId(id_) for id_ in (*shown, *(id_ for id_ in edited if id_ in had))))
    if changed:
        tx.signal(CardsChanged(post_ids=changed))


async def _give(tx: Tx, loud: dict[PostId, bool]) -> list[int]:
    """Cards for these posts; those that can be shown at once. ``loud``: whether a post may count as public."""
    posts = await load_posts(tx, list(loud))
    links = {post.id: link for post in posts.values() if not post.deleted and (link := first_link(post.text))}
    if not links:
        return []
    for id_ in sorted(await ask_for_cards(tx, {card_id(link): link for link in links.values()})):
        tx.emit_in(bucket_of(id_), CardWanted(card_id=id_))
    return await use_cards(tx, [_use(posts[id_], link, loud[id_]) for id_, link in links.items()])


def _use(post: Post, link: str, loud: bool) -> Use:
    public = loud and not post.sensitive and Visibility(post.visibility) is Visibility.PUBLIC
    return Use(post.id, post.author_id, public, card_id(link), link)


HANDLERS = tuple((kind, "previews.keep_cards", keep_cards) for kind in (PostCreated, PostEdited, PostDeleted))
"""Event, stable name, handler: for ``wiring``."""


def jobs(blobs: Blobs) -> list[Job]:
    """Cards that no post uses go, and their pictures with them."""

    async def sweep(db: Db) -> None:
        while True:
            async with db.job() as tx:
                pictures = await sweep_unused(tx, tx.now_ms - RETRIED_MS, SWEPT_AT_ONCE)
            await blobs.delete(pictures)
            if len(pictures) < SWEPT_AT_ONCE:
                return

    return [Job("previews.sweep", 3600.0, sweep)]
