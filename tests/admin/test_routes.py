"""What the staff sees of moderation and of the models, by the routes; and that nobody else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.security.house import ALL, House, Person, house_on
from weft.assistant.bars import SERVED_BY
from weft.assistant.capabilities import store_result
from weft.assistant.check import Result
from weft.assistant.golden_set import load_golden
from weft.assistant.index import Means
from weft.assistant.judge import Decided
from weft.assistant.lessons import learn_again
from weft.infra.db import Reader
from weft.moderation.model import Complaint
from weft.moderation.service import file_report

API = "/api/weft/v1/assistant"
STAFF_ROUTES = ("digest", "scores")
READS_REPORTS = ALL | {"admin:read:reports", "admin:write:reports"}


@pytest.fixture
async def house(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(database_url, tmp_path) as house:
        yield house


async def report(house: House, by: Person, of: Person, text: str, **more: str) -> str:
    post = await of.say(text)
    complaint = Complaint(account_id=of.account_id, comment="please look", post_ids=(int(post["id"]),), **more)  # type: ignore[arg-type]
    return str((await file_report(house.db, by.account_id, complaint, ())).id)


async def test_the_digest_is_counted_from_what_was_reported_and_decided(house: House) -> None:
    maud = await house.person("maud", READS_REPORTS, role="moderator")
    ann, bob, carl = [await house.person(name) for name in ("ann", "bob", "carl")]
    sale = "order cheap watches now, everybody"
    first = await report(house, ann, bob, sale, category="spam")
    second = await report(house, ann, carl, f"{sale}, today", category="spam")
    third = await report(house, carl, bob, "something rude", category="violation")
    done = await maud.post(f"/api/weft/v1/reports/{third}/resolve", note="warned", outcome="upheld")
    assert (done["state"], done["outcome"]) == ("resolved", "upheld")
    found = await maud.get(f"{API}/digest", days=30)
    waiting = found["waiting"]
    assert (waiting["count"], waiting["suggested"], waiting["today"]) == (2, 0, 2)
    assert waiting["categories"] == [{"name": "spam", "count": 2}]
    assert waiting["oldest"] == {"report": first, "hours": 0}
    assert [sorted(group["reports"]) for group in waiting["alike"]] == [sorted([first, second])]
    assert waiting["most_reported"] == [], "no account has two open reports"
    assert (found["days"], found["filed"], found["filed_before"]) == (30, 3, 0)
    assert found["categories"] == [{"name": "spam", "count": 2}, {"name": "violation", "count": 1}]
    assert (found["resolved"], found["outcomes"]) == (1, [{"name": "upheld", "count": 1}])
    assert found["actions"] == [{"name": "report.upheld", "count": 1}]
    assert found["suggested"] == {"filed": 0, "upheld": 0, "unfounded": 0, "waiting": 0}
    assert found["median_hours"] == 0.0
    again = await maud.post(f"/api/weft/v1/reports/{third}/reopen", note="looked again")
    assert (again["state"], again["outcome"]) == ("open", "")


async def test_a_capability_is_shown_with_its_scores_its_bar_its_model_and_when_it_was_checked(house: House) -> None:
    maud = await house.person("maud", READS_REPORTS, role="moderator")
    place = house.worker.ports.endpoints.place("embed")
    found = {one["name"]: one for one in (await maud.get(f"{API}/scores"))["capabilities"]}
    assert list(found) == list(SERVED_BY)
    assert (found["translate"]["on"], found["translate"]["score"], found["translate"]["parts"]) == (False, None, [])
    if place is None:
        assert (found["embed"]["model"], found["embed"]["sha256"]) == ("", "")
        pytest.skip("no embedding model is installed: what it scored cannot be shown")
    result = Result(
        capability="embed",
        part="finds",
        language="en",
        model=place.name,
        sha256=place.sha256,
        golden=load_golden().version,
        right=15,
        asked=16,
        items=16,
        faults={"not among": 1},
    )
    await store_result(house.db, result)
    await house.worker.ports.mind.capabilities.load()
    found = {one["name"]: one for one in (await maud.get(f"{API}/scores"))["capabilities"]}
    embed = found["embed"]
    assert (embed["on"], embed["languages"], embed["score"]) == (True, ["en"], 0.9375)
    assert (embed["model"], embed["sha256"]) == (place.name, place.sha256)
    (score,) = embed["parts"]
    assert (score["language"], score["bar"], score["passed"], score["asked"]) == ("en", 0.8, True, 16)
    assert score["checked_at"] == embed["checked_at"]


async def test_a_classifier_that_learnt_too_little_says_so(house: House) -> None:
    maud = await house.person("maud", READS_REPORTS, role="moderator")
    assert (await maud.get(f"{API}/scores"))["classifiers"] == []

    async def nothing(reader: Reader, limit: int) -> list[Decided]:
        return []

    class Unasked:
        model = "words"

        async def embed(self, texts: object, account_id: int) -> None:
            raise AssertionError("nothing was decided")

    await learn_again(house.db, Means(Unasked(), frozenset({"en"})), nothing)  # type: ignore[arg-type]
    found = (await maud.get(f"{API}/scores"))["classifiers"]
    assert [(one["kind"], one["serves"], one["why"], one["precision"]) for one in found] == [
        ("spam", False, "few", None),
        ("abuse", False, "few", None),
    ]


async def test_nobody_but_the_staff_sees_any_of_it(house: House) -> None:
    ann = await house.person("ann", READS_REPORTS)
    maud = await house.person("maud", role="moderator")
    for name in STAFF_ROUTES:
        assert (await ann.http.get(f"{API}/{name}")).status_code == 403
        assert (await maud.http.get(f"{API}/{name}")).status_code == 403, "an app without the scope"
        assert (await house.visitor.get(f"{API}/{name}")).status_code == 401
    owner = await house.person("owner", READS_REPORTS, role="owner")
    for days in ("0", "91", "x"):
        assert (await owner.http.get(f"{API}/digest", params={"days": days})).status_code in (400, 422)
