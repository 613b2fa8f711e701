"""Which posts may enter a prompt or an answer: what the asker may see, and everybody else who reads the answer too.

An answer has one of two audiences, the asker alone or everybody; there is none in between. A reply to a post for
followers or for a few goes to its author alone, because those who read the assistant are not those who read the author.

For the asker alone: ``can_see`` for the asker. For everybody: besides, ``can_see`` for nobody in particular, and no
block between the author and anyone at all, since whoever is on the other side of it reads the answer, too; nor anything
of an author whom the staff limited to those who follow; and in a listed answer nothing that is unlisted. For both:
nothing of an author who is gone, who opted out, who is muted by the asker, or between whom and the assistant a block
stands; nothing of the assistant itself; nothing at all for an asker who opted out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterable, Sequence
from typing import Final

import msgspec

from weft.accounts.model import Account
from weft.accounts.service import load_accounts
from weft.assistant.account import find_own_id
from weft.assistant.extract import Source
from weft.assistant.opt_outs import opted_out
from weft.infra.db import Db, Reader
from weft.kernel.ids import AccountId, bucket_of
from weft.kernel.text.entities import find_urls
from weft.posts.model import Post
from weft.posts.service import load_posts
from weft.relationships.model import NOBODY, Bounds, Facts, Visibility, can_see
from weft.relationships.service import load_bounds, load_facts

_KEY: Final = object()
_QUOTING: Final = frozenset('“”„"«»「」『』—')

OwnId = Callable[[], Awaitable[AccountId | None]]
"""The assistant's account; None before it was first used."""


class Readers(msgspec.Struct, frozen=True):
    """Who reads an answer: whoever asks, and with ``everybody`` everybody else; ``listed`` in public lists, too."""

    asker_id: AccountId
    everybody: bool = False
    listed: bool = False

    @property
    def key(self) -> str:
        return "everybody" if self.everybody else str(self.asker_id)


class Visible(msgspec.Struct, frozen=True, kw_only=True):
    """A post as it may be read by all readers, at the moment of the check."""

    post_id: int
    version: int
    author_id: AccountId
    handle: str
    name: str
    text: str
    url: str
    language: str = ""
    tags: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        return Source(self.post_id, self.url, self.text, self.language)


class Admitted:
    """Posts that were checked for these readers. Only ``Context`` makes them, so nothing unchecked is one."""

    def __init__(self, key: object, readers: Readers, posts: Sequence[Visible]) -> None:
        if key is not _KEY:
            raise TypeError("only a Context admits posts")
        self.readers = readers
        self.posts = tuple(posts)

    def first(self, count: int) -> Admitted:
        return Admitted(_KEY, self.readers, self.posts[:count])

    def only(self, ids: Container[int]) -> Admitted:
        return Admitted(_KEY, self.readers, [post for post in self.posts if post.post_id in ids])

    def find(self, post_id: int) -> Visible | None:
        return next((post for post in self.posts if post.post_id == post_id), None)


class Known(msgspec.Struct):
    """Everything about the readers and the authors at hand that a check asks."""

    facts: Facts
    bounds: Bounds
    authors: dict[AccountId, Account]
    refused: frozenset[int]
    now_ms: int


class Context:
    """Checks posts for readers, at the time of asking and never from memory."""

    def __init__(self, db: Db, url: str, own_id: OwnId) -> None:
        self._db = db
        self.url = url
        self._own_id = own_id

    async def own_id(self) -> AccountId | None:
        """The assistant's account, once it has one."""
        return await self._own_id()

    async def admit(self, readers: Readers, ids: Iterable[int]) -> Admitted:
        """Those of the posts that may be used for these readers, in their order."""
        wanted = list(dict.fromkeys(ids))
        own_id = await self._own_id()
        async with self._db.read() as reader:
            posts = await load_posts(reader, wanted)
            author_ids = {post.author_id for post in posts.values()}
            known = await self._know(reader, readers, author_ids, own_id)
        shown = [posts[id_] for id_ in wanted if id_ in posts]
        kept = [self._shape(post, known) for post in shown if _is_admitted(post, readers, known)]
        return Admitted(_KEY, readers, kept)

    async def still(self, admitted: Admitted) -> Admitted:
        """The same check once more, now: without what changed, or may not be seen any more."""
        now = await self.admit(admitted.readers, [post.post_id for post in admitted.posts])
        versions = {post.post_id: post.version for post in admitted.posts}
        kept = [post for post in now.posts if post.version == versions[post.post_id]]
        return Admitted(_KEY, admitted.readers, kept)

    async def is_for_everybody(self, admitted: Admitted) -> bool:
        """Whether everybody may read what these posts were checked for: then what is made of them is shared."""
        if admitted.readers.everybody:
            return True
        readers = Readers(admitted.readers.asker_id, everybody=True)
        common = await self.admit(readers, [post.post_id for post in admitted.posts])
        return len(common.posts) == len(admitted.posts)

    async def _know(
        self, reader: Reader, readers: Readers, author_ids: set[AccountId], own_id: AccountId | None
    ) -> Known:
        ids = list(author_ids)
        refused = set(await opted_out(reader, [*ids, readers.asker_id]))
        if readers.asker_id in refused:
            refused.update(ids)
        if own_id is not None:
            refused.add(own_id)
            refused.update(await at_odds(reader, own_id, ids))
        if readers.everybody:
            refused.update(await bounded(reader, [id_ for id_ in ids if id_ not in refused]))
        return Known(
            facts=await load_facts(reader, readers.asker_id, ids),
            bounds=await load_bounds(reader, readers.asker_id),
            authors=await load_accounts(reader, ids),
            refused=frozenset(refused),
            now_ms=self._db.clock.now_ms(),
        )

    def _shape(self, post: Post, known: Known) -> Visible:
        author = known.authors[post.author_id]
        return Visible(
            post_id=post.id,
            version=post.version,
            author_id=author.id,
            handle=author.handle,
            name=name_of(author),
            text="\n".join(part for part in (post.summary, post.text) if part),
            url=f"{self.url}/@{author.handle}/{post.id}",
            language=post.language,
            tags=post.tags,
        )


def _is_admitted(post: Post, readers: Readers, known: Known) -> bool:
    author = known.authors.get(post.author_id)
    if author is None or author.id in known.refused or post.repost_of is not None or post.hidden:
        return False
    audience = post.audience(author.gone)
    if not can_see(audience, known.facts) or not _is_wished(author, known):
        return False
    if not readers.everybody:
        return True
    if author.state == "limited" or (readers.listed and post.visibility != Visibility.PUBLIC):
        return False
    # What stands behind a warning is not carried out from behind it.
    return can_see(audience, NOBODY) and not post.summary and not post.sensitive


def name_of(author: Account) -> str:
    """As what an author is shown beside a quote. An address in a name would stand in the assistant's post, and marks
    of quotation would tell of words that nobody said.
    """
    name = author.display_name
    return author.username if not name or find_urls(name) or not _QUOTING.isdisjoint(name) else name


def _is_wished(author: Account, known: Known) -> bool:
    """Muting is a wish and no right, but whoever mutes somebody wants no summary of them either."""
    mute = known.bounds.muting.get(author.id)
    muted = mute is not None and (mute.until_ms is None or mute.until_ms > known.now_ms)
    return not muted and author.host not in known.bounds.hosts


BOUNDED = """
SELECT want.id FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
 WHERE EXISTS (SELECT 1 FROM blocks b WHERE b.bucket = want.bucket AND b.account_id = want.id)
    OR EXISTS (SELECT 1 FROM blocked_by b WHERE b.bucket = want.bucket AND b.account_id = want.id)
"""


async def bounded(reader: Reader, ids: Sequence[int]) -> frozenset[int]:
    """Those of the accounts that block anybody, or that anybody blocks."""
    if not ids:
        return frozenset()
    return frozenset(await reader.values(BOUNDED, [bucket_of(id_) for id_ in ids], list(ids)))


async def at_odds(reader: Reader, account_id: AccountId, ids: Sequence[int]) -> frozenset[int]:
    """Those of the accounts between whom and this one a block stands."""
    facts = await load_facts(reader, account_id, ids)
    return frozenset(id_ for id_ in ids if id_ in facts.blocking or id_ in facts.blocked_by)


async def unwilling(reader: Reader, ids: Sequence[int]) -> frozenset[int]:
    """Those of the accounts whose posts no model may be given: who opted out, or is at odds with the assistant."""
    own_id = await find_own_id(reader)
    return await opted_out(reader, ids) | (await at_odds(reader, own_id, ids) if own_id is not None else frozenset())
