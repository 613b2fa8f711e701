"""Builds the full archive of an account: a zip file, written a batch at a time, by threads where it is work.

Nothing of it is ever whole in memory. The file gets its name when it is complete; what a stopped build left behind is
found by the sweep.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from weft.accounts.model import Account
from weft.accounts.service import find_account, find_user, load_accounts
from weft.infra.blobs import Blobs
from weft.infra.db import Db, Reader
from weft.kernel.clock import from_ms, rfc3339
from weft.kernel.errors import NotFound
from weft.kernel.ids import AccountId
from weft.kernel.paging import Page
from weft.media.service import load_media
from weft.portability.activities import CONTEXT, Around, Json, activity, actor, media_path
from weft.portability.model import SHEETS, Export, Places
from weft.portability.taking import Taking
from weft.portability.texts import read_me
from weft.posts.model import Post
from weft.posts.service import (
    Authored,
    authored_posts,
    bookmarked_posts,
    liked_posts,
    load_counts,
    load_polls,
    load_posts,
    load_versions,
)

_BATCH = 200

Keep = Callable[[], Awaitable[bool]]
"""Says that the work goes on; False where it is no longer wanted."""
RowPage = Callable[[Reader, AccountId, Page], Awaitable[list[tuple[int, int]]]]
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Archivist:
    """Makes archives in a folder of its own, which nothing serves."""

    db: Db
    blobs: Blobs
    places: Places
    taking: Taking
    folder: Path

    async def build(self, export: Export, keep: Keep) -> tuple[str, int]:
        """Name and size of the finished file.

        Raises:
            NotFound: the account or the wish for an archive is gone.
        """
        async with self.db.read() as reader:
            account = await find_account(reader, export.account_id)
            user = await find_user(reader, export.account_id)
        if account is None or account.state == "deleted":
            raise NotFound("record.absent")
        await asyncio.to_thread(self.folder.mkdir, 0o700, parents=True, exist_ok=True)
        name = f"{secrets.token_hex(16)}.zip"
        half = self.folder / f"{name}.part"
        try:
            writing = await asyncio.to_thread(_Writing, half, self.db.clock.now_ms())
            try:
                await self._fill(writing, account, user.locale if user is not None else "en", keep)
            finally:
                await asyncio.to_thread(writing.close)
            return name, await asyncio.to_thread(_publish, half, self.folder / name)
        finally:
            await asyncio.to_thread(half.unlink, True)

    async def _fill(self, writing: _Writing, account: Account, locale: str, keep: Keep) -> None:
        day = rfc3339(self.db.clock.now_ms())[:10]
        handle = self.places.handle(account.handle)
        words = read_me(locale, handle=f"@{handle}", domain=self.places.domain, date=day)
        await writing.text("README.txt", words.encode())
        await writing.text("actor.json", _encode(actor(self.places, account)))
        await writing.text("filters.json", await self.taking.filters(account.id))
        for kind in SHEETS:
            await writing.pieces(f"{kind}.csv", self.taking.sheet(account.id, kind))
            await _go_on(keep)
        await writing.pieces("likes.json", self._addresses(account.id, "likes.json", liked_posts, keep))
        await writing.pieces("bookmarks.json", self._addresses(account.id, "bookmarks.json", bookmarked_posts, keep))
        await writing.pieces("outbox.json", self._outbox(account, keep))
        for name, label in ((account.avatar, "avatar"), (account.header, "header")):
            if name:
                await writing.files([(self.blobs.path(name), f"{label}.{name.rpartition('.')[2]}")])
        async for posts in self._posts(account.id, keep):
            await writing.files(await self._files(posts))

    async def _posts(self, account_id: AccountId, keep: Keep) -> AsyncIterator[list[Post]]:
        """Everything the account posted, a batch at a time, the newest first."""
        page = Page(_BATCH)
        while True:
            await _go_on(keep)
            async with self.db.read() as reader:
                ids = [id_ for id_, _ in await authored_posts(reader, account_id, Authored(), page)]
                posts = await load_posts(reader, ids)
            yield [posts[id_] for id_ in ids if id_ in posts]
            if len(ids) < _BATCH:
                return
            page = Page(_BATCH, ids[-1])

    async def _outbox(self, account: Account, keep: Keep) -> AsyncIterator[bytes]:
        items = self._activities(account, keep)
        async for piece in _collection("outbox.json", items):
            yield piece

    async def _activities(self, account: Account, keep: Keep) -> AsyncIterator[list[bytes]]:
        async for posts in self._posts(account.id, keep):
            around = await self._around(posts)
            yield await asyncio.to_thread(_encode_all, self.places, account, posts, around)

    async def _around(self, posts: Sequence[Post]) -> Around:
        ids = [post.id for post in posts]
        named = {id_ for post in posts for id_ in (post.reply_to, post.quote_of, post.repost_of) if id_ is not None}
        async with self.db.read() as reader:
            found = await load_posts(reader, list(named))
            people = {id_ for post in posts for id_ in post.mentions} | {post.author_id for post in found.values()}
            accounts = await load_accounts(reader, people)
            return Around(
                accounts=accounts,
                media=await load_media(reader, [id_ for post in posts for id_ in post.media_ids]),
                polls=await load_polls(reader, [post.id for post in posts if post.has_poll]),
                counts=await load_counts(reader, ids),
                # One statement for each edited post: few posts are.
                versions={post.id: await load_versions(reader, post.id) for post in posts if post.edited_ms},
                others={
                    post.id: self.places.post(accounts[post.author_id].username, post.id)
                    for post in found.values()
                    if post.author_id in accounts
                },
            )

    async def _addresses(self, account_id: AccountId, name: str, load: RowPage, keep: Keep) -> AsyncIterator[bytes]:
        async for piece in _collection(name, self._address_pages(account_id, load, keep)):
            yield piece

    async def _address_pages(self, account_id: AccountId, load: RowPage, keep: Keep) -> AsyncIterator[list[bytes]]:
        page = Page(_BATCH)
        while True:
            await _go_on(keep)
            async with self.db.read() as reader:
                found = await load(reader, account_id, page)
                addresses = await self.taking.addresses(reader, [post_id for _, post_id in found])
            yield [_encode(address) for address in addresses]
            if len(found) < _BATCH:
                return
            page = Page(_BATCH, found[-1][0])

    async def _files(self, posts: Sequence[Post]) -> list[tuple[Path | None, str]]:
        """The files of the posts' attachments: what was uploaded, and captions; smaller forms are left out."""
        async with self.db.read() as reader:
            media = await load_media(reader, [id_ for post in posts for id_ in post.media_ids])
        return [
            (self.blobs.path(name), media_path(name))
            for each in media.values()
            for role, name in each.files.items()
            if role == "original" or role.startswith("captions:")
        ]


class _Writing:
    """A zip file that is being written. Each step runs in a thread; no two at once."""

    def __init__(self, path: Path, now_ms: int) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._moment = from_ms(now_ms).timetuple()[:6]

    async def text(self, name: str, data: bytes) -> None:
        await asyncio.to_thread(self._zip.writestr, self._entry(name), data)

    async def pieces(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        target: IO[bytes] = self._zip.open(self._entry(name), "w", force_zip64=True)
        try:
            async for piece in pieces:
                await asyncio.to_thread(target.write, piece)
        finally:
            await asyncio.to_thread(target.close)

    async def files(self, files: Iterable[tuple[Path | None, str]]) -> None:
        """Files as they are: what they hold is packed already. One that has gone is left out."""
        for path, name in files:
            if path is not None:
                await asyncio.to_thread(self._copy, path, name)

    def _copy(self, path: Path, name: str) -> None:
        entry = self._entry(name)
        entry.compress_type = zipfile.ZIP_STORED
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return
        with source, self._zip.open(entry, "w", force_zip64=True) as target:
            while piece := source.read(1 << 20):
                target.write(piece)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._moment)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        return entry

    def close(self) -> None:
        with self._file:
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())


async def _go_on(keep: Keep) -> None:
    if not await keep():
        raise NotFound("record.absent")


async def _collection(name: str, pages: AsyncIterator[list[bytes]]) -> AsyncIterator[bytes]:
    """An ordered collection around pages of encoded items; its size comes last, for only then it is known."""
    yield b'{"@context":%b,"id":%b,"type":"OrderedCollection","orderedItems":[' % (_encode(CONTEXT), _encode(name))
    total = 0
    async for items in pages:
        if items:
            yield (b",\n" if total else b"\n") + b",\n".join(items)
            total += len(items)
    yield b'\n],"totalItems":%d}\n' % total


def _encode_all(places: Places, account: Account, posts: Sequence[Post], around: Around) -> list[bytes]:
    shaped: list[Json] = [activity(places, account, post, around) for post in posts]
    return [_encode(each) for each in shaped]


def _publish(half: Path, place: Path) -> int:
    os.rename(half, place)
    descriptor = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return place.stat().st_size
