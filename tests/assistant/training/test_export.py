"""Only public posts of members who agreed are learnt from; whoever withdraws or goes is not in the next run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from tests.support.town import BASE, Person, Town
from weft.accounts.events import AccountStateChanged
from weft.accounts.service import Authenticator, delete_account, set_state
from weft.assistant import jobs
from weft.assistant.service import opt_out, training
from weft.assistant.training.consent import end_consents
from weft.assistant.training.routes import ROUTES
from weft.infra.admit import Admit
from weft.infra.db import Db
from weft.infra.routing.application import Application, Serving
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Invalid
from weft.kernel.ids import bucket_of

HOUR = 3600
CONSENT = "/api/weft/v1/assistant/training_consent"


@pytest.fixture
def town(db: Db, clock: ManualClock) -> Town:
    return Town(db, clock)


@pytest.fixture
async def people(town: Town) -> dict[str, Person]:
    """Ann, Bob and Cat agreed and wrote; Dan wrote as much and was never asked."""
    found = {name: await town.person(name) for name in ("ann", "bob", "cat", "dan")}
    for name in ("ann", "bob", "cat"):
        await training.set_consent(town.db, found[name].account.id, True)
    for round_ in range(4):
        for name, person in found.items():
            town.clock.advance(HOUR)
            await person.say(f"{name} tells of boats and of the river, part {'abcdefgh'[round_]}")
    return found


async def texts(town: Town, share: float = 1.0) -> list[str]:
    window = training.Window(0, town.clock.now_ms() + 1000)
    found = await training.export(town.db, window, b"key", share)
    return [sample.text for sample in (*found.split.train, *found.split.held_out)]


async def names(town: Town) -> set[str]:
    return {text.split()[0] for text in await texts(town)}


async def test_nobody_is_read_who_did_not_agree(town: Town, people: dict[str, Person]) -> None:
    assert await names(town) == {"ann", "bob", "cat"}


async def test_withdrawal_opting_out_suspension_and_deletion_reach_the_next_run(
    town: Town, people: dict[str, Person]
) -> None:
    await training.set_consent(town.db, people["ann"].account.id, False)
    assert await names(town) == {"bob", "cat"}
    await training.set_consent(town.db, people["ann"].account.id, True)
    await opt_out(town.db, people["bob"].account.id, True)
    assert await names(town) == {"ann", "cat"}
    async with town.db.tx(bucket_of(people["cat"].account.id)) as tx:
        await set_state(tx, people["cat"].account.id, "suspended")
    assert await names(town) == {"ann"}
    await opt_out(town.db, people["bob"].account.id, False)
    await delete_account(town.db, people["ann"].account.id)
    assert await names(town) == {"bob"}


async def test_a_deleted_account_has_agreed_to_nothing(town: Town, people: dict[str, Person]) -> None:
    ann = people["ann"].account.id
    await delete_account(town.db, ann)
    async with town.db.job() as tx:
        await end_consents(tx, [AccountStateChanged(account_id=ann, state="deleted")])
        assert not (await training.consent_of(tx, ann)).agreed
    assert end_consents in [handle for _, _, handle in jobs.HANDLERS]


async def test_deleted_narrowed_warned_and_repeated_posts_are_left_out(town: Town, people: dict[str, Person]) -> None:
    ann, bob = people["ann"], people["bob"]
    gone = await ann.say("this one is deleted right after it was written")
    await ann.remove(f"statuses/{gone['id']}")
    await ann.say("only for those who follow me and nobody else", visibility="private")
    await ann.say("not on the public timeline of this town at all", visibility="unlisted")
    await ann.say("behind a warning that says what is in it", spoiler_text="careful")
    await bob.say("ann tells of boats and of the river, part A!")
    kept = await bob.say("write to me at bob@example.org about the boats")
    await bob.post(f"statuses/{kept['id']}/reblog")
    found = await texts(town)
    assert len(found) == 13
    assert "write to me at [address] about the boats" in found


async def test_the_window_and_the_manifest_say_what_was_read(town: Town, people: dict[str, Person]) -> None:
    window = training.Window(town.clock.now_ms() - 6 * HOUR * 1000, town.clock.now_ms() + 1000)
    found = await training.export(town.db, window, b"key", 1.0)
    assert len(found.split.train) + len(found.split.held_out) < 12
    assert found.manifest.agreed == 3 and found.manifest.consent_terms == 1
    with pytest.raises(Invalid):
        await training.export(town.db, training.Window(0, 1), b"key", 1.0)


async def test_a_member_agrees_and_withdraws_over_the_api(db: Db, clock: ManualClock, town: Town) -> None:
    ann = await town.person("ann")
    admit = Admit(None, clock, False)
    serving = Serving(authenticate=Authenticator(db), admit=admit, clock=clock, base_url=BASE)
    application = Application(ROUTES, cast(Any, SimpleNamespace(db=db)), serving)
    transport = httpx.ASGITransport(app=cast(Any, application))
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=ann.client.headers) as client:
        assert (await client.get(CONSENT)).json() == {"agreed": False, "since": None}
        agreed = (await client.post(CONSENT, json={"agreed": True})).json()
        assert agreed["agreed"] and agreed["since"]
        clock.advance(60)
        assert (
            (await client.post(CONSENT, json={"agreed": True})).json() == agreed == (await client.get(CONSENT)).json()
        )
        assert (await client.post(CONSENT, json={"agreed": False})).json() == {"agreed": False, "since": None}
        assert (await client.post(CONSENT, json={"agreed": "perhaps"})).status_code == 422
        assert (await client.get(CONSENT, headers={"authorization": ""})).status_code == 401
