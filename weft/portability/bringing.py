"""Brings in the rows of an import, through the same doors as if their owner did each by hand.

Every step may happen twice: a follow that is there is kept. What overwriting takes away is taken at the end, when it is
known what stays; a stop in between leaves too much rather than too little.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from weft.accounts.service import find_account, find_local_by_names
from weft.infra.db import Db, Reader
from weft.kernel.errors import Forbidden, Invalid, NotFound
from weft.kernel.ids import AccountId, PostId
from weft.kernel.paging import Page, Paged
from weft.kernel.text.language import check_language
from weft.kernel.text.names import canonical_host, parse_handle
from weft.portability import queries
from weft.portability.model import Import, ImportRow, Outcome, Places
from weft.portability.shelves import Shelves
from weft.posts.service import bookmarked_posts, require_post, set_bookmark
from weft.relationships.model import FollowOptions, Mute
from weft.relationships.service import (
    Entry,
    block,
    block_host,
    blocks_page,
    follow,
    following_page,
    host_blocks_page,
    mute,
    mutes_page,
    unblock,
    unblock_host,
    unfollow,
    unmute,
)

_BATCH = 50
_PAGE = 400

LoadPage = Callable[[Reader, AccountId, Page], Awaitable[Paged[Entry]]]
End = Callable[[Db, AccountId, AccountId], Awaitable[object]]
_TIES: dict[str, tuple[LoadPage, End]] = {
    "following": (following_page, unfollow),
    "blocks": (blocks_page, unblock),
    "mutes": (mutes_page, unmute),
}


@dataclass(frozen=True)
class Bringing:
    """Works through imports."""

    db: Db
    places: Places
    shelves: Shelves

    async def bring(self, work: Import) -> None:
        """Bring in what was not looked at yet, then end what an overwriting import does not name."""
        async with self.db.read() as reader:
            owner = await find_account(reader, work.account_id)
        if owner is None or owner.gone:
            await queries.end_import(self.db, work.id, "failed")
            return
        done = work.done
        while True:
            async with self.db.read() as reader:
                rows = await queries.load_rows(reader, work.id, done, _BATCH)
            if not rows:
                break
            await queries.note_rows(self.db, work.id, await self._batch(work, rows))
            done = rows[-1][0]
        if work.overwrite:
            await self._end_others(work)
        await queries.end_import(self.db, work.id, "finished")

    async def _batch(self, work: Import, rows: Sequence[tuple[int, ImportRow]]) -> list[tuple[int, Outcome]]:
        known: dict[str, AccountId] = {}
        if work.kind not in ("bookmarks", "domain_blocks"):
            names = [found[0] for _, row in rows if (found := parse_handle(row.subject)) is not None]
            async with self.db.read() as reader:
                known = await find_local_by_names(reader, names)
        return [(number, await self._judged(work, row, known)) for number, row in rows]

    async def _judged(self, work: Import, row: ImportRow, known: dict[str, AccountId]) -> Outcome:
        try:
            match work.kind:
                case "bookmarks":
                    return await self._bookmark(work, row)
                case "domain_blocks":
                    return await self._host(work, row)
                case _:
                    return await self._person(work, row, known)
        except NotFound:
            return Outcome(fault="unknown")
        except Forbidden:
            return Outcome(fault="refused")
        except Invalid:
            return Outcome(fault="unreadable")

    async def _person(self, work: Import, row: ImportRow, known: dict[str, AccountId]) -> Outcome:
        handle = parse_handle(row.subject)
        if handle is None:
            return Outcome(fault="unreadable")
        if not self.places.is_here(handle[1]):
            return Outcome(fault="elsewhere")
        target = known.get(handle[0].lower())
        if target is None:
            return Outcome(fault="unknown")
        return await self._tie(work, row, target)

    async def _tie(self, work: Import, row: ImportRow, target: AccountId) -> Outcome:
        match work.kind:
            case "following":
                codes = tuple(dict.fromkeys(code for each in row.languages if (code := check_language(each))))
                options = FollowOptions(reposts=row.reposts, notify=row.notify, languages=codes)
                await follow(self.db, work.account_id, target, options)
            case "blocks":
                await block(self.db, work.account_id, target)
            case "mutes":
                await mute(self.db, work.account_id, target, Mute(row.notifications))
            case _:
                return await self._put_on_list(work, row.title, target)
        return Outcome(target)

    async def _put_on_list(self, work: Import, title: str, target: AccountId) -> Outcome:
        if not title:
            return Outcome(fault="unreadable")
        async with self.db.read() as reader:
            lists = await self.shelves.load_lists(reader, work.account_id)
        place = next((each for each in lists if each.title == title), None)
        try:
            if place is None:
                place = await self.shelves.create_list(self.db, work.account_id, title)
        except Invalid:
            return Outcome(fault="limit")
        try:
            await self.shelves.add_members(self.db, work.account_id, place.id, [target])
        except NotFound:
            return Outcome(fault="not_followed")
        return Outcome(target)

    async def _bookmark(self, work: Import, row: ImportRow) -> Outcome:
        post_id = self.places.post_id(row.subject)
        if post_id is None:
            is_address = row.subject.startswith(("http://", "https://"))
            return Outcome(fault="elsewhere" if is_address else "unreadable")
        async with self.db.read() as reader:
            post = await require_post(reader, PostId(post_id), work.account_id)
        await set_bookmark(self.db, work.account_id, post.id, on=True)
        return Outcome(post.id)

    async def _host(self, work: Import, row: ImportRow) -> Outcome:
        host = canonical_host(row.subject)
        if host is None:
            return Outcome(fault="unreadable")
        if self.places.is_here(host):
            return Outcome(fault="refused")
        await block_host(self.db, work.account_id, host)
        return Outcome()

    # ------------------------------------------------------------------------------------------------ overwriting

    async def _end_others(self, work: Import) -> None:
        match work.kind:
            case "lists":
                await self._end_list_members(work)
            case "bookmarks":
                await self._end_bookmarks(work)
            case "domain_blocks":
                await self._end_hosts(work)
            case _:
                await self._end_ties(work)

    async def _end_ties(self, work: Import) -> None:
        load, end = _TIES[work.kind]
        async with self.db.read() as reader:
            kept = await queries.wanted_ids(reader, work.id)
        page = Page(_PAGE)
        while True:
            async with self.db.read() as reader:
                found = await load(reader, work.account_id, page)
            for entry in found.items:
                if entry.account_id not in kept:
                    await end(self.db, work.account_id, entry.account_id)
            if found.next_id is None:
                return
            page = Page(_PAGE, found.next_id)

    async def _end_list_members(self, work: Import) -> None:
        async with self.db.read() as reader:
            lists = await self.shelves.load_lists(reader, work.account_id)
            titles = await queries.wanted_titles(reader, work.id)
        for each in lists:
            if each.title not in titles:
                await self.shelves.delete_list(self.db, work.account_id, each.id)
                continue
            async with self.db.read() as reader:
                members = await self.shelves.load_members(reader, each.id)
                kept = await queries.wanted_ids(reader, work.id, each.title)
            others = [id_ for id_ in members if id_ not in kept]
            if others:
                await self.shelves.remove_members(self.db, work.account_id, each.id, others)

    async def _end_bookmarks(self, work: Import) -> None:
        async with self.db.read() as reader:
            kept = await queries.wanted_ids(reader, work.id)
        async for post_ids in self._bookmarked(work.account_id):
            for post_id in post_ids:
                if post_id not in kept:
                    await set_bookmark(self.db, work.account_id, PostId(post_id), on=False)

    async def _bookmarked(self, account_id: AccountId) -> AsyncIterator[Iterable[int]]:
        page = Page(_PAGE)
        while True:
            async with self.db.read() as reader:
                found = await bookmarked_posts(reader, account_id, page)
            yield [post_id for _, post_id in found]
            if len(found) < _PAGE:
                return
            page = Page(_PAGE, found[-1][0])

    async def _end_hosts(self, work: Import) -> None:
        async with self.db.read() as reader:
            names = await queries.wanted_names(reader, work.id)
        kept = {host for name in names if (host := canonical_host(name)) is not None}
        page = Page(_PAGE)
        while True:
            async with self.db.read() as reader:
                found = await host_blocks_page(reader, work.account_id, page)
            for host in found.items:
                if host not in kept:
                    await unblock_host(self.db, work.account_id, host)
            if found.next_id is None:
                return
            page = Page(_PAGE, found.next_id)
