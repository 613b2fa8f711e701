"""Attachments: upload, describe, attach, remove.

A picture is processed while its uploader waits; a film is answered at once and processed after, by a bounded number of
tasks that ``Workshop`` owns. A row whose processing was cut short is found by the sweep and marked failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec

from weft.infra.blobs import Blobs
from weft.infra.db import Db, Reader, Tx
from weft.kernel.errors import Invalid, NotFound, WeftError
from weft.kernel.ids import AccountId, MediaId, bucket_of
from weft.media import queries
from weft.media.captions import MAX_CAPTIONS_BYTES, remove_captions, set_captions
from weft.media.emojis import Emoji, add_emoji, is_shortcode, load_emojis, load_named_emojis, remove_emoji
from weft.media.model import MAX_DESCRIPTION, Media
from weft.media.processing import reaping, sandbox
from weft.media.processing.pool import MediaPool, sandbox_report
from weft.media.processing.probe import VIDEO_PIXELS
from weft.media.processing.results import Focus, Processed, Want
from weft.media.processing.sniff import IMAGE_BYTES, IMAGE_PIXELS, VIDEO_BYTES, detect
from weft.media.processing.storing import discard, store
from weft.media.queries import attach_media, detach_media, load_media

_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
_FILMS = (
    "video/webm",
    "video/mp4",
    "video/quicktime",
    "audio/wave",
    "audio/wav",
    "audio/ogg",
    "audio/mpeg",
    "audio/mp3",
    "audio/webm",
    "audio/flac",
    "audio/aac",
    "audio/m4a",
    "audio/mp4",
)
_DAY_MS = 86_400_000
_FILMS_AT_ONCE = 16


class Limits(msgspec.Struct, frozen=True):
    """What uploads may be, in bytes, pixels and frames a second."""

    image_bytes: int = IMAGE_BYTES
    image_pixels: int = IMAGE_PIXELS
    video_bytes: int = VIDEO_BYTES
    video_pixels: int = VIDEO_PIXELS
    frame_rate: int = 120


LIMITS = Limits()
MAX_UPLOAD = VIDEO_BYTES + (1 << 20)
"""Body of an upload: the largest file and its form."""


def accepted_types(*, films: bool = True) -> tuple[str, ...]:
    """Media types that may be uploaded; films and sound only where ffmpeg is found."""
    return _IMAGES + _FILMS if films else _IMAGES


class NewMedia(msgspec.Struct, frozen=True, kw_only=True):
    account_id: AccountId
    data: bytes
    description: str | None = None
    focus: tuple[float, float] | None = None


def check_description(description: str | None) -> None:
    if description is not None and len(description) > MAX_DESCRIPTION:
        raise Invalid("media.description_too_long", field="description", limit=MAX_DESCRIPTION)


def check_focus(focus: tuple[float, float] | None) -> None:
    if focus is not None and not all(-1.0 <= part <= 1.0 for part in focus):
        raise Invalid("media.focus", field="focus")


class Preview(msgspec.Struct, frozen=True):
    """A picture from elsewhere in its small form; ``name`` is the blob's."""

    name: str
    width: int
    height: int
    blurhash: str | None


class Workshop:
    """Turns uploads into attachments. One per worker; ``close`` ends what is under way."""

    def __init__(self, db: Db, blobs: Blobs, pool: MediaPool) -> None:
        self._db = db
        self._blobs = blobs
        self._pool = pool
        self._tasks: set[asyncio.Task[None]] = set()

    async def upload(self, new: NewMedia, *, wait: bool = True) -> Media:
        """Store an upload. With ``wait`` the answer is ready; without, a film may still be processing.

        Raises:
            Invalid: the file is too large, of a type that is not taken, or broken.
            Unavailable: too many uploads are being processed.
        """
        check_description(new.description)
        check_focus(new.focus)
        detect(new.data[:64])
        media = Media(
            id=MediaId(self._db.ids.new(bucket_of(new.account_id))),
            account_id=new.account_id,
            state="processing",
            description=new.description or None,
            focus=new.focus,
        )
        if wait or _is_picture(new.data) or len(self._tasks) >= _FILMS_AT_ONCE:
            made = await self._pool.process_attachment(new.data, focus=_focus(new.focus))
            async with self._db.once(bucket_of(media.id)) as tx:
                await queries.insert_media(tx, media)
            return await self._finish(media, made)
        await self._refuse_film_early()
        async with self._db.once(bucket_of(media.id)) as tx:
            await queries.insert_media(tx, media)
        task = asyncio.create_task(self._process(media, new.data))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return media

    async def takes_films(self) -> bool:
        """Whether video and sound are taken: ffmpeg is here and works."""
        return await self._pool.ffmpeg_works()

    async def _refuse_film_early(self) -> None:
        if not await self.takes_films():
            raise Invalid("media.no_ffmpeg", field="file")

    async def _process(self, media: Media, data: bytes) -> None:
        try:
            await self._finish(media, await self._pool.process_attachment(data, focus=_focus(media.focus)))
        except WeftError:
            async with self._db.once(bucket_of(media.id)) as tx:
                await queries.fail_media(tx, media.id)

    async def _finish(self, media: Media, made: Processed) -> Media:
        sizes = {
            role: file.content.stat().st_size if isinstance(file.content, Path) else len(file.content)
            for role, file in made.files.items()
        }
        names = await store(self._blobs, made)
        meta = msgspec.to_builtins(made.meta)
        meta.pop("focus", None)
        ready = msgspec.structs.replace(
            media, state="ready", kind=made.kind.value, meta=meta, blurhash=made.blurhash, files=names
        )
        async with self._db.once(bucket_of(media.id)) as tx:
            stored = await queries.finish_media(tx, ready, sizes)
        if not stored:
            await self._blobs.delete(names.values())
            raise NotFound("record.absent")
        return ready

    async def picture(self, data: bytes, want: Want) -> tuple[str, str]:
        """Process an avatar or header; the blob names of the picture and of its still form."""
        made = await self._pool.process_image(data, want=want)
        names = await store(self._blobs, made)
        return names["original"], names.get("static", "")

    async def as_jpeg(self, media: Media) -> bytes:
        """A picture as programs read it that know nothing newer, about half a million pixels at most.

        Raises:
            Invalid: it is no picture, or is not ready.
            NotFound: its file is gone.
            Unavailable: too much is being processed.
        """
        if media.state == "processing":
            raise Invalid("media.processing", field="media_id")
        if media.state != "ready" or media.kind != "image":
            raise Invalid("media.type", field="media_id")
        path = self._blobs.path(media.files["original"])
        if path is None:
            raise NotFound("record.absent")
        made = await self._pool.process_image(await asyncio.to_thread(path.read_bytes), want=Want.JPEG)
        content = made.files["original"].content
        assert isinstance(content, bytes), "pictures are made in memory"
        return content

    async def preview(self, data: bytes) -> Preview:
        """Make a picture from elsewhere anew, small, to be shown beside a link.

        Raises:
            Invalid: it is no picture, or too much of one.
            Unavailable: too much is being processed.
        """
        made = await self._pool.process_preview(data)
        names = await store(self._blobs, made)
        shape = made.meta.small or made.meta.original
        return Preview(names["small"], shape.width or 0, shape.height or 0, made.blurhash)

    async def remove(self, account_id: AccountId, id_: MediaId) -> None:
        """Delete an attachment that no post uses.

        Raises:
            NotFound: there is none of this account.
            Invalid: a post uses it.
        """
        async with self._db.read() as reader:
            media = await require_own(reader, account_id, id_)
        if media.post_id is not None:
            raise Invalid("media.in_use")
        await self._delete(bucket_of(id_), [id_])

    async def sweep(self, db: Db) -> None:
        """Delete attachments that no post used for a day."""
        before = db.clock.now_ms() - _DAY_MS
        for bucket in range(1024):
            async with db.read() as reader:
                ids = await reader.values(queries.STALE, bucket, before)
            if ids:
                await self._delete(bucket, ids)

    async def _delete(self, bucket: int, ids: Sequence[int]) -> None:
        async with self._db.once(bucket) as tx:
            names = await tx.values(queries.DELETE, bucket, list(ids))
        await self._blobs.delete(names)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _focus(focus: tuple[float, float] | None) -> Focus | None:
    return Focus(*focus) if focus is not None else None


def _is_picture(data: bytes) -> bool:
    return (
        data[:3] == b"\xff\xd8\xff"
        or data[:8] == b"\x89PNG\r\n\x1a\n"
        or data[8:12] == b"WEBP"
        or b"avif" in data[4:32]
    )


async def require_own(reader: Reader, account_id: AccountId, id_: MediaId) -> Media:
    """An attachment of the account.

    Raises:
        NotFound: there is none.
    """
    media = (await load_media(reader, (id_,))).get(id_)
    if media is None or media.account_id != account_id:
        raise NotFound("record.absent")
    return media


async def require_ready_media(reader: Reader, account_id: AccountId, ids: Sequence[int]) -> None:
    """Refuse attachments that a new post of the account may not have.

    Raises:
        Invalid: one does not exist, is somebody else's, is in use, or is still being processed.
    """
    rows = await reader.rows(queries.USABLE, bucket_of(account_id), account_id, list(ids))
    states = {row[0]: row[1] for row in rows if row[2] is None}
    if any(states.get(id_) == "processing" for id_ in ids):
        raise Invalid("media.processing", field="media_ids")
    if any(states.get(id_) != "ready" for id_ in ids):
        raise Invalid("media.unusable", field="media_ids")


async def update_media(
    db: Db, account_id: AccountId, id_: MediaId, *, description: str | None, focus: tuple[float, float] | None
) -> None:
    """Change alt text or focus; None leaves it."""
    async with db.once(bucket_of(account_id)) as tx:
        await change_media(tx, account_id, id_, description=description, focus=focus)


async def change_media(
    tx: Tx, account_id: AccountId, id_: MediaId, *, description: str | None, focus: tuple[float, float] | None
) -> None:
    """``update_media`` as a part of more.

    Raises:
        NotFound: there is none of this account.
        Invalid: the text is too long, or the focus lies outside the picture.
    """
    check_description(description)
    check_focus(focus)
    x, y = focus or (None, None)
    if not await tx.execute(queries.UPDATE, bucket_of(account_id), account_id, id_, description, x, y):
        raise NotFound("record.absent")


__all__ = [
    "LIMITS",
    "MAX_CAPTIONS_BYTES",
    "MAX_UPLOAD",
    "Emoji",
    "MediaPool",
    "NewMedia",
    "Preview",
    "Want",
    "Workshop",
    "accepted_types",
    "add_emoji",
    "attach_media",
    "change_media",
    "detach_media",
    "discard",
    "is_shortcode",
    "load_emojis",
    "load_media",
    "load_named_emojis",
    "reaping",
    "remove_captions",
    "remove_emoji",
    "require_own",
    "require_ready_media",
    "sandbox",
    "sandbox_report",
    "set_captions",
    "update_media",
]
