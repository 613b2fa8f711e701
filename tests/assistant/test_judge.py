"""Judging posts: measured on what it did not see, a person decides, staff is left alone; and the moderators' digest."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pytest

from weft.accounts.model import NewAccount
from weft.accounts.service import create_account
from weft.assistant.digest import DAY_MS, Open, digest_of
from weft.assistant.judge import (
    VERDICTS,
    WINDOW_MS,
    Verdict,
    Written,
    duplicates,
    evaluate,
    seeds,
    suspicions,
    train,
)
from weft.assistant.vectors import Floats
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.ids import AccountId, PostId
from weft.kernel.paging import Page
from weft.kernel.text.terms import fold
from weft.moderation.service import reports_page, require_report, resolve_report
from weft.operations.moderating import decisions, digest, open_reports, print_digest, queue_suspicion


def vectors_of(texts: Sequence[str]) -> Floats:
    """Texts that share words are near."""
    rows = np.full((len(texts), 128), 1e-3, np.float32)
    for row, text in enumerate(texts):
        for word in fold(text).split():
            rows[row, zlib.crc32(word.encode()) % 128] += 1
    unit: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def clusters(each: int, seed: int = 1, spread: float = 0.3) -> tuple[Floats, list[Verdict]]:
    """Vectors around one middle for each verdict."""
    draw = np.random.default_rng(seed)
    middles = np.eye(3, 32)
    rows = np.concatenate([middle + draw.normal(0, spread / 6, (each, 32)) for middle in middles]).astype(np.float32)
    unit: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit, [name for name in VERDICTS for _ in range(each)]


def written(at: int, *, author: int = 0, staff: bool = False, new: bool = False, at_ms: int = 0) -> Written:
    return Written(PostId(1000 + at), AccountId(author or 10 + at), staff, new, at_ms)


# ------------------------------------------------------------------------------------------------ the judge


def test_there_are_thirty_seeds_ten_of_each_kind() -> None:
    assert len(seeds()) == len({seed.text for seed in seeds()}) == 30
    assert all(sum(seed.verdict == name for seed in seeds()) == 10 for name in VERDICTS)


def test_a_judge_tells_apart_what_lies_apart() -> None:
    vectors, verdicts = clusters(12)
    quality = evaluate(vectors, verdicts)
    assert quality.accuracy == 1.0
    assert (quality.precision, quality.recall) == (1.0, 1.0)
    assert quality.counts == {"spam": 12, "abuse": 12, "ok": 12}


def test_a_judge_that_was_taught_nonsense_measures_no_better_than_guessing() -> None:
    vectors, verdicts = clusters(30)
    shuffled = [verdicts[at] for at in np.random.default_rng(3).permutation(len(verdicts))]
    assert evaluate(vectors, shuffled).accuracy < 0.55


def test_rare_verdicts_are_learnt_beside_common_ones() -> None:
    vectors, verdicts = clusters(40)
    kept = [at for at, name in enumerate(verdicts) if name == "ok" or at % 8 == 0]
    quality = evaluate(vectors[kept], [verdicts[at] for at in kept])
    assert quality.recall >= 0.9 and quality.precision >= 0.9


def test_a_judge_needs_examples_of_everything() -> None:
    vectors, verdicts = clusters(2)
    with pytest.raises(ValueError, match="every verdict"):
        train(vectors[:4], verdicts[:4])
    with pytest.raises(ValueError, match="parts"):
        evaluate(vectors, verdicts)


def test_in_doubt_nobody_is_asked() -> None:
    vectors, verdicts = clusters(12)
    judge = train(vectors, verdicts)
    between: Floats = ((vectors[0] + vectors[-1]) / np.linalg.norm(vectors[0] + vectors[-1]))[None, :]
    assert judge.verdicts(between)[0][0] == "ok"
    assert judge.verdicts(vectors[:1])[0][0] == "spam"


def test_suspicions_say_that_they_are_automatic_and_leave_the_staff_alone() -> None:
    vectors, verdicts = clusters(12)
    judge = train(vectors, verdicts)
    posts = [written(at, staff=at == 1) for at in range(4)]
    found = suspicions(judge, posts, vectors[[0, 1, 12, 24]])
    assert [(one.post_ids[0], one.verdict) for one in found] == [(1000, "spam"), (1002, "abuse")]
    assert all(one.reason.startswith("Automatic, no person") for one in found)


def test_the_same_from_many_accounts_is_one_group() -> None:
    texts = ["buy these cheap watches now"] * 3 + ["the pool opens in May", "bread is out of the oven"]
    vectors = vectors_of(texts)
    assert duplicates([written(at) for at in range(5)], vectors) == [[0, 1, 2]]
    assert duplicates([written(at, author=7) for at in range(5)], vectors) == [], "one account repeats itself"
    assert duplicates([written(at, staff=at == 0) for at in range(5)], vectors) == [], "two are no crowd"
    assert duplicates([written(at, staff=at == 0, new=True) for at in range(5)], vectors) == [[1, 2]]
    apart = [written(at, at_ms=at * (WINDOW_MS + 1)) for at in range(5)]
    assert duplicates(apart, vectors) == []
    assert duplicates([], vectors[:0]) == []


# ------------------------------------------------------------------------------------------------ the digest


def reported(at: int, text: str, *, account: int = 1, hours: int = 1, category: str = "spam") -> Open:
    return Open(at, AccountId(account), category, NOW - hours * 3_600_000, "", (text,), automatic=at % 2 == 0)


NOW = 10 * DAY_MS


def test_a_digest_counts_names_the_oldest_and_puts_together_what_is_alike() -> None:
    reports = [
        reported(1, "cheap watches for everybody, order now", account=5),
        reported(2, "order cheap watches now, for everybody", account=6),
        reported(3, "you are an idiot and a fool", account=7, hours=50, category="violation"),
        reported(4, "watches for everybody! order cheap now", account=5),
    ]
    found = digest_of(reports, NOW)
    assert (found.waiting, found.automatic, found.today) == (4, 2, 3)
    assert found.categories == {"spam": 3, "violation": 1}
    assert (found.oldest, found.oldest_hours) == (3, 50)
    assert found.most_reported == [(5, 2)]
    assert [(group.reports, group.accounts) for group in found.groups] == [([1, 2, 4], 2)]
    assert found.groups[0].quote in [report.texts[0] for report in reports]
    assert digest_of(reports, NOW, vectors_of([report.texts[0] for report in reports])).groups == found.groups


def test_a_digest_of_nothing_is_nothing() -> None:
    found = digest_of([], NOW)
    assert (found.waiting, found.oldest, found.groups) == (0, 0, [])


async def test_a_suspicion_waits_in_the_queue_for_a_person_and_nothing_else_happens(
    db: Db, clock: ManualClock, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []
    for name in ("helper", "bob", "maud"):
        clock.advance(1)
        made.append((await create_account(db, NewAccount(username=name))).id)
    helper, bob, maud = made
    vectors, verdicts = clusters(12)
    post = Written(PostId(77), bob, False, True, 0)
    for suspicion in suspicions(train(vectors, verdicts), [post], vectors[:1]):
        await queue_suspicion(db, helper, suspicion)
    async with db.read() as reader:
        waiting = await reports_page(reader, "open", Page(10))
        assert [(one.reporter_id, one.account_id, one.category) for one in waiting] == [(helper, bob, "spam")]
        assert [one.automatic for one in await open_reports(reader)] == [True]
        assert await decisions(reader) == []
    said = await digest(db)
    assert (said["waiting"], said["automatic"]) == (1, 1)
    print_digest(said)
    assert "1 reports wait, 1 of them automatic" in capsys.readouterr().out
    await resolve_report(db, maud, waiting[0].id, "nothing wrong")
    async with db.read() as reader:
        assert (await require_report(reader, waiting[0].id)).state == "resolved"
        assert await decisions(reader) == [], "its post is gone: it teaches nothing"
