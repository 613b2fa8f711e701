"""Judging posts: measured on accounts it did not see, silent below its bar; copies; and the digest of what waits."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.assistant.engine import engine_vectors
from weft.assistant.copies import WINDOW_MS, Written, copies_of, mark_of
from weft.assistant.digest import DAY_MS, Open, digest_of
from weft.assistant.judge import (
    KINDS,
    LEAST,
    LEAST_ACCOUNTS,
    MOST_OF_ONE,
    VERDICTS,
    Decided,
    Judge,
    Lesson,
    Quality,
    Verdict,
    evaluate,
    is_enough,
    learn,
    lesson_of,
    seeds,
    train,
)
from weft.assistant.vectors import Floats
from weft.kernel.ids import AccountId, PostId, make_id
from weft.kernel.text.terms import fold

WIDTH = 32
SALE = "Order these cheap brand watches today, everybody, only this week"


def vectors_of(texts: Sequence[str]) -> Floats:
    """Texts that share words are near."""
    rows = np.full((len(texts), 128), 1e-3, np.float32)
    for row, text in enumerate(texts):
        for word in fold(text).split():
            rows[row, zlib.crc32(word.encode()) % 128] += 1
    return unit(rows)


def unit(rows: Floats) -> Floats:
    found: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return found


def clusters(verdicts: Sequence[Verdict], seed: int = 1, spread: float = 0.05) -> Floats:
    """Vectors around one middle for each verdict."""
    draw = np.random.default_rng(seed)
    middles = np.eye(3, WIDTH)[[VERDICTS.index(one) for one in verdicts]]
    return unit((middles + draw.normal(0, spread, middles.shape)).astype(np.float32))


def decided(verdicts: Sequence[Verdict], each: int = 4) -> list[Decided]:
    """A post for each, ``each`` of them by one account."""
    return [
        Decided(post_id=PostId(1000 + at), author_id=AccountId(10 + at // each), text=f"post {at}", verdict=one)
        for at, one in enumerate(verdicts)
    ]


def many(verdict: Verdict, count: int) -> list[Verdict]:
    return [verdict] * count


def thrice(each: int) -> list[Verdict]:
    return [name for name in VERDICTS for _ in range(each)]


def lesson(verdicts: Sequence[Verdict], vectors: Floats | None = None) -> Lesson:
    taught = clusters([one.verdict for one in seeds()], seed=2)
    return Lesson(clusters(verdicts) if vectors is None else vectors, decided(verdicts), taught)


# ------------------------------------------------------------------------------------------------ the judge


def test_there_are_thirty_seeds_ten_of_each_kind() -> None:
    assert len(seeds()) == len({seed.text for seed in seeds()}) == 30
    assert all(sum(seed.verdict == name for seed in seeds()) == 10 for name in VERDICTS)


def test_a_judge_tells_apart_what_lies_apart() -> None:
    found = evaluate(lesson(thrice(20)))
    for quality in found.values():
        assert (quality.decided, quality.harmless, quality.shown, quality.correct) == (20, 20, 20, 20)
        assert (quality.precision, quality.recall, quality.why) == (1.0, 1.0, "")


def test_a_judge_that_was_taught_nonsense_is_below_its_bar() -> None:
    verdicts = thrice(30)
    shuffled = [verdicts[at] for at in np.random.default_rng(3).permutation(len(verdicts))]
    found = evaluate(lesson(shuffled, clusters(verdicts)))
    assert all(quality.why for quality in found.values()), found


def test_what_one_account_wrote_again_and_again_is_no_proof() -> None:
    """Each account has a manner of its own, and nothing else tells its verdict: held out by post it would be seen."""
    verdicts: list[Verdict] = [name for _ in range(8) for name in VERDICTS for _ in range(4)]
    manners = np.random.default_rng(5).normal(0, 1, (len(verdicts) // 4, WIDTH))
    rows = manners[[at // 4 for at in range(len(verdicts))]]
    found = evaluate(lesson(verdicts, unit(rows.astype(np.float32))))
    assert all(quality.why for quality in found.values()), found


def test_rare_verdicts_are_learnt_beside_common_ones() -> None:
    found = evaluate(lesson([*thrice(20), *many("ok", 180)]))
    assert all(quality.recall >= 0.9 and quality.precision >= 0.9 for quality in found.values()), found


def test_the_bar_is_for_what_a_person_would_be_shown() -> None:
    assert Quality(decided=20, harmless=20, shown=10, correct=8).why == ""
    assert Quality(decided=20, harmless=20, shown=10, correct=7).why == "wrong"
    assert Quality(decided=20, harmless=20, shown=4, correct=4).why == "misses"
    assert Quality(decided=20, harmless=20).why == "misses"


def test_enough_is_many_posts_of_several_accounts() -> None:
    many = decided(["spam"] * LEAST)
    assert is_enough(many, "spam") and not is_enough(many, "ok")
    assert not is_enough(many[1:], "spam")
    assert not is_enough(decided(["spam"] * LEAST, each=LEAST // (LEAST_ACCOUNTS - 1)), "spam")


def test_one_account_teaches_no_more_than_its_share_and_no_post_twice() -> None:
    given = decided(["spam"] * 12, each=12)
    assert lesson_of([*given, *given]) == given[:MOST_OF_ONE]
    twice = [given[0], Decided(post_id=given[0].post_id, author_id=AccountId(1), text="post", verdict="ok")]
    assert lesson_of(twice) == twice[:1], "the newest decision counts"


def test_a_judge_needs_examples_of_everything() -> None:
    verdicts = thrice(2)
    with pytest.raises(ValueError, match="every verdict"):
        train(clusters(verdicts)[:4], verdicts[:4])


def test_in_doubt_and_of_what_it_may_not_say_it_says_nothing() -> None:
    judge = learn(lesson(thrice(12)))
    spam, harmless = clusters(["spam", "ok"], seed=7)
    between = unit((spam + harmless)[None, :])
    assert judge.verdicts(between)[0][0] == "ok"
    assert judge.verdicts(spam[None, :])[0][0] == "spam"
    assert judge.verdicts(spam[None, :], ("abuse",))[0][0] == "ok"
    assert judge.verdicts(spam[None, :], ())[0][0] == "ok"


def test_what_looks_most_like_a_kind_that_may_not_be_said_is_not_said_as_another() -> None:
    """It would not have been shown when the other kind was measured."""
    judge = Judge(np.array([[0.4, 0.9], [0.9, 0.4]]), np.zeros(len(KINDS)))
    both = np.eye(2, dtype=np.float32)
    assert [verdict for verdict, _ in judge.verdicts(both)] == ["abuse", "spam"]
    assert [verdict for verdict, _ in judge.verdicts(both, ("spam",))] == ["ok", "spam"]


async def test_the_model_that_comes_along_tells_the_seeds_apart(tmp_path: Path) -> None:
    """Each fifth by what the others teach; printed, since it is quoted in docs/assistant.md."""
    async with engine_vectors(tmp_path) as model:
        vectors = await model.embed([seed.text for seed in seeds()], 0)
    verdicts, right = [seed.verdict for seed in seeds()], 0
    for part in range(5):
        taught = [at for at in range(len(verdicts)) if at % 5 != part]
        judge = train(vectors[taught], [verdicts[at] for at in taught])
        left = [at for at in range(len(verdicts)) if at % 5 == part]
        right += sum(said == verdicts[at] for at, (said, _) in zip(left, judge.verdicts(vectors[left]), strict=True))
    print(f"{right} of {len(verdicts)} seeds")
    assert right >= 0.7 * len(verdicts)


# ------------------------------------------------------------------------------------------------ copies


def written(texts: Sequence[str], *, author: int = 0, new: bool = False, apart_ms: int = 1) -> list[Written]:
    return [
        Written(PostId(make_id(DAY_MS + at * apart_ms, 3)), AccountId(author or 10 + at), new, mark_of(text))
        for at, text in enumerate(texts)
    ]


def test_the_same_words_from_many_accounts_are_copies() -> None:
    texts = [SALE, f"@ann {SALE.upper()}!!", f"{SALE} https://shop.example/17", "The pool opens in May"]
    nothing = np.zeros((4, 0), np.float32)
    assert copies_of(0, written(texts), nothing) == [0, 1, 2]
    assert copies_of(3, written(texts), nothing) == []
    assert copies_of(0, written(texts, author=7), nothing) == [], "one account repeats itself"
    assert copies_of(0, written(texts[:2]), nothing) == [], "two are no crowd"
    assert copies_of(0, written(texts[:2], new=True), nothing) == [0, 1], "unless they are new"
    assert copies_of(0, written(texts, apart_ms=WINDOW_MS), nothing) == []


def test_nearly_the_same_meaning_is_a_copy_as_far_as_a_model_read_it() -> None:
    texts = [SALE, f"{SALE} again", f"{SALE} and tomorrow", "Bread is out of the oven, come to the market before noon"]
    vectors = vectors_of([SALE] * 3 + texts[3:])
    assert copies_of(0, written(texts), vectors) == [0, 1, 2]
    vectors[1] = 0
    assert copies_of(0, written(texts), vectors) == []
    assert copies_of(1, written(texts), vectors) == []


def test_short_texts_are_nobodys_copies() -> None:
    assert mark_of("Good morning, everybody!") == b""
    assert mark_of("https://news.example/a-very-long-address-that-everybody-reads-today") == b""
    assert mark_of("좋은 아침입니다 여러분, 오늘도 다들 즐거운 하루 보내세요") != b""
    posts = written(["Good morning!"] * 4)
    assert copies_of(0, posts, vectors_of(["Good morning!"] * 4)) == []


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
