"""Timelines as sources of candidates: home, public, tag, list. What a viewer wants is decided here; rights are not.

A source is asked for the next candidates below (or above) a cursor and answers how far it has looked, so that a page
can be refilled until it is full or the source ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from weft.infra.db import Db
from weft.infra.signals import Signals
from weft.kernel.ids import MAX_ID, ListId, bucket_of
from weft.kernel.paging import Page
from weft.kernel.text.entities import tag_key
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.relationships.model import Visibility
from weft.timelines.events import PlaceIndexed
from weft.timelines.for_you import ForYou
from weft.timelines.model import List, Viewer
from weft.timelines.queries import load_members
from weft.timelines.recent import Recent, merge, public_posts, tagged_posts
from weft.timelines.rings import MEDIA, REPLY, REPOST, AuthorRings, Candidate, Slots, flags_of
from weft.timelines.threads import Threads

_TAGS_KEPT = 512
_NEWEST_KEPT = 2000
_MOST_KEPT = 100
"""How many candidates are looked at for a home's newest page before it is kept as it is."""


class Chunk(msgspec.Struct):
    """Candidates that the viewer wants, newest first, and what was looked at to find them."""

    found: list[Candidate]
    scanned: Sequence[Candidate]
    """All that was looked at, newest first; empty where the source has ended."""
    ended: bool = False
    """It is known that nothing is left below."""


class Source(Protocol):
    """One timeline for one viewer."""

    async def chunk(self, before: int, after: int, count: int, *, upwards: bool) -> Chunk: ...


class Timelines:
    """The indexes of one worker, and the sources over them."""

    def __init__(self, db: Db) -> None:
        self.db = db
        self.rings = AuthorRings(db)
        self.threads = Threads(db)
        self._public = Recent(self._load_public)
        self._tags: dict[str, Recent] = {}
        self.for_you = ForYou(self)
        self._newest: deque[tuple[str, Candidate]] = deque(maxlen=_NEWEST_KEPT)
        """What was posted last, by place: a place loaded before its index knows of a post takes it from here."""

    def listen(self, signals: Signals) -> None:
        signals.on(PostCreated, self.posted)
        signals.on(PostEdited, self._edited)
        signals.on(PostDeleted, self.removed)
        signals.on(PlaceIndexed, self._indexed)
        signals.on_reset(self.reset)
        self.threads.listen(signals)
        self.for_you.listen(signals)

    # ------------------------------------------------------------------ events

    def posted(self, event: PostCreated) -> None:
        self.rings.created(event)
        if event.visibility != Visibility.PUBLIC or event.silent or event.repost_of is not None:
            return
        entry = Candidate(event.post_id, event.author_id, flags_of(event), event.reply_to_account or 0)
        if is_original(event):
            self._enter("", entry)
        for name in event.tags:
            self._enter(tag_key(name), entry)

    def _indexed(self, event: PlaceIndexed) -> None:
        self._enter(event.tag, Candidate(event.post_id, event.author_id, event.flags))

    def _enter(self, place: str, entry: Candidate) -> None:
        self._newest.append((place, entry))
        recent = self._tags.get(place) if place else self._public
        if recent is not None:
            recent.add(entry)

    def _newest_in(self, place: str) -> list[Candidate]:
        return [entry for key, entry in self._newest if key == place]

    def removed(self, event: PostDeleted) -> None:
        self.rings.deleted(event)
        self._public.remove(event.post_id)
        for name in event.tags:
            recent = self._tags.get(tag_key(name))
            if recent is not None:
                recent.remove(event.post_id)

    def _edited(self, event: PostEdited) -> None:
        before, now = {tag_key(name) for name in event.old_tags}, {tag_key(name) for name in event.tags}
        if before - now:
            kept = [one for one in self._newest if one[1].id != event.post_id or one[0] not in before - now]
            self._newest = deque(kept, maxlen=_NEWEST_KEPT)
        for key in before - now:
            if key in self._tags:
                self._tags[key].remove(event.post_id)
        for key in now - before:
            self._tags.pop(key, None)  # loaded again with the post in it

    def reset(self) -> None:
        self.rings.reset()
        self.for_you.reset()
        self._newest.clear()
        self._public.reset()
        self._tags.clear()

    # ------------------------------------------------------------------ sources

    def home(self, viewer: Viewer) -> Source:
        return HomeSource(self, viewer)

    async def members(self, viewer: Viewer, listed: List) -> Source:
        """The timeline of one of the viewer's lists."""
        async with self.db.read() as reader:
            ids = await load_members(reader, ListId(listed.id))
        return ListSource(self, viewer, listed, frozenset(ids))

    def direct(self, viewer: Viewer) -> Source:
        """Direct posts of the viewer's conversations."""
        return DirectSource(HomeSource(self, viewer))

    def public(self, viewer: Viewer, *, only_media: bool = False) -> Source:
        return PlaceSource(self._public, viewer, only_media=only_media)

    def tag(self, viewer: Viewer, tags: Iterable[str], *, only_media: bool = False) -> Source:
        """Posts with any of the tags, given by key."""
        return TagSource([self.recent_tag(key) for key in tags], viewer, only_media=only_media)

    def recent_tag(self, key: str) -> Recent:
        recent = self._tags.get(key)
        if recent is None:
            if len(self._tags) >= _TAGS_KEPT:
                self._tags.pop(next(iter(self._tags)))

            async def load(page: Page) -> list[Candidate]:
                async with self.db.read() as reader:
                    return await tagged_posts(reader, key, page)

            recent = self._tags[key] = Recent(load)
            for entry in self._newest_in(key):
                recent.add(entry)
        return recent

    async def newest_public(self, before: int, after: int, count: int) -> list[Candidate]:
        """The newest posts of the public timeline between two ids."""
        return await self._public.page(before, after, count)

    async def _load_public(self, page: Page) -> list[Candidate]:
        async with self.db.read() as reader:
            return await public_posts(reader, page)


def is_original(event: PostCreated) -> bool:
    """Whether the public timeline shows it: a post that answers nobody but its own author."""
    return event.repost_of is None and (event.reply_to is None or event.reply_to_account == event.author_id)


class HomeSource:
    """Own posts, followed accounts, followed tags and the viewer's own conversations."""

    def __init__(self, timelines: Timelines, viewer: Viewer) -> None:
        self._timelines = timelines
        self._viewer = viewer

    async def chunk(self, before: int, after: int, count: int, *, upwards: bool) -> Chunk:
        if before == MAX_ID and not after and not upwards:
            return await self._newest(count)
        beside = await self._beside(before, after, count, upwards=upwards)
        return self._wanted(await self._merged(beside, before, after, count, upwards=upwards))

    async def _newest(self, count: int) -> Chunk:
        """The newest page is read far more often than anybody posts: it is kept, read on until it is full, until what
        it was made of changes.
        """
        rings, sources = self._timelines.rings, self._viewer.sources
        beside = await self._beside(MAX_ID, 0, count)
        state = (rings.generation, rings.changes, count, beside)
        kept: tuple[object, Chunk] | None = sources.get("newest")
        if kept is not None and kept[0] == state:
            return kept[1]
        chunk = self._wanted(await self._merged(beside, MAX_ID, 0, count))
        last = chunk
        while last.scanned and len(chunk.found) < count and len(chunk.scanned) < _MOST_KEPT:
            before = last.scanned[-1].id
            last = self._wanted(await self._merged(await self._beside(before, 0, count), before, 0, count))
            chunk = Chunk([*chunk.found, *last.found], [*chunk.scanned, *last.scanned], ended=not last.scanned)
        sources["newest"] = (state, chunk)
        return chunk

    async def _beside(self, before: int, after: int, count: int, *, upwards: bool = False) -> list[list[Candidate]]:
        """What comes from elsewhere than the rings: the viewer's conversations and followed tags."""
        pages = [await self.direct(before, after, count, upwards=upwards)]
        for key in self._viewer.followed_tags:
            recent = self._timelines.recent_tag(key)
            pages.append(await recent.page(before, after, count, upwards=upwards))
        return [page for page in pages if page]

    async def _merged(
        self, beside: list[list[Candidate]], before: int, after: int, count: int, *, upwards: bool = False
    ) -> list[Candidate]:
        page = await self._timelines.rings.page(await self._slots(), before, after, count, upwards=upwards)
        return merge([page, *beside], count, upwards=upwards) if beside else page

    def _wanted(self, found: list[Candidate]) -> Chunk:
        viewer = self._viewer
        plain = not viewer.bounds.muting and not viewer.exclusive
        return Chunk([c for c in found if (not c.flags and plain) or wants_at_home(c, viewer)], found)

    async def _slots(self) -> Slots:
        viewer, rings = self._viewer, self._timelines.rings
        known = viewer.sources.get("home")
        if known is not None and known[0] == rings.generation:
            return known[1]  # type: ignore[no-any-return]
        generation = rings.generation
        authors = [
            *viewer.following,
            *([viewer.id] if viewer.id is not None and viewer.id not in viewer.following else []),
        ]
        slots = await rings.slots(authors)
        viewer.sources["home"] = (generation, slots)
        return slots

    async def direct(self, before: int, after: int, count: int, *, upwards: bool) -> list[Candidate]:
        """Direct posts of the viewer's conversations; most viewers have none, which is remembered with their facts."""
        viewer = self._viewer
        recent: Recent | None = viewer.sources.get("direct")
        if recent is None:
            db = self._timelines.db

            async def load(page: Page) -> list[Candidate]:
                assert viewer.id is not None
                sql = DIRECT_UP if page.upwards else DIRECT
                async with db.read() as reader:
                    rows = await reader.rows(sql, bucket_of(viewer.id), viewer.id, page.before, page.after, page.limit)
                return [Candidate(row[0], row[1]) for row in rows]

            recent = viewer.sources["direct"] = Recent(load)
        return await recent.page(before, after, count, upwards=upwards)


class DirectSource:
    """The part of home that only its reader and a few others see."""

    def __init__(self, home: HomeSource) -> None:
        self._home = home

    async def chunk(self, before: int, after: int, count: int, *, upwards: bool) -> Chunk:
        found = await self._home.direct(before, after, count, upwards=upwards)
        return Chunk(found, found)


DIRECT = """
SELECT post_id, author_id FROM conversation_posts
 WHERE bucket = $1 AND account_id = $2 AND post_id < $3 AND post_id > $4 ORDER BY post_id DESC LIMIT $5
"""

DIRECT_UP = """
SELECT post_id, author_id FROM conversation_posts
 WHERE bucket = $1 AND account_id = $2 AND post_id < $3 AND post_id > $4 ORDER BY post_id LIMIT $5
"""


def wants_at_home(entry: Candidate, viewer: Viewer) -> bool:
    """Whether home shows it: no muted people, no reposts that were switched off, no replies to strangers."""
    author, other = entry.author_id, entry.other_id
    muting = viewer.bounds.muting
    if author in muting or other in muting or author in viewer.exclusive:
        return False
    if author == viewer.id:
        return True
    follow = viewer.following.get(author)
    if entry.flags & REPOST:
        return follow is not None and follow.reposts
    if entry.flags & REPLY and follow is not None:
        return other in (author, viewer.id) or other in viewer.following
    return True


def wants_language(viewer: Viewer, author_id: int, language: str) -> bool:
    """Whether it is one of the languages in which the author is followed; what has no language always is wanted."""
    follow = viewer.following.get(author_id)
    if follow is None or not follow.languages or not language:
        return True
    return language.partition("-")[0] in {code.partition("-")[0] for code in follow.languages}


class ListSource:
    """The members of a list, with its rule for replies."""

    def __init__(self, timelines: Timelines, viewer: Viewer, listed: List, members: frozenset[int]) -> None:
        self._timelines = timelines
        self._viewer = viewer
        self._list = listed
        self._members = members

    async def chunk(self, before: int, after: int, count: int, *, upwards: bool) -> Chunk:
        slots = await self._timelines.rings.slots(self._members)
        found = await self._timelines.rings.page(slots, before, after, count, upwards=upwards)
        return Chunk([entry for entry in found if self._wants(entry)], found)

    def _wants(self, entry: Candidate) -> bool:
        return wants_in_list(entry, self._viewer, self._list, self._members)


def wants_in_list(entry: Candidate, viewer: Viewer, listed: List, members: frozenset[int]) -> bool:
    """Whether a list shows it: its rule for replies, and no muted people."""
    other = entry.other_id
    if entry.author_id in viewer.bounds.muting or other in viewer.bounds.muting:
        return False
    if entry.flags & REPOST:
        follow = viewer.following.get(entry.author_id)
        return follow is None or follow.reposts
    if not entry.flags & REPLY or other in (entry.author_id, viewer.id):
        return True
    match listed.replies_policy:
        case "none":
            return False
        case "followed":
            return other in viewer.following
        case _:
            return other in members


class PlaceSource:
    """A public place as one viewer wants it."""

    def __init__(self, recent: Recent, viewer: Viewer, *, only_media: bool) -> None:
        self._recent = recent
        self._viewer = viewer
        self._only_media = only_media

    async def chunk(self, before: int, after: int, count: int, *, upwards: bool) -> Chunk:
        found = await self._recent.page(before, after, count, upwards=upwards)
        muting = self._viewer.bounds.muting
        if not muting and not self._only_media:
            return Chunk(found, found)
        return Chunk(
            [entry for entry in found if wants_in_public(entry, self._viewer, only_media=self._only_media)], found
        )


def wants_in_public(entry: Candidate, viewer: Viewer, *, only_media: bool = False) -> bool:
    return entry.author_id not in viewer.bounds.muting and (not only_media or bool(entry.flags & MEDIA))


class TagSource:
    """Several tags as one place."""

    def __init__(self, places: Sequence[Recent], viewer: Viewer, *, only_media: bool) -> None:
        self._places = places
        self._viewer = viewer
        self._only_media = only_media

    async def chunk(self, before: int, after: int, count: int, *, upwards: bool) -> Chunk:
        pages = [await place.page(before, after, count, upwards=upwards) for place in self._places]
        found = merge(pages, count, upwards=upwards) if len(pages) > 1 else pages[0]
        return Chunk(
            [entry for entry in found if wants_in_public(entry, self._viewer, only_media=self._only_media)], found
        )


class Fixed:
    """A timeline over ids that the caller already has, newest first: search results, pins, tests."""

    def __init__(self, ids: Sequence[int]) -> None:
        self._ids = ids

    async def chunk(self, before: int, after: int, count: int, *, upwards: bool) -> Chunk:
        found = [Candidate(id_, 0) for id_ in self._ids if after < id_ < before]
        found = found[-count:] if upwards else found[:count]
        return Chunk(found, found)


__all__ = ["MAX_ID", "Chunk", "Fixed", "HomeSource", "Source", "Timelines"]
