"""Posts ranked by what they share with a question, and what ranking may cost in a large community."""

from __future__ import annotations

import pytest

from tests.support.town import Person, Town
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.search.indexing import build_missing
from weft.search.questions import Want, english_forms, korean_stem, read_question
from weft.search.ranked import Sample, proposing_wants, rank_posts, score


@pytest.fixture
def town(db: Db, clock: ManualClock) -> Town:
    return Town(db, clock)


@pytest.fixture
async def ann(town: Town) -> Person:
    return await town.person("ann")


async def ranked(town: Town, question: str, language: str) -> list[str]:
    await build_missing(town.db)
    async with town.db.read() as reader:
        return [str(id_) for id_ in await rank_posts(reader, question, language, 10)]


def terms(question: str, language: str) -> list[str]:
    return [want.terms[0] for want in read_question(question, language)]


async def test_a_post_needs_not_all_words_and_the_rare_ones_count_most(town: Town, ann: Person) -> None:
    for number in range(5):
        await ann.say(f"bread and more bread {number}")
    soup = await ann.say("soup and bread")
    other = await ann.say("soup without anything")
    assert (await ranked(town, "Who brings bread and soup and spoons?", "en"))[:2] == [soup["id"], other["id"]]
    assert await ranked(town, "Who was it?", "en") == []
    assert await ranked(town, "spoons?", "en") == []


async def test_english_words_are_found_in_their_other_forms(town: Town, ann: Person) -> None:
    post = await ann.say("The choir rehearses; the lamps were carried and the copies stopped")
    for question in ("rehearse", "rehearsing", "lamp", "carry", "carries", "copy", "stopping"):
        assert await ranked(town, question, "en") == [post["id"]], question


async def test_vietnamese_marks_decide_between_words_that_fold_alike(town: Town, ann: Person) -> None:
    await ann.say("con kiến bò trên bàn")
    sued = await ann.say("Musk dọa kiện công ty")
    assert (await ranked(town, "Ai kiện ai?", "vi"))[0] == sued["id"]
    assert set(terms("Vì sao Musk dọa kiện Meta?", "vi")) == {"musk", "doa", "=dọa", "kien", "=kiện", "meta"}


async def test_korean_is_found_without_particles_and_endings(town: Town, ann: Person) -> None:
    post = await ann.say("메타는 2분기 매출이 늘었다고 발표했다")
    await ann.say("오늘은 비가 와요")
    assert await ranked(town, "메타의 매출은 얼마나 늘었나요?", "ko") == [post["id"]]


@pytest.mark.parametrize(
    ("word", "stem"),
    [
        ("매출은", "매출"),
        ("회사에서", "회사"),
        ("늘었나요", "늘었"),
        ("발표하나요", "발표"),
        ("지도", "지도"),
        ("는", "는"),
    ],
)
def test_a_korean_word_loses_its_ending(word: str, stem: str) -> None:
    assert korean_stem(word) == stem


def test_inflections_stay_few_and_keep_the_word_itself() -> None:
    for word in ("stop", "rehearse", "class", "boxes", "carried", "x", "42", "running"):
        forms = english_forms(word)
        assert word in forms and len(forms) <= 12
    assert {"run", "runs"} <= set(english_forms("running")) and "clas" not in english_forms("class")


def test_the_rarest_words_propose_and_common_ones_only_add() -> None:
    rare, middling, common = Want(("rare",)), Want(("middling",)), Want(("common",))
    counts = {"rare": 2, "middling": 30, "common": 400}
    small = Sample(900, 20.0, counts, 900)
    large = Sample(1000, 20.0, counts, 1_000_000)
    assert proposing_wants([common, middling, rare], small) == [common, middling, rare]
    assert proposing_wants([common, middling, rare], large) == [rare]
    assert proposing_wants([common], large) == []
    assert proposing_wants([common, middling], large) == [middling]
    assert score([rare], large, 20, ["rare"]) > score([common], large, 20, ["common"])
    assert score([rare], large, 20, ["rare"]) > score([rare], large, 200, ["rare"])


def test_a_question_of_any_length_asks_for_a_bounded_number_of_things() -> None:
    assert len(read_question(" ".join(f"word{n}" for n in range(5000)), "en")) <= 32
    assert len(read_question("가나다라마바사" * 500, "ko")) <= 32
