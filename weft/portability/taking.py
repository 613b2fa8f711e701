"""The sheets of one account, read and written a page at a time, so that a large one costs no more memory than a small.

Only the account's own rows are read: whom it follows, blocks or put on a list is its own affair to know.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

import msgspec

from weft.accounts.service import load_accounts
from weft.infra.db import Db, Reader
from weft.kernel.clock import rfc3339
from weft.kernel.ids import AccountId
from weft.kernel.paging import Page, Paged
from weft.portability.model import Places, SheetKind
from weft.portability.sheets import heading, truth, write_rows
from weft.portability.shelves import Shelves
from weft.posts.service import bookmarked_posts, load_posts
from weft.relationships.service import (
    Entry,
    blocks_page,
    followers_page,
    following_page,
    host_blocks_page,
    load_relationships,
    mutes_page,
)

_PAGE = 400

LoadPage = Callable[[Reader, AccountId, Page], Awaitable[Paged[Entry]]]
_PEOPLE: dict[str, LoadPage] = {
    "following": following_page,
    "followers": followers_page,
    "blocks": blocks_page,
    "mutes": mutes_page,
}
Cells = Sequence[str]


@dataclass(frozen=True)
class Taking:
    """Reads what leaves."""

    db: Db
    places: Places
    shelves: Shelves

    async def sheet(self, account_id: AccountId, kind: SheetKind) -> AsyncIterator[bytes]:
        """A sheet in pieces."""
        yield heading(kind)
        match kind:
            case "lists":
                pages = self._lists(account_id)
            case "bookmarks":
                pages = self._bookmarks(account_id)
            case "domain_blocks":
                pages = self._hosts(account_id)
            case _:
                pages = self._people(account_id, kind)
        async for rows in pages:
            yield write_rows(rows)

    async def filters(self, account_id: AccountId) -> bytes:
        """The account's word filters as the client API writes them."""
        async with self.db.read() as reader:
            found = await self.shelves.load_filters(reader, account_id)
        plain = [
            {
                "title": each.title,
                "context": list(each.contexts),
                "filter_action": each.action,
                "expires_at": rfc3339(each.expires_ms) if each.expires_ms is not None else None,
                "keywords": [{"keyword": word.keyword, "whole_word": word.whole_word} for word in each.keywords],
            }
            for each in found
        ]
        return msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n"

    async def _people(self, account_id: AccountId, kind: SheetKind) -> AsyncIterator[list[Cells]]:
        before: int | None = None
        while True:
            page = Page(_PAGE) if before is None else Page(_PAGE, before)
            async with self.db.read() as reader:
                found = await _PEOPLE[kind](reader, account_id, page)
                rows = await self._rows(reader, account_id, kind, [entry.account_id for entry in found.items])
            yield rows
            if found.next_id is None:
                return
            before = found.next_id

    async def _rows(
        self, reader: Reader, account_id: AccountId, kind: SheetKind, ids: Sequence[AccountId]
    ) -> list[Cells]:
        handles = await self._handles(reader, ids)
        if kind not in ("following", "mutes"):
            return [(handle,) for handle in handles.values()]
        rows: list[Cells] = []
        for tie in await load_relationships(reader, account_id, handles):
            handle = handles[tie.target_id]
            if kind == "mutes":
                rows.append((handle, truth(tie.muting_notifications)))
            else:
                rows.append((handle, truth(tie.reposts), truth(tie.notify), ", ".join(tie.languages)))
        return rows

    async def _handles(self, reader: Reader, ids: Sequence[int]) -> dict[int, str]:
        """The full handles of those that are still there, in the order of the ids."""
        accounts = await load_accounts(reader, ids)
        return {
            id_: self.places.handle(accounts[AccountId(id_)].handle)
            for id_ in ids
            if AccountId(id_) in accounts and accounts[AccountId(id_)].state != "deleted"
        }

    async def _lists(self, account_id: AccountId) -> AsyncIterator[list[Cells]]:
        async with self.db.read() as reader:
            lists = await self.shelves.load_lists(reader, account_id)
        for each in lists:
            async with self.db.read() as reader:
                handles = await self._handles(reader, await self.shelves.load_members(reader, each.id))
            yield [(each.title, handle) for handle in handles.values()]

    async def _bookmarks(self, account_id: AccountId) -> AsyncIterator[list[Cells]]:
        page = Page(_PAGE)
        while True:
            async with self.db.read() as reader:
                found = await bookmarked_posts(reader, account_id, page)
                addresses = await self.addresses(reader, [post_id for _, post_id in found])
            yield [(address,) for address in addresses]
            if len(found) < _PAGE:
                return
            page = Page(_PAGE, found[-1][0])

    async def addresses(self, reader: Reader, ids: Sequence[int]) -> list[str]:
        """The identities of the posts that are still there, in the order of the ids."""
        posts = await load_posts(reader, ids)
        authors = await load_accounts(reader, {post.author_id for post in posts.values()})
        kept = [posts[id_] for id_ in ids if id_ in posts and not posts[id_].deleted]
        return [
            self.places.post(authors[post.author_id].username, post.id) for post in kept if post.author_id in authors
        ]

    async def _hosts(self, account_id: AccountId) -> AsyncIterator[list[Cells]]:
        page = Page(_PAGE)
        while True:
            async with self.db.read() as reader:
                found = await host_blocks_page(reader, account_id, page)
            yield [(host,) for host in found.items]
            if found.next_id is None:
                return
            page = Page(_PAGE, found.next_id)
