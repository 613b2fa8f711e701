"""The directory and suggestions."""

import pytest

from weft.accounts.model import NewAccount, ProfileEdit
from weft.accounts.service import create_account, edit_profile
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import AccountId, bucket_of
from weft.relationships.model import FollowOptions
from weft.relationships.service import block, follow
from weft.timelines.service import active_people, dismiss_suggestion, newest_people, suggest_people
from weft.timelines.viewers import read_viewer

PLAIN = FollowOptions()


@pytest.fixture
async def people(db: Db, clock: ManualClock) -> list[AccountId]:
    made = []
    for name in ("ann", "bob", "carl", "dora", "shy"):
        clock.advance(1)
        made.append((await create_account(db, NewAccount(username=name))).id)
    async with db.tx(bucket_of(made[-1])) as tx:
        await edit_profile(tx, made[-1], ProfileEdit(discoverable=False))
    return made


async def post_publicly(db: Db, author_id: AccountId) -> None:
    post_id = db.ids.new(bucket_of(author_id))
    async with db.tx(post_id % 16) as tx:
        await tx.execute(
            "INSERT INTO public_posts (bucket, post_id, author_id) VALUES ($1, $2, $3)",
            *(post_id % 16, post_id, author_id),
        )


async def test_the_directory_shows_who_wants_to_be_found(db: Db, clock: ManualClock, people: list[AccountId]) -> None:
    ann, bob, carl, dora, shy = people
    for author in (bob, shy, ann, bob):
        clock.advance(1)
        await post_publicly(db, author)
    async with db.read() as reader:
        assert await newest_people(reader, 0, 10) == [dora, carl, bob, ann]
        assert await newest_people(reader, 1, 2) == [carl, bob]
        assert await active_people(reader, 0, 10) == [bob, ann]


async def test_suggestions_leave_out_who_is_known_blocked_or_dismissed(
    db: Db, clock: ManualClock, people: list[AccountId]
) -> None:
    ann, bob, carl, dora, shy = people
    for one, other in ((ann, bob), (bob, ann), (bob, carl), (bob, shy)):
        await follow(db, one, other, PLAIN)
    await post_publicly(db, dora)

    async def suggested() -> list[tuple[AccountId, str]]:
        async with db.read() as reader:
            return await suggest_people(reader, await read_viewer(reader, ann), 10)

    assert await suggested() == [(carl, "friends_of_friends"), (dora, "most_interactions")]
    await dismiss_suggestion(db, ann, carl)
    await block(db, dora, ann)
    assert await suggested() == []
