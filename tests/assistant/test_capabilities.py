"""What a check switches on: only what passed, in its language, for the very model and golden set it was made with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from weft.assistant.bars import BARS, SERVED_BY
from weft.assistant.capabilities import Capabilities, Gate, identity_of, store_result
from weft.assistant.check import Result
from weft.assistant.events import CapabilitiesChecked
from weft.assistant.golden_set import LANGUAGES, load_golden, version_of
from weft.infra.db import Db
from weft.infra.engine.model import Capability
from weft.infra.engine.places import Place
from weft.infra.events import Event

CHAT, OTHER, EMBED = "aa" * 32, "bb" * 32, "ee" * 32


class Chosen:
    """Which models the operator chose."""

    def __init__(self) -> None:
        self.places: dict[Capability, Place] = {
            "chat": Place("big", CHAT),
            "translate": Place("big", CHAT),
            "embed": Place("small", EMBED),
        }

    def place(self, capability: Capability) -> Place | None:
        return self.places.get(capability)


@pytest.fixture
def chosen() -> Chosen:
    return Chosen()


def result(
    capability: str, part: str, language: str, *, right: int = 8, sha256: str = CHAT, golden: str = ""
) -> Result:
    return Result(
        capability=capability,
        part=part,
        language=language,
        model="big",
        sha256=sha256,
        golden=golden or load_golden().version,
        right=right,
        asked=8,
        items=8,
        faults={} if right == 8 else {"empty": 8 - right},
    )


async def keep(db: Db, capability: str, language: str, **more: int | str) -> None:
    """Every part of a capability."""
    for name, part in BARS:
        if name == capability:
            await store_result(db, result(capability, part, language, **more))  # type: ignore[arg-type]


async def known(db: Db, chosen: Chosen) -> Capabilities:
    capabilities = Capabilities(db, chosen)
    await capabilities.load()
    return capabilities


async def test_with_nothing_checked_nothing_is_written_and_meaning_is_english(db: Db, chosen: Chosen) -> None:
    for capabilities in (Capabilities(db, chosen), await known(db, chosen)):
        for feature in set(SERVED_BY) - {"embed"}:
            assert not capabilities.may(feature)
            assert not capabilities.may(feature, "en")
        assert capabilities.embed_languages() == {"en"}
        assert capabilities.may("embed") and not capabilities.may("embed", "vi")
        assert list(capabilities.listed()) == []
        assert not capabilities.may("something else")
        assert all(one.on == (one.name == "embed") for one in capabilities.features())
    assert capabilities.model() == ("big", CHAT)


async def test_what_passed_is_on_in_its_language_and_everywhere_only_if_in_all(db: Db, chosen: Chosen) -> None:
    await keep(db, "summary", "en")
    capabilities = await known(db, chosen)
    assert capabilities.may("summary", "en")
    assert not capabilities.may("summary", "vi")
    assert not capabilities.may("summary")
    assert Gate(capabilities).may("summary") and not Gate(capabilities).may("ask")
    for language in LANGUAGES:
        await keep(db, "summary", language)
    await capabilities.load()
    assert capabilities.may("summary")
    assert list(capabilities.listed()) == [("summary", True, 1.0)]


async def test_a_translation_is_on_by_direction(db: Db, chosen: Chosen) -> None:
    await keep(db, "translate", "en-ko")
    capabilities = await known(db, chosen)
    assert capabilities.may("translate", "en-ko")
    assert not capabilities.may("translate", "ko-en")
    assert not capabilities.may("translate")


async def test_one_part_that_failed_or_was_not_asked_keeps_it_off(db: Db, chosen: Chosen) -> None:
    await store_result(db, result("ask", "answers", "en"))
    await store_result(db, result("ask", "refusals", "en"))
    assert not (await known(db, chosen)).may("ask", "en")
    await store_result(db, result("ask", "injections", "en", right=7))
    capabilities = await known(db, chosen)
    assert not capabilities.may("ask", "en")
    assert [(score.part, score.passed, score.score) for score in capabilities.scores()] == [
        ("answers", True, 1.0),
        ("injections", False, 0.875),
        ("refusals", True, 1.0),
    ]
    await store_result(db, result("ask", "injections", "en"))
    assert (await known(db, chosen)).may("ask", "en")


async def test_a_result_counts_for_its_model_and_its_golden_set_alone(db: Db, chosen: Chosen) -> None:
    await keep(db, "chat", "en", golden="0-old")
    await keep(db, "chat", "en", sha256=OTHER)
    assert not (await known(db, chosen)).may("chat", "en")
    await keep(db, "chat", "en")
    capabilities = await known(db, chosen)
    assert capabilities.may("chat", "en")
    chosen.places["chat"] = Place("another", OTHER + "00")
    assert not capabilities.may("chat", "en"), "off at once, before anybody has read anything again"
    assert list(capabilities.scores()) == []
    chosen.places["chat"] = Place("back again", CHAT)
    assert capabilities.may("chat", "en")
    del chosen.places["chat"]
    assert not capabilities.may("chat", "en")


async def test_meaning_is_compared_in_the_languages_that_passed(db: Db, chosen: Chosen) -> None:
    for language, right in (("en", 8), ("vi", 7), ("ko", 3), ("en-vi", 8)):
        await store_result(db, result("embed", "finds", language, right=right, sha256=EMBED))
    capabilities = await known(db, chosen)
    assert capabilities.embed_languages() == {"en", "vi"}
    await store_result(db, result("embed", "finds", "en", right=1, sha256=EMBED))
    await capabilities.load()
    assert capabilities.embed_languages() == {"vi"}
    chosen.places["embed"] = Place("new", OTHER)
    assert capabilities.embed_languages() == {"en"}, "another model was not checked"
    del chosen.places["embed"]
    assert capabilities.embed_languages() == frozenset()


def test_a_server_is_named_by_its_address_and_its_name_there() -> None:
    one = Place("llama", is_own=False, lane="0000abcd")
    assert identity_of(one) == identity_of(one)
    assert len({identity_of(one), identity_of(msgspec.structs.replace(one, name="other")),
                identity_of(msgspec.structs.replace(one, lane="0000abce"))}) == 3  # fmt: skip
    assert identity_of(Place("own", CHAT)) == CHAT


async def test_a_check_is_told_and_read_again(db: Db, chosen: Chosen) -> None:
    told: list[Event] = []
    db.publish = told.extend
    capabilities = await known(db, chosen)
    listeners: list[Callable[..., None]] = []

    class Wires:
        def on(self, kind: type[Event], listener: Callable[..., None]) -> None:
            assert kind is CapabilitiesChecked
            listeners.append(listener)

        def on_reset(self, drop: Callable[..., None]) -> None:
            listeners.append(drop)

    capabilities.listen(Wires())  # type: ignore[arg-type]
    keeping = asyncio.create_task(capabilities.keep())
    await keep(db, "tags", "en")
    assert told == [CapabilitiesChecked(capability="tags")]
    listeners[0](told[0])
    async with asyncio.timeout(10):
        while not capabilities.may("tags", "en"):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    keeping.cancel()


def test_the_golden_set_is_named_by_its_texts_and_by_the_meaning_of_its_rules() -> None:
    texts, rule = (
        [b"[a]", b"[b]"],
        b'"""What it is."""\nLEAST = 3\n"""At least."""\n\ndef f(x):\n    return x > LEAST\n',
    )
    known = version_of(texts, [rule])
    assert version_of(texts, [b"# said otherwise\nLEAST = 3\ndef f(x): return (x > LEAST)\n"]) == known
    assert version_of(texts, [rule.replace(b">", b">=")]) != known
    assert version_of(texts, [rule.replace(b"= 3", b"= 4")]) != known
    assert version_of([b"[a]", b"[c]"], [rule]) != known
    assert version_of([b"[a][b]", b""], [rule]) != known
    assert load_golden().version == load_golden().version != known
