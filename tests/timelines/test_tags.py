"""Followed and featured tags, and how much a tag is used."""

import pytest

from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of_name
from weft.kernel.paging import Page
from weft.timelines.service import (
    TagDay,
    check_tag,
    feature_tag,
    follow_tag,
    followed_tags_page,
    load_featured_tags,
    load_tag_history,
    tag_marks,
    unfeature_by_id,
    unfeature_tag,
    unfollow_tag,
)


@pytest.fixture
async def ann(db: Db) -> AccountId:
    return (await create_account(db, NewAccount(username="ann"))).id


async def test_a_tag_is_followed_once_whatever_its_case(db: Db, clock: ManualClock, ann: AccountId) -> None:
    assert await follow_tag(db, ann, "#Straße") == "strasse"
    clock.advance(1)
    await follow_tag(db, ann, "STRASSE")
    await follow_tag(db, ann, "weft")
    async with db.read() as reader:
        page = await followed_tags_page(reader, ann, Page(10))
        assert [(tag.key, tag.name) for tag in page.items] == [("weft", "weft"), ("strasse", "Straße")]
        assert await tag_marks(reader, ann, "weft") == (True, False)
    await unfollow_tag(db, ann, "WEFT")
    async with db.read() as reader:
        assert await tag_marks(reader, ann, "weft") == (False, False)


@pytest.mark.parametrize("text", ["", "#", "two words", "a/b", "123", "x" * 101, "a#b"])
def test_what_no_post_could_hold_is_no_tag(text: str) -> None:
    with pytest.raises(Invalid):
        check_tag(text)


async def test_at_most_ten_tags_are_featured(db: Db, ann: AccountId) -> None:
    made = [await feature_tag(db, ann, f"tag{n}x") for n in range(10)]
    assert await feature_tag(db, ann, "TAG0X") == made[0]
    with pytest.raises(Invalid):
        await feature_tag(db, ann, "onemore")
    await unfeature_by_id(db, ann, made[0].id)
    with pytest.raises(NotFound):
        await unfeature_by_id(db, ann, made[0].id)
    await unfeature_tag(db, ann, "tag1x")
    async with db.read() as reader:
        assert {tag.key for tag in await load_featured_tags(reader, ann)} == {f"tag{n}x" for n in range(2, 10)}


async def test_history_has_seven_days_with_today_first(db: Db, clock: ManualClock) -> None:
    today = clock.now_ms() // 86_400_000
    bucket = bucket_of_name("weft")
    async with db.tx(bucket) as tx:
        for day, account, uses in ((today, 1, 2), (today, 2, 1), (today - 6, 1, 5), (today - 7, 1, 9)):
            await tx.execute(
                "INSERT INTO tag_days (bucket, tag, day, account_id, uses) VALUES ($1, 'weft', $2, $3, $4)",
                *(bucket, day, account, uses),
            )
    async with db.read() as reader:
        history = await load_tag_history(reader, ["weft", "other"], clock.now_ms())
    assert history["weft"][0] == TagDay(today, 3, 2)
    assert history["weft"][6] == TagDay(today - 6, 5, 1)
    assert len(history["weft"]) == 7 and sum(day.uses for day in history["other"]) == 0
