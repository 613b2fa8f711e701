"""Reads what a run may learn from: public posts, written here, by people who agreed and may still be read.

Everything is asked anew for every run, of the rows as they are: whoever withdrew, left, was suspended or wants nothing
to do with the assistant is not in it, nor is a post that was deleted or narrowed. Of an edited post the newest text is
read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

import msgspec

from weft.accounts.model import Account
from weft.accounts.service import load_accounts
from weft.assistant.opt_outs import opted_out
from weft.assistant.training.consent import who_agreed
from weft.assistant.training.corpus import (
    SHARE,
    Sample,
    Split,
    capped_for_learning,
    split,
    with_capped_shares,
    without_doubles,
)
from weft.assistant.training.filters import filter_text
from weft.assistant.training.manifest import Counts, Manifest, manifest_of
from weft.infra.db import Db, Reader
from weft.kernel.ids import AccountId, bucket_of, make_id
from weft.posts.model import Post
from weft.posts.service import load_posts
from weft.relationships.model import NOBODY, Visibility, can_see

T = TypeVar("T")

MOST_OF_ONE: Final = 5000
"""Posts of one author that are looked at, the newest."""
_AT_ONCE: Final = 500

NEWEST_OF = """
SELECT id FROM posts  -- posts_author
 WHERE bucket = $1 AND author_id = $2 AND id >= $3 AND id < $4 AND state = 0 AND visibility = 0 AND repost_of IS NULL
 ORDER BY id DESC LIMIT $5
"""


class Window(msgspec.Struct, frozen=True):
    """From when until when posts are read; `until_ms` itself is outside."""

    since_ms: int
    until_ms: int


class Export(msgspec.Struct, frozen=True):
    split: Split
    manifest: Manifest


def may_be_learnt(post: Post, author: Account | None) -> bool:
    """Whether a model may learn from the post, as far as post and account say. Consent comes before."""
    if author is None or author.host or author.kind == "bot" or author.state != "active":
        return False
    if post.repost_of is not None or post.sensitive or post.summary:
        return False
    return post.visibility == Visibility.PUBLIC and can_see(post.audience(author.gone), NOBODY)


async def export(db: Db, window: Window, key: bytes, share: float = SHARE) -> Export:
    """Everything for one run. `key` hides in the manifest whose part is whose.

    Raises:
        Invalid: too little is left to learn from and to measure on.
    """
    left_out: Counter[str] = Counter()
    taken_out: Counter[str] = Counter()
    samples: list[Sample] = []
    async with db.read() as reader:
        agreed = await who_agreed(reader)
    for some in _pieces(agreed):
        async with db.read() as reader:
            for post in await _posts_of(reader, some, window, left_out):
                samples += _sample(post, left_out, taken_out)
    read = len(samples) + left_out.total()
    single = without_doubles(samples)
    capped = with_capped_shares(single, share)
    whole = split(capped)
    parts = capped_for_learning(whole, share)
    left_out["double"], left_out["between"] = len(samples) - len(single), whole.dropped
    left_out["share"] = len(single) - len(capped) + len(whole.train) - len(parts.train)
    counts = Counts(agreed=len(agreed), read=read, left_out=+left_out, taken_out=taken_out, share=share)
    return Export(parts, manifest_of(parts, counts, (window.since_ms, window.until_ms), key))


async def _posts_of(reader: Reader, agreed: Sequence[AccountId], window: Window, left_out: Counter[str]) -> list[Post]:
    """What these accounts wrote and may be learnt."""
    accounts = await load_accounts(reader, agreed)
    out = await opted_out(reader, agreed)
    found: list[Post] = []
    first, last = make_id(window.since_ms, 0), make_id(window.until_ms, 0)
    for id_ in agreed:
        if id_ in out:
            continue
        ids = await reader.values(NEWEST_OF, bucket_of(id_), id_, first, last, MOST_OF_ONE)
        for some in _pieces(ids):
            posts = (await load_posts(reader, some)).values()
            kept = [post for post in posts if may_be_learnt(post, accounts.get(post.author_id))]
            left_out["not public"] += len(posts) - len(kept)
            found += kept
    return found


def _sample(post: Post, left_out: Counter[str], taken_out: Counter[str]) -> Iterator[Sample]:
    filtered = filter_text(post.text)
    taken_out.update(filtered.found)
    if not filtered.text:
        left_out["too short"] += 1
        return
    yield Sample(
        post_id=post.id,
        author_id=post.author_id,
        thread=post.root_id or post.id,
        text=filtered.text,
        language=post.language,
    )


def _pieces(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
