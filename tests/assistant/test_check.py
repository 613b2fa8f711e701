"""The rules by which models are judged, judged themselves: good, bad, echoing, hostile and empty answers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.assistant.golden import BY_KEY, GOLDEN, ITEMS, Answering, echo, good, key_of, served_by
from tests.support.scripted_model import scripted_model
from weft.assistant import marks
from weft.assistant.bars import BARS, SERVED_BY
from weft.assistant.check import EVERYTHING, Result, Wanted, check_models, ranks_of
from weft.assistant.drawing import SIDE, draw, png_of
from weft.assistant.golden_set import LANGUAGES, Language
from weft.assistant.scoring import GOOD_REFUSAL, Item
from weft.infra.db import Db
from weft.infra.engine.model import Ask
from weft.kernel.errors import Limited, Unavailable
from weft.operations.model_check import check, print_table, wanted_of
from weft.operations.reach import CommandFailed
from weft.settings import Settings

# In these parts one answer cannot be right twice.
OWN_ANSWERS = ("answers", "facts", "meaning", "wordings", "tasks", "tags")


def of(part: str, language: str = "en") -> list[Item]:
    return [item for item in ITEMS if item.part == part and item.language == language]


def named(item: Item) -> str:
    return f"{item.feature}-{item.part}-{item.language}"


async def results_of(model: Answering, wanted: Wanted = EVERYTHING) -> dict[tuple[str, str, str], Result]:
    found = {}
    async for result in check_models(GOLDEN, served_by(model), wanted):
        found[result.capability, result.part, result.language] = result
    return found


# ------------------------------------------------------------------------------------------------ the set


def test_every_part_has_eight_items_in_every_language_or_direction() -> None:
    counts = Counter((item.feature, item.part, item.language) for item in ITEMS)
    few = {key for key, count in counts.items() if count < 8}
    assert few == {("chat", "injections", language) for language in LANGUAGES}
    assert len({key for key in counts if key[0] == "translate"}) == 6
    assert {key[:2] for key in counts} | {("embed", "finds")} == set(BARS)
    assert {capability for capability, _ in BARS} == set(SERVED_BY)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_texts_are_in_their_language(language: Language) -> None:
    texts = [text for scene in GOLDEN.scenes for text in scene.texts(language)]
    texts += [scene.unanswerable.in_(language) for scene in GOLDEN.scenes]
    texts += [question.in_(language) for scene in GOLDEN.scenes for question in scene.questions]
    texts += [part for wording in GOLDEN.wordings[language] for part in (wording.text, wording.good)]
    for text in texts:
        assert [other for other in LANGUAGES if marks.is_in(text, other)] == [language], text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_question_is_answered_by_the_post_that_is_said_to_and_by_no_other(language: Language) -> None:
    for scene in GOLDEN.scenes:
        for question in scene.questions:
            holding = [
                number
                for number, text in enumerate(scene.texts(language), 1)
                if not marks.unsaid(text, question.want[language])
            ]
            assert holding == [question.right], question.in_(language)


# ------------------------------------------------------------------------------------------------ the rules


@pytest.mark.parametrize("item", ITEMS, ids=named)
def test_the_good_answer_is_right_and_neither_an_echo_nor_silence_is(item: Item) -> None:
    assert item.faults(item.good) == []
    assert item.faults(echo(item)) != []
    assert item.faults("") == ["empty"]
    assert item.faults(" \n ") == ["empty"]


@pytest.mark.parametrize("item", ITEMS, ids=named)
def test_a_control_word_or_the_instructions_spoil_any_answer(item: Item) -> None:
    for marker in ("<|im_end|>", "[INST]", "</s>", "\nassistant: more"):
        assert "marker" in item.faults(f"{item.good} {marker}")
    assert "instructions" in item.faults(f"{item.good} {item.ask.messages[0].text}")
    assert item.faults(f"{item.good} [1] " * 12)


@pytest.mark.parametrize("part", OWN_ANSWERS)
def test_the_answer_to_something_else_is_wrong(part: str) -> None:
    items = [item for item in ITEMS if item.part == part]
    for at, item in enumerate(items):
        others = [other for other in (items[at - 1], items[at - 3]) if other.language == item.language]
        right = [other.good for other in others if other.ask != item.ask and not item.faults(other.good)]
        assert right == [], named(item)


@pytest.mark.parametrize("item", [item for item in ITEMS if item.part in OWN_ANSWERS], ids=named)
def test_an_answer_in_another_language_is_wrong(item: Item) -> None:
    for language in LANGUAGES:
        if language != item.language.split("-")[-1] and item.part != "tags":
            # The refusal of another language is a text of it that invents nothing.
            assert item.faults(GOOD_REFUSAL[language])


def test_refusing_is_right_only_where_no_post_answers() -> None:
    for item in ITEMS:
        if item.feature == "ask":
            assert (item.faults("NONE") == []) == (item.part != "answers")
    for item in of("refusals"):
        if item.feature == "ask":
            assert item.faults("The repair costs 5000 euros. [1]")
            assert item.faults("No idea, sorry")


def test_an_answer_names_its_post_and_no_number_or_name_of_elsewhere() -> None:
    bridge = next(item for item in of("answers") if "How often" in echo(item))
    assert bridge.faults("The ferry goes every 20 minutes [1].") == []
    assert bridge.faults("The ferry goes every twenty minutes [1].") == []
    assert bridge.faults("The ferry goes every 20 minutes.")
    assert "sources" in bridge.faults("The ferry goes every 20 minutes [3].")
    assert bridge.faults("The ferry goes every 20 minutes [9].")
    assert "invents 15" in bridge.faults("The ferry goes every 15 or 20 minutes [1].")
    assert "invents 40" in bridge.faults("The ferry goes every 20 minutes and has 40 seats [1].")
    assert "invents Captain" in bridge.faults("The ferry of old Captain Ahab goes every 20 minutes [1].")
    assert bridge.faults("The ferry goes every 20 minutes, see https://ferry.example [1].")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_hostile_post_ordered_is_never_right(language: Language) -> None:
    hostile = [item for item in of("injections", language) if item.feature != "chat"]
    assert len(hostile) == 16
    for item, scene in zip([one for one in hostile if one.feature == "ask"], GOLDEN.scenes, strict=True):
        assert item.faults(f"{item.good} {scene.injection.obeyed[0]}")
        assert item.faults(scene.injection.in_(language))
        assert "link" in item.faults(f"{item.good} See evil.example now [1].")


def test_a_translation_keeps_every_fact_and_number_and_adds_none() -> None:
    item = next(one for one in ITEMS if one.language == "vi-en" and "hồ bơi" in echo(one).casefold())
    right = "The pool will reopen on May 3. Tickets cost 4 euros; children younger than six get in free."
    assert item.faults(right) == []
    assert item.faults("On 3 May the swimming pool reopens. Entry is €4, and kids under 6 pay nothing.") == []
    assert "loses 4" in item.faults(right.replace("4 euros", "some money"))
    assert "invents 7" in item.faults(right.replace("six", "7"))
    assert "misses May" in item.faults(right.replace("May 3", "June 3"))
    assert "length" in item.faults(f"{right} {right} We hope that many people of the town come along to swim there.")
    bus = next(one for one in ITEMS if one.language == "ko-en" and "14번" in echo(one))
    assert bus.faults("From April, bus 14 stops at the hospital. The last bus leaves the square at 11:30 pm.") == []
    assert "loses 30" in bus.faults("From April, bus 14 stops at the hospital. The last bus leaves the square at 11.")


def test_a_summary_is_shorter_than_the_thread_and_more_than_its_first_post() -> None:
    item, scene = of("facts")[0], GOLDEN.scenes[0]
    own = "The bridge at the mill closes on Monday for 11 weeks [1]. A ferry takes its place [1], bikes go free [2]."
    assert item.faults(own) == []
    assert "one post only" in item.faults(" ".join(f"{text} [1]" for text in scene.texts("en")[:1]))
    assert "no shorter" in item.faults(" ".join(f"{text} [{n}]" for n, text in enumerate(scene.texts("en"), 1)))
    assert "sources" in item.faults(own.replace("[1]", "[4]").replace("[2]", "[3]"))


def test_a_kinder_wording_keeps_the_facts_and_drops_the_insults() -> None:
    item = of("wordings")[0]
    assert item.faults("Please shut the gate next time: my 3 sheep ran off.") == []
    assert item.faults("You idiots, please shut the gate next time: my 3 sheep ran off.")
    assert item.faults("Please be careful, everybody. Thank you all very much for your help.")
    assert "invents 5" in item.faults("Please shut the gate next time: my 5 sheep ran off, all 3 of them.")


def test_tags_are_a_few_words_about_the_text() -> None:
    item = of("tags")[0]
    assert item.faults("#bridge #ferry #town") == []
    assert "subject" in item.faults("#love #instagood #photo")
    assert "count" in item.faults("#bridge #ferry #mill #monday #weeks #detour #traffic")
    assert "form" in item.faults("Here are some tags: #bridge #ferry")


def test_a_picture_is_described_by_what_is_there() -> None:
    item = of("pictures")[0]
    assert item.faults("A red circle on a white background.") == []
    assert item.faults("A red square on a white background.")
    assert item.faults("A red circle beside a blue square.")
    assert item.faults("A picture.")


def test_the_pictures_are_pictures() -> None:
    for picture in GOLDEN.pictures.pictures:
        canvas = draw(picture)
        assert canvas.shape == (SIDE, SIDE, 3)
        assert (canvas != 255).any()
        assert tuple(canvas[0, 0]) == (255, 255, 255)
        assert png_of(canvas).startswith(b"\x89PNG")


def test_numbers_are_the_same_however_they_are_written() -> None:
    assert marks.lost_numbers("Bốn người, 12 ghế", "4 people, 12 chairs", "en", "vi") == []
    assert marks.lost_numbers("Bảy người, 12 ghế", "4 people, 12 chairs", "en", "vi") == [4]
    assert marks.invented_numbers("11 weeks from the 2nd", ["11 weeks"], "en") == [2]
    assert marks.invented_numbers("thứ 2 hàng tuần", ["mỗi thứ Hai"], "vi") == []
    assert marks.invented_numbers("다섯 명", ["5명"], "ko") == []


# ------------------------------------------------------------------------------------------------ whole models


async def test_a_perfect_answerer_passes_everything() -> None:
    found = await results_of(Answering(good))
    assert [key for key, result in found.items() if not result.passed or result.score < 1] == []
    assert {key[0] for key in found} == set(SERVED_BY)
    assert {key[2] for key in found if key[0] == "embed"} >= {"en", "vi", "ko", "en-ko", "ko-vi"}


async def test_an_echo_passes_nothing_that_writes() -> None:
    found = await results_of(Answering(echo))
    assert [key for key, result in found.items() if result.passed and key[0] != "embed"] == []


@pytest.mark.parametrize("words", ["NONE", "I do not know that.", "Yes [1].", "Xin chào bạn nhé!", "#tag #post #news"])
async def test_one_answer_for_everything_switches_nothing_on(words: str) -> None:
    found = await results_of(Answering(lambda item: words))
    whole = {
        (capability, language)
        for capability, _, language in found
        if capability != "embed"
        and all(result.passed for key, result in found.items() if (key[0], key[2]) == (capability, language))
    }
    assert whole == set()
    if words == "NONE":
        assert found["ask", "refusals", "en"].passed and not found["ask", "answers", "en"].passed


@pytest.mark.parametrize("seed", range(5))
async def test_words_without_sense_switch_nothing_on(seed: int) -> None:
    draw_from = random.Random(seed)

    def salad(item: Item) -> str:
        words = " ".join(message.text for message in item.ask.messages).split()
        return " ".join(draw_from.choices(words, k=12)) + f" [{draw_from.randrange(1, 5)}]."

    found = await results_of(Answering(salad))
    assert not [key for key, result in found.items() if result.passed and key[1] in (*OWN_ANSWERS, "refusals")]


async def test_a_part_ends_when_its_bar_is_out_of_reach_unless_the_whole_is_wanted() -> None:
    model = Answering(echo)
    found = await results_of(model, Wanted(frozenset({"translate"})))
    assert {(result.asked, result.items) for result in found.values()} == {(2, 8)}
    assert len(model.asked) == 12
    found = await results_of(model, Wanted(frozenset({"translate"}), frozenset({"en", "ko"}), True))
    assert {key[2]: result.asked for key, result in found.items()} == {"en-ko": 8, "ko-en": 8}


async def test_a_model_that_understands_one_language_finds_in_that_alone() -> None:
    found = await results_of(Answering(good, understands=["en"]), Wanted(frozenset({"embed"})))
    assert [key[2] for key, result in found.items() if result.passed] == ["en"]


def test_vectors_that_are_all_alike_find_nothing() -> None:
    import numpy as np

    assert ranks_of(np.ones((2, 40), np.float32), [0, 7]) == [39, 39]


class Failing(Answering):
    def __init__(self, error: Exception) -> None:
        super().__init__(good)
        self.error = error

    async def say(self, ask: Ask) -> str:
        raise self.error


async def test_a_model_that_breaks_fails_and_one_that_is_away_or_too_busy_is_not_judged() -> None:
    found = await results_of(Failing(Unavailable("model.broken")), Wanted(frozenset({"tags"}), frozenset({"en"})))
    assert found["tags", "tags", "en"].faults == {"model.broken": 3}
    for error in (Unavailable("model.away"), Unavailable("model.slow"), Limited("budget.spent")):
        with pytest.raises(type(error)):
            await results_of(Failing(error), Wanted(frozenset({"tags"})))


# ------------------------------------------------------------------------------------------------ end to end


def served(folder: Path, url: str, *, model: str = "plain") -> Settings:
    named_: dict[str, str] = {}
    for capability in ("chat", "translate", "vision", "embed"):
        named_ |= {f"ai_{capability}_url": url, f"ai_{capability}_model": model}
    return Settings(data=str(folder), **named_)  # type: ignore[arg-type]


@pytest.mark.parametrize(("answer", "passes"), [(good, True), (echo, False)])
async def test_the_command_checks_a_server_keeps_the_results_and_says_what_is_on(
    db: Db, tmp_path: Path, answer: Callable[[Item], str], passes: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async with scripted_model(lambda body: answer(BY_KEY[key_of(body)])) as server:
        settings = served(tmp_path, server.url)
        said = await check(db, settings, Wanted(languages=frozenset({"en"})))
    rows = said["results"]
    assert isinstance(rows, list) and len(rows) == 12
    on = said["on"]
    assert isinstance(on, dict)
    for capability in set(SERVED_BY) - {"embed", "translate"}:
        assert on[capability] == (["en"] if passes else [])
    assert all("chat/completions" in call.path or "embeddings" in call.path for call in server.calls)
    print_table(said)
    printed = capsys.readouterr()
    assert "Golden set" in printed.out and ("passed" if passes else "failed") in printed.err
    async with db.read() as reader:
        assert await reader.value("SELECT count(*) FROM assistant_capabilities  -- shared") == 12
        assert await reader.value("SELECT count(*) FROM usage_events  -- all buckets") > 12


async def test_a_server_that_is_away_is_said_and_switches_nothing_on(db: Db, tmp_path: Path) -> None:
    said = await check(db, served(tmp_path, "http://127.0.0.1:9/v1"), Wanted(frozenset({"tags"})))
    assert said["away"] == "model.away"
    assert said["results"] == []


def test_an_unknown_capability_or_language_is_refused_in_words() -> None:
    with pytest.raises(CommandFailed, match="no capability jokes"):
        wanted_of(["jokes"], "", whole=False)
    with pytest.raises(CommandFailed, match="no fr"):
        wanted_of(["ask"], "fr", whole=False)
    assert wanted_of(["ask"], "vi", whole=True) == Wanted(frozenset({"ask"}), frozenset({"vi"}), True)
