"""Avatars and headers that no account shows any more leave the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from weft.accounts.events import PicturesDropped
from weft.accounts.model import NewAccount, ProfileEdit
from weft.accounts.service import create_account, delete_account, edit_profile
from weft.infra.blobs import Blobs
from weft.infra.db import Db
from weft.infra.events import Event
from weft.kernel.ids import bucket_of
from weft.media.jobs import Dropped


async def test_replaced_pictures_and_those_of_a_deleted_account_go(db: Db, tmp_path: Path) -> None:
    blobs = Blobs(tmp_path)
    told: list[Event] = []
    db.publish = told.extend
    ann = (await create_account(db, NewAccount(username="ann"))).id
    one, two, three, header = [await blobs.put(b"x", "webp") for _ in range(4)]

    async def edit(profile: ProfileEdit) -> None:
        async with db.tx(bucket_of(ann)) as tx:
            await edit_profile(tx, ann, profile)

    async def left() -> set[str]:
        for event in [event for event in told if isinstance(event, PicturesDropped)]:
            await Dropped(blobs).end(event)  # all of them again each time: told twice, done once
        return set(blobs.names())

    await edit(ProfileEdit(avatar=(one, two), header=(header, "")))
    await edit(ProfileEdit(display_name="Ann"))
    assert await left() == {one, two, three, header}
    with pytest.raises(RuntimeError):
        async with db.tx(bucket_of(ann)) as tx:
            await edit_profile(tx, ann, ProfileEdit(avatar=("", "")))
            raise RuntimeError
    assert await left() == {one, two, three, header}
    await edit(ProfileEdit(avatar=(three, "")))
    assert await left() == {three, header}
    await delete_account(db, ann)
    assert await left() == set()
