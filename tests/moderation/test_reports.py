"""Reports: filed, merged while open, worked off with a reason, and the record of decisions that nobody can change."""

from __future__ import annotations

import pytest

from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Conflict, Invalid, NotFound
from weft.kernel.ids import AccountId, PostId
from weft.kernel.paging import Page
from weft.moderation.model import MAX_COMMENT, MAX_NOTE, MAX_POSTS, Complaint, Outcome
from weft.moderation.service import (
    count_open,
    file_report,
    find_break,
    is_unfounded,
    load_happened,
    named_posts,
    record,
    reopen_report,
    reports_page,
    require_report,
    resolve_report,
)

RULES = ("1", "2")
NEW_YEAR = 1_767_225_600_000


@pytest.fixture
async def people(db: Db, clock: ManualClock) -> list[AccountId]:
    """Ann, who reports; Bob, who is reported; Maud, who moderates."""
    made = []
    for name in ("ann", "bob", "maud"):
        clock.advance(1)
        made.append((await create_account(db, NewAccount(username=name))).id)
    return made


async def test_a_report_is_in_the_queue_until_it_is_resolved_with_a_reason(
    db: Db, people: list[AccountId], clock: ManualClock
) -> None:
    ann, bob, maud = people
    filed = await file_report(
        db, ann, Complaint(account_id=bob, category="spam", comment="again", post_ids=(PostId(7), PostId(9))), RULES
    )
    async with db.read() as reader:
        assert await reports_page(reader, "open", Page(10)) == [filed]
        assert await count_open(reader) == 1
    clock.advance(5)
    done = await resolve_report(db, maud, filed.id, "warned by mail")
    assert (done.state, done.note, done.resolved_ms) == ("resolved", "warned by mail", clock.now_ms())
    async with db.read() as reader:
        assert await reports_page(reader, "open", Page(10)) == []
        assert await reports_page(reader, "resolved", Page(10)) == [done]


async def test_what_is_reported_again_while_open_is_added_to_it(db: Db, people: list[AccountId]) -> None:
    ann, bob, maud = people
    first = await file_report(
        db, ann, Complaint(account_id=bob, comment="rude", post_ids=(PostId(1),), rule_ids=("1",)), RULES
    )
    again = await file_report(
        db,
        ann,
        Complaint(
            account_id=bob, category="violation", comment="rude again", post_ids=(PostId(2), PostId(1)), rule_ids=("2",)
        ),
        RULES,
    )
    assert again.id == first.id
    assert again.post_ids == (1, 2)
    assert again.rule_ids == ("1", "2")
    assert again.category == "violation"
    assert again.comment == "rude again\n\nrude"
    silent = await file_report(db, ann, Complaint(account_id=bob, comment="rude"), RULES)
    assert silent.comment == again.comment, "the same words are kept once"
    await resolve_report(db, maud, first.id, "seen")
    assert (await file_report(db, ann, Complaint(account_id=bob), RULES)).id != first.id


async def test_a_report_never_names_more_posts_than_it_may(db: Db, people: list[AccountId]) -> None:
    ann, bob, _ = people
    await file_report(db, ann, Complaint(account_id=bob, post_ids=tuple(map(PostId, range(1, 41)))), RULES)
    again = await file_report(db, ann, Complaint(account_id=bob, post_ids=tuple(map(PostId, range(41, 61)))), RULES)
    assert again.post_ids == tuple(range(21, 61)), "the newest stay"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"comment": "x" * (MAX_COMMENT + 1)}, "report.comment_too_long"),
        ({"post_ids": tuple(range(MAX_POSTS + 1))}, "report.too_many_posts"),
        ({"rule_ids": ("1", "77")}, "report.rule_unknown"),
    ],
)
async def test_what_no_report_is_made_of_is_refused(
    db: Db, people: list[AccountId], wrong: dict[str, object], code: str
) -> None:
    with pytest.raises(Invalid, match=code):
        await file_report(db, people[0], Complaint(account_id=people[1], **wrong), RULES)  # type: ignore[arg-type]
    async with db.read() as reader:
        assert await count_open(reader) == 0


async def test_nobody_reports_themselves(db: Db, people: list[AccountId]) -> None:
    with pytest.raises(Invalid, match=r"report\.own"):
        await file_report(db, people[0], Complaint(account_id=people[0]), RULES)


async def test_a_resolved_report_is_reopened_unless_a_newer_one_is_open(db: Db, people: list[AccountId]) -> None:
    ann, bob, maud = people
    first = await file_report(db, ann, Complaint(account_id=bob), RULES)
    await resolve_report(db, maud, first.id, "nothing to see")
    assert (await reopen_report(db, maud, first.id, "looked again")).state == "open"
    assert (await reopen_report(db, maud, first.id, "twice")).state == "open"
    await resolve_report(db, maud, first.id, "done")
    await file_report(db, ann, Complaint(account_id=bob), RULES)
    with pytest.raises(Conflict, match=r"report\.open_already"):
        await reopen_report(db, maud, first.id, "once more")


async def test_a_decision_needs_a_reason_and_a_report(db: Db, people: list[AccountId]) -> None:
    ann, bob, maud = people
    filed = await file_report(db, ann, Complaint(account_id=bob), RULES)
    for note, code in (("  ", "report.note_blank"), ("x" * (MAX_NOTE + 1), "report.note_too_long")):
        with pytest.raises(Invalid, match=code):
            await resolve_report(db, maud, filed.id, note)
    with pytest.raises(NotFound):
        await resolve_report(db, maud, filed.id + 1, "why")
    with pytest.raises(NotFound):
        await reopen_report(db, maud, filed.id + 1, "why")
    async with db.read() as reader:
        assert (await require_report(reader, filed.id)).state == "open"
        assert await find_break(reader) == (0, 0), "nothing was decided, so nothing is recorded"


async def test_the_queue_goes_by_id_both_ways(db: Db, people: list[AccountId], clock: ManualClock) -> None:
    ann, _, maud = people
    ids = []
    for number in range(5):
        clock.advance(1)
        other = await create_account(db, NewAccount(username=f"other{number}"))
        ids.append((await file_report(db, ann, Complaint(account_id=other.id), RULES)).id)
    del maud
    async with db.read() as reader:
        newest = [report.id for report in await reports_page(reader, "open", Page(2))]
        older = [report.id for report in await reports_page(reader, "open", Page(2, before=newest[-1]))]
        up = [report.id for report in await reports_page(reader, "open", Page(2, after=older[-1], upwards=True))]
    assert (newest, older, up) == (ids[:2:-1], ids[2:0:-1], [ids[3], ids[2]])


async def test_who_resolves_may_say_whether_the_report_was_right(
    db: Db, people: list[AccountId], clock: ManualClock
) -> None:
    ann, bob, maud = people
    given: tuple[tuple[Outcome, int], ...] = (("upheld", 5), ("unfounded", 6), ("", 7))
    for outcome, post_id in given:
        filed = await file_report(db, ann, Complaint(account_id=bob, post_ids=(PostId(post_id),)), RULES)
        clock.advance(3600)
        assert (await resolve_report(db, maud, filed.id, "seen", outcome)).outcome == outcome
    assert (await resolve_report(db, maud, filed.id, "twice", "upheld")).outcome == "", "the first decision stands"
    async with db.read() as reader:
        assert await named_posts(reader, (4, 5, 6)) == {5, 6}
        assert [await is_unfounded(reader, (post_id,)) for post_id in (4, 5, 6)] == [False, False, True]
        found = await load_happened(reader, 0, clock.now_ms() + 1, suggesting_id=ann)
        nothing = await load_happened(reader, 0, NEW_YEAR, suggesting_id=ann)
    assert (found.filed, found.suggested, found.categories) == (3, 3, {"other": 3})
    assert found.outcomes == found.suggested_outcomes == {"upheld": 1, "unfounded": 1, "": 1}
    assert found.median_ms == 3_600_000
    assert found.actions == {"report.upheld": 1, "report.unfounded": 1, "report.resolve": 1}
    assert (nothing.filed, nothing.resolved, nothing.median_ms, nothing.actions) == (0, 0, None, {})
    assert (await reopen_report(db, maud, filed.id, "looked again")).outcome == ""


# ------------------------------------------------------------------------------------------------ the record


async def test_each_decision_is_recorded_once_in_an_unbroken_chain(db: Db, people: list[AccountId]) -> None:
    ann, bob, maud = people
    filed = await file_report(db, ann, Complaint(account_id=bob), RULES)
    await resolve_report(db, maud, filed.id, "warned")
    await resolve_report(db, maud, filed.id, "said twice, done once")
    await reopen_report(db, maud, filed.id, "too soon")
    async with db.read() as reader:
        rows = await reader.rows("SELECT actor_id, action, subject, reason FROM audit ORDER BY number  -- shared")
        assert [tuple(row) for row in rows] == [
            (maud, "report.resolve", f"report:{filed.id}", "warned"),
            (maud, "report.reopen", f"report:{filed.id}", "too soon"),
        ]
        assert await find_break(reader) == (2, 0)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit SET reason = 'kinder' WHERE number = 2  -- shared",
        "UPDATE audit SET actor_id = 1 WHERE number = 2  -- shared",
        "DELETE FROM audit WHERE number = 2  -- shared",
        "UPDATE audit SET hash = sha256('x') WHERE number = 2  -- shared",
    ],
)
async def test_a_changed_or_missing_entry_is_named(db: Db, people: list[AccountId], harm: str) -> None:
    for number in range(4):
        async with db.tx(0) as tx:
            await record(tx, people[2], "report.resolve", f"report:{number}", "because")
    async with db.read() as reader:
        assert await find_break(reader) == (4, 0)
    async with db.job() as tx:
        await tx.execute(harm)
    async with db.read() as reader:
        assert (await find_break(reader))[1] == 2


async def test_a_decision_that_is_undone_leaves_no_entry(db: Db, people: list[AccountId]) -> None:
    with pytest.raises(NotFound):
        async with db.tx(0) as tx:
            await record(tx, people[2], "report.resolve", "report:1", "because")
            raise NotFound("record.absent")
    async with db.read() as reader:
        assert await find_break(reader) == (0, 0)
