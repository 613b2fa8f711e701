"""Loads, keeps and joins what the client API shows of posts and accounts.

``Presenter.load`` brings entries up to date in sets; ``visible`` asks ``can_see``; ``join`` writes a status for one
viewer into a list of byte pieces. What events make stale is in ``listen``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from weft.accounts.events import AccountEdited, AccountStateChanged
from weft.accounts.model import Account, AccountCounts
from weft.accounts.service import load_account_counts, load_accounts
from weft.infra.db import Db, Reader
from weft.infra.signals import Signals
from weft.kernel.clock import Clock
from weft.kernel.errors import NotFound
from weft.mastodon import shapes
from weft.mastodon.addresses import Addresses
from weft.mastodon.entities import CustomEmoji
from weft.mastodon.fragments import FRESH, RECOUNT, UNKNOWN, AccountEntry, PostEntry, Shelf
from weft.mastodon.shapes import Shaper
from weft.media.events import MediaChanged
from weft.media.service import load_media
from weft.posts.events import (
    CountsChanged,
    PollEnded,
    PollVoted,
    PostCreated,
    PostDeleted,
    PostEdited,
    QuoteStateChanged,
    ReplyHidden,
)
from weft.posts.model import Post, PostCounts
from weft.posts.service import load_counts, load_marks, load_polls, load_posts, load_votes
from weft.previews.events import CardsChanged
from weft.previews.service import load_cards
from weft.relationships.events import Followed, Unfollowed
from weft.relationships.model import can_see
from weft.relationships.service import followers_among
from weft.settings import Settings
from weft.timelines.model import Viewer

_MARKS_KEPT = 4000
_DEPTH = 3
"""How deep a status reaches: a repost shows a post, which shows what it quotes, which names what that quotes."""


class Presenter:
    """One per worker. Nothing here decides who may see what; it asks."""

    def __init__(self, db: Db, settings: Settings, clock: Clock) -> None:
        limit = settings.memory_mb << 20
        self._db = db
        self._clock = clock
        self.addresses = Addresses(settings)
        self._accounts = Shelf(AccountEntry, limit // 4)
        self._posts = Shelf(PostEntry, limit - limit // 4)
        self._emojis: dict[str, CustomEmoji] = {}
        self._shaper = Shaper(self.addresses, self._emojis)

    # ------------------------------------------------------------------ staying true

    def listen(self, signals: Signals) -> None:
        """Let events make entries stale."""
        accounts, posts = self._accounts, self._posts
        signals.on(AccountEdited, lambda event: accounts.spoil((event.account_id,)))
        signals.on(AccountStateChanged, self._account_state_changed)
        signals.on(Followed, lambda event: accounts.spoil((event.account_id, event.target_id)))
        signals.on(Unfollowed, lambda event: accounts.spoil((event.account_id, event.target_id)))
        signals.on(PostCreated, self._author_counted)
        signals.on(PostEdited, lambda event: posts.spoil((event.post_id,)))
        signals.on(PostDeleted, self._post_deleted)
        signals.on(CountsChanged, self._counts_changed)
        signals.on(MediaChanged, lambda event: posts.spoil((event.post_id,)))
        signals.on(PollVoted, lambda event: posts.spoil((event.post_id,)))
        signals.on(PollEnded, lambda event: posts.spoil((event.post_id,)))
        signals.on(ReplyHidden, lambda event: posts.spoil((event.post_id,)))
        signals.on(CardsChanged, lambda event: posts.spoil(event.post_ids))
        signals.on(QuoteStateChanged, lambda event: posts.spoil((event.post_id, event.quoted_id)))
        signals.on_reset(self.forget_all)

    def _counts_changed(self, event: CountsChanged) -> None:
        entry = self._posts.get(event.post_id)
        if entry is not None:
            entry.recount()

    def _author_counted(self, event: PostCreated) -> None:
        entry = self._accounts.get(event.author_id)
        if entry is not None:
            entry.recount(event.post_id)

    def _post_deleted(self, event: PostDeleted) -> None:
        self._posts.spoil((event.post_id,))
        self._accounts.spoil((event.author_id,))

    def _account_state_changed(self, event: AccountStateChanged) -> None:
        self._accounts.spoil((event.account_id,))
        self._posts.clear()  # audiences hold whether the author is gone; rare enough to start over

    def forget_all(self) -> None:
        self._accounts.clear()
        self._posts.clear()

    # ------------------------------------------------------------------ loading

    async def load(self, ids: Sequence[int]) -> list[PostEntry]:
        """Entries of the posts that exist, up to date, in the order of ``ids``; deleted ones are among them."""
        entries = self._posts.open_all(ids)
        for entry in entries:
            if entry.stale or entry.author.stale or (not entry.simple and _stale_within(entry)):
                async with self._db.read() as reader:
                    await self._refresh(reader, entries)
                return [entry for entry in entries if not entry.missing]
        return entries

    async def load_accounts(self, ids: Iterable[int]) -> list[AccountEntry]:
        """Entries of the accounts that exist, up to date, in the order of ``ids``."""
        entries = [self._accounts.open(id_) for id_ in ids]
        if any(entry.stale for entry in entries):
            async with self._db.read() as reader:
                await self._refresh_accounts(reader, entries)
        return [entry for entry in entries if entry.body]

    async def _refresh(self, reader: Reader, entries: Sequence[PostEntry]) -> None:
        """Load stale posts, then what they repost and quote, level by level, then their authors."""
        level: Sequence[PostEntry] = entries
        seen: list[PostEntry] = []
        held: dict[int, PostEntry] = {}
        for _ in range(1 + _DEPTH):
            stale = {entry.id: entry for entry in level if entry.stale}.values()
            unknown = [entry for entry in stale if entry.stale == UNKNOWN]
            await self._recount(reader, [entry for entry in stale if entry.stale == RECOUNT])
            await self._load_posts(reader, unknown)
            seen.extend(level)
            held.update({entry.id: entry for entry in level})
            below = [inner for entry in level for inner in (entry.inner, entry.quoted) if inner is not None]
            if not below:
                break
            level = [self._posts.hold(entry) for entry in below]
        known = [entry for entry in seen if not entry.missing]
        authors = {entry.author.id: self._accounts.hold(entry.author) for entry in known}
        await self._refresh_accounts(reader, list(authors.values()))
        for entry in known:  # only what is loaded by now: others may be about to show the entry
            entry.author = authors[entry.author.id]
            if entry.inner is not None:
                entry.inner = held.get(entry.inner.id, entry.inner)
            if entry.quoted is not None:
                entry.quoted = held.get(entry.quoted.id, entry.quoted)

    async def _recount(self, reader: Reader, entries: Sequence[PostEntry]) -> None:
        if not entries:
            return
        changes = [entry.changes for entry in entries]
        counts = await load_counts(reader, [entry.id for entry in entries])
        for entry, before in zip(entries, changes, strict=True):
            if entry.changes != before and entry.stale == FRESH:
                continue  # overtaken by a load that began after the event
            entry.tally = counts.get(entry.id, PostCounts())
            self._shaper.shape_counts(entry)
            if entry.changes == before:
                entry.stale = FRESH

    async def _load_posts(self, reader: Reader, entries: Sequence[PostEntry]) -> None:
        if not entries:
            return
        ids = [entry.id for entry in entries]
        changes = [entry.changes for entry in entries]
        posts = await load_posts(reader, ids)
        counts = await load_counts(reader, ids)
        polls = await load_polls(reader, [post.id for post in posts.values() if post.has_poll])
        media = await load_media(reader, [id_ for post in posts.values() for id_ in post.media_ids])
        cards = await load_cards(reader, [post.id for post in posts.values() if "://" in post.text])
        quoted = await load_posts(reader, [post.quote_of for post in posts.values() if post.quote_of is not None])
        ids_of_people = {id_ for post in posts.values() for id_ in (post.author_id, *post.mentions)} | {
            post.author_id for post in quoted.values()
        }
        people = {id_: self._accounts.open(id_) for id_ in ids_of_people}
        await self._refresh_accounts(reader, list(people.values()))
        for entry, before in zip(entries, changes, strict=True):
            if entry.changes != before and entry.stale != UNKNOWN:
                continue  # overtaken by a load that began after the event
            post = posts.get(entry.id)
            if post is None:
                entry.missing = True
                continue
            entry.missing = False
            entry.post = post
            entry.tally = counts.get(post.id, PostCounts())
            entry.poll = polls.get(post.id)
            entry.card = cards.get(post.id)
            self._link(entry, people[post.author_id])
            quoted_post = quoted.get(post.quote_of or 0)
            self._shaper.shape_post(
                entry,
                [media[id_] for id_ in post.media_ids if id_ in media],
                [people[id_] for id_ in post.mentions],
                self.addresses.post(quoted_post, people[quoted_post.author_id].account) if quoted_post else "",
            )
            if entry.changes == before:
                entry.stale = FRESH
            self._posts.loaded(entry)

    def _link(self, entry: PostEntry, author: AccountEntry) -> None:
        post = entry.post
        entry.author = author
        entry.inner = self._linked(entry.inner, post.repost_of)
        entry.quoted = self._linked(entry.quoted, post.quote_of)
        entry.audience = post.audience(author_gone=entry.author.account.gone)

    def _linked(self, known: PostEntry | None, id_: int | None) -> PostEntry | None:
        if id_ is None:
            return None
        return known if known is not None and known.id == id_ else self._posts.open(id_)

    async def _refresh_accounts(self, reader: Reader, entries: Sequence[AccountEntry]) -> None:
        stale = [entry for entry in entries if entry.stale]
        if not stale:
            return
        changes = [entry.changes for entry in stale]
        unknown = frozenset(entry.id for entry in stale if entry.stale == UNKNOWN)
        accounts = await load_accounts(reader, unknown)
        counts = await load_account_counts(reader, [entry.id for entry in stale])
        for entry, before in zip(stale, changes, strict=True):
            read = entry.id in unknown
            if (read and entry.id not in accounts) or (entry.changes != before and entry.stale == FRESH):
                continue
            entry.counts = counts.get(entry.id, AccountCounts())
            if read:
                entry.account = accounts[entry.id]
                self._shaper.shape_account(entry)
            else:
                self._shaper.shape_account_counts(entry)
            if entry.changes == before:
                entry.stale = FRESH
            self._accounts.loaded(entry)

    def account_changes(self, id_: int) -> int:
        """How many events but posts the account's entry has seen: for ``learn``, with what was written since."""
        entry = self._accounts.get(id_)
        return entry.changes - entry.posted if entry is not None else -1

    async def account(self, id_: int) -> Account:
        """An account's own values, without its counters: after each post those would have to be read again.

        Raises:
            NotFound: there is none.
        """
        entry = self._accounts.get(id_)
        if entry is not None and entry.body and entry.stale != UNKNOWN:
            return entry.account
        for entry in await self.load_accounts((id_,)):
            return entry.account
        raise NotFound("record.absent")

    def learn(self, post: Post, counts: AccountCounts, changes: int) -> None:
        """Take a plain post that was just written, and its author's counters, without reading them back.

        Only for a post without media, mentions, poll or quote, whose author's entry is known; others are loaded. The
        counters are taken where posts are all that happened to the author since ``changes`` were counted, and none of
        them is newer: an author's counters grow in the order of the posts' ids.
        """
        author = self._accounts.get(post.author_id)
        entry = self._posts.open(post.id)
        if (
            author is None
            or not author.body
            or author.stale == UNKNOWN  # its profile changed meanwhile: read it
            or entry.changes
            or entry.stale != UNKNOWN  # somebody was faster
            or post.media_ids
            or post.mentions
            or post.has_poll
            or post.quote_of
            or post.repost_of
            or "://" in post.text  # its card may be here by now
        ):
            return
        if author.stale == RECOUNT and author.changes - author.posted == changes and author.newest <= post.id:
            author.counts = counts
            self._shaper.shape_account_counts(author)
            author.stale = FRESH
        entry.post = post
        self._link(entry, author)
        self._shaper.shape_post(entry, [], [])
        entry.stale = FRESH
        self._posts.loaded(entry)

    def count_like(self, entry: PostEntry, changes: int) -> None:
        """Take the like just given into the count without reading it, where nothing else happened to the post since
        its entry was loaded with so many changes."""
        if entry.stale == RECOUNT and entry.changes == changes + 1:
            entry.tally = msgspec.structs.replace(entry.tally, likes=entry.tally.likes + 1)
            self._shaper.shape_counts(entry)
            entry.stale = FRESH

    # ------------------------------------------------------------------ showing

    def visible(self, entry: PostEntry, viewer: Viewer) -> bool:
        """Whether the viewer may see this post and, of a repost, what it reposts."""
        if entry.inner is not None:
            return (
                not entry.inner.missing
                and can_see(entry.audience, viewer.facts)
                and can_see(entry.inner.audience, viewer.facts)
            )
        return can_see(entry.audience, viewer.facts)

    async def require(self, id_: int, viewer: Viewer) -> PostEntry:
        """The entry of a post the viewer may see.

        Raises:
            NotFound: there is none, or the viewer may not see it.
        """
        for entry in await self.load((id_,)):
            if self.visible(entry, viewer):
                return entry
            await self._look_for_nothing()
        raise NotFound("record.absent")

    async def _look_for_nothing(self) -> None:
        """Spend what an absent post costs, so that the time to a refusal does not tell that a hidden one exists."""
        async with self._db.read() as reader:
            await self._refresh(reader, (PostEntry(0),))

    async def prepare(self, entries: Sequence[PostEntry], viewer: Viewer) -> frozenset[int]:
        """Look up what the viewer did with the posts; answers the authors that follow the viewer, where it matters."""
        if viewer.id is None:
            return frozenset()
        for _ in range(3):
            wanted = _unknown_to(entries, viewer)
            if wanted is None:
                return frozenset()
            changes = viewer.changes
            befriended = await self._look_up(wanted, viewer)
            if viewer.changes == changes:
                break
        return befriended

    async def _look_up(self, wanted: _Wanted, viewer: Viewer) -> frozenset[int]:
        assert viewer.id is not None
        changes = viewer.changes
        if len(viewer.marks) > _MARKS_KEPT:
            viewer.marks.clear()
            viewer.changes += 1  # the marks of this very page went too: look again
            return frozenset()
        async with self._db.read() as reader:
            marks = await load_marks(reader, viewer.id, wanted.roots)
            votes = await load_votes(reader, viewer.id, wanted.polls)
            friends = await followers_among(reader, viewer.id, wanted.authors) if wanted.authors else frozenset()
        if viewer.changes == changes:  # else all of it may be out of date: the caller looks again
            viewer.marks.update(marks)
            viewer.votes.update({id_: votes.get(id_, ()) for id_ in wanted.polls})
        return friends

    async def statuses(self, entries: Sequence[PostEntry], viewer: Viewer) -> bytes:
        """A JSON array of the entries, which the caller knows to be visible."""
        befriended = await self.prepare(entries, viewer)
        whole, now = self._shaper.whole, self._clock.now_ms()
        return b"[%b]" % b",".join([whole(entry, viewer, befriended, now) for entry in entries])

    async def status(self, entry: PostEntry, viewer: Viewer) -> bytes:
        befriended = await self.prepare((entry,), viewer)
        return self._shaper.whole(entry, viewer, befriended, self._clock.now_ms())

    def unmarked(self, entry: PostEntry, viewer: Viewer) -> bytes:
        """The status for a viewer who cannot have done anything with it yet: nothing is looked up."""
        out: list[bytes] = []
        self._shaper.join(out, entry, viewer, frozenset(), self._clock.now_ms())
        return b"".join(out)

    async def show(self, id_: int, viewer: Viewer) -> bytes:
        """One status by id, as JSON.

        Raises:
            NotFound: there is none, or the viewer may not see it.
        """
        return await self.status(await self.require(id_, viewer), viewer)

    async def accounts(self, ids: Iterable[int], *, gone: bool = False) -> bytes:
        """A JSON array of accounts; suspended and deleted ones only when asked for."""
        entries = await self.load_accounts(ids)
        return b"[" + b",".join(entry.body for entry in entries if gone or not entry.account.gone) + b"]"

    @property
    def emojis(self) -> list[CustomEmoji]:
        """Every custom emoji there is."""
        return list(self._emojis.values())

    def set_emojis(self, emojis: Iterable[CustomEmoji]) -> None:
        """Know these custom emojis from now on."""
        self._emojis.clear()
        self._emojis.update({emoji.shortcode: emoji for emoji in emojis})
        self.forget_all()

    @property
    def shaper(self) -> Shaper:
        return self._shaper


def _stale_within(entry: PostEntry, depth: int = _DEPTH) -> bool:
    for inner in (entry.inner, entry.quoted):
        if (
            inner is not None
            and not inner.missing
            and (
                inner.stale
                or inner.author.stale
                or (depth > 1 and not inner.simple and _stale_within(inner, depth - 1))
            )
        ):
            return True
    return False


class _Wanted(msgspec.Struct):
    """What is not known yet of a viewer and a page: marks by post (with the thread's root), votes, friendships."""

    roots: dict[int, int] = {}
    polls: list[int] = []
    authors: set[int] = set()


def _unknown_to(entries: Sequence[PostEntry], viewer: Viewer) -> _Wanted | None:
    marks, votes = viewer.marks, viewer.votes
    wanted: _Wanted | None = None
    for entry in entries:
        if entry.simple:
            if entry.id not in marks:
                wanted = wanted or _Wanted()
                wanted.roots[entry.id] = entry.post.root_id or entry.id
            continue
        for shown in (entry, entry.inner, entry.quoted, entry.inner.quoted if entry.inner is not None else None):
            if shown is None or shown.missing or shown.stale == UNKNOWN:
                continue
            wanted = wanted or _Wanted()
            if shown.id not in marks:
                wanted.roots[shown.id] = shown.post.root_id or shown.id
            if shown.poll is not None and shown.id not in votes:
                wanted.polls.append(shown.id)
            if shown.post.reply_policy == "following":
                wanted.authors.add(shown.post.author_id)
    if wanted is None or not (wanted.roots or wanted.polls or wanted.authors):
        return None
    return wanted


def raw(*pieces: bytes) -> msgspec.Raw:
    """Encoded JSON to be put into a larger answer as it is."""
    return msgspec.Raw(b"".join(pieces))


__all__ = ["Presenter", "raw", "shapes"]
