"""What media does by itself: sweeps, and the picture that a new account brings from where its owner came from."""

from __future__ import annotations

from dataclasses import dataclass

from weft.accounts.events import AvatarOffered, PicturesDropped
from weft.accounts.model import ProfileEdit
from weft.accounts.service import edit_profile, find_account
from weft.infra.blobs import Blobs
from weft.infra.db import Db
from weft.infra.http import Fetcher, FetchRequest
from weft.infra.periodic import Job
from weft.kernel.ids import bucket_of
from weft.media.service import LIMITS, Want, Workshop

_DAY_S = 86_400


@dataclass(frozen=True)
class Pictures:
    """Fetches offered pictures; the runner of ``AvatarOffered``."""

    db: Db
    fetcher: Fetcher
    workshop: Workshop

    async def import_avatar(self, event: AvatarOffered) -> None:
        """Give the account the offered picture, unless it has one by now or the place does not answer well."""
        async with self.db.read() as reader:
            account = await find_account(reader, event.account_id)
        if account is None or account.gone or account.avatar:
            return
        fetched = await self.fetcher.fetch(
            FetchRequest("GET", event.url, max_bytes=LIMITS.image_bytes, accept="image/*")
        )
        if not fetched.is_success:
            return
        names = await self.workshop.picture(fetched.body, Want.AVATAR)
        async with self.db.tx(bucket_of(account.id)) as tx:
            await edit_profile(tx, account.id, ProfileEdit(avatar=names))


@dataclass(frozen=True)
class Dropped:
    """The runner of ``PicturesDropped``."""

    blobs: Blobs

    async def end(self, event: PicturesDropped) -> None:
        await self.blobs.delete(event.names)


def jobs(workshop: Workshop, blobs: Blobs) -> list[Job]:
    """Sweeps of attachments that nobody used and of half-made files."""

    async def sweep_files(db: Db) -> None:
        await blobs.sweep(db.clock.now_ms() / 1000 - _DAY_S)

    return [Job("media.sweep", 3600.0, workshop.sweep), Job("media.sweep_files", 3600.0, sweep_files)]
