"""Checks the configured models by the golden set, keeps the results and prints them.

Each part is kept as soon as it is done, so that a check that is stopped half-way is not lost.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft import __version__
from weft.assistant.service import (
    DIRECTIONS,
    PATIENCE,
    QUEUES,
    SERVED_BY,
    SPOKEN,
    Anything,
    Called,
    Calls,
    Capabilities,
    Result,
    Tested,
    WantedCheck,
    check_models,
    identity_of,
    load_golden,
    store_result,
)
from weft.infra.db import Db
from weft.infra.engine.client import Models
from weft.infra.engine.model import Capability
from weft.infra.engine.places import Endpoints, model_fetcher
from weft.infra.engine.process import LocalEngines
from weft.kernel.errors import Limited, Unavailable
from weft.ledger.service import Ledger
from weft.operations.reach import CommandFailed, notice
from weft.settings import Settings


class Row(msgspec.Struct, frozen=True):
    """A line of the table."""

    capability: str
    part: str
    language: str
    model: str
    score: float
    bar: float
    passed: bool
    right: int
    asked: int
    items: int
    faults: dict[str, int]


def wanted_of(capabilities: Sequence[str], language: str, *, whole: bool) -> WantedCheck:
    """What the operator named.

    Raises:
        CommandFailed: there is no such capability or language.
    """
    unknown = [name for name in capabilities if name not in SERVED_BY]
    if unknown:
        raise CommandFailed(f"There is no capability {unknown[0]}; there are {', '.join(SERVED_BY)}.")
    if language and language not in SPOKEN:
        raise CommandFailed(f"The golden set has no {language}; it has {', '.join(SPOKEN)}.")
    return WantedCheck(frozenset(capabilities), frozenset([language] if language else []), whole)


async def check(db: Db, settings: Settings, wanted: WantedCheck) -> dict[str, object]:
    """Check what is wanted and keep what comes of it."""
    endpoints = _endpoints(settings, db)
    fetcher = model_fetcher(settings, f"Weft/{__version__}")
    models = Models(fetcher)
    calls = Calls(models, endpoints, Ledger(db, db.clock), Anything(), folder=settings.folder / QUEUES, bounds=PATIENCE)
    rows: list[Row] = []
    away = ""
    tested = _tested(endpoints, calls)
    try:
        async for result in check_models(load_golden(), tested, wanted):
            await store_result(db, result)
            rows.append(_row(result))
            notice(_line(rows[-1]))
    except (Unavailable, Limited) as error:
        away = error.code
    finally:
        await calls.aclose()
        await models.aclose()
        await fetcher.aclose()
        await endpoints.engines.aclose()
    return await _answer(db, endpoints, tested, rows, away)


async def _answer(
    db: Db, endpoints: Endpoints, tested: dict[Capability, Tested], rows: list[Row], away: str
) -> dict[str, object]:
    capabilities = Capabilities(db, endpoints)
    await capabilities.load()
    return {
        "golden": load_golden().version,
        "models": {capability: f"{one.name} {one.sha256}" for capability, one in tested.items()},
        "away": away,
        "results": rows,
        "on": {name: sorted(capabilities.languages(name)) for name in SERVED_BY},
    }


def _endpoints(settings: Settings, db: Db) -> Endpoints:
    try:
        return Endpoints(settings, LocalEngines(settings.folder, db.clock, settings.ai_idle_s))
    except ValueError as error:
        raise CommandFailed(str(error)) from None


def _tested(endpoints: Endpoints, calls: Calls) -> dict[Capability, Tested]:
    return {
        capability: Tested(place.name, identity_of(place), Called(calls, capability), place.slots)
        for capability in dict.fromkeys(SERVED_BY.values())
        if (place := endpoints.place(capability)) is not None
    }


def _row(result: Result) -> Row:
    return Row(
        capability=result.capability,
        part=result.part,
        language=result.language,
        model=result.model,
        score=round(result.score, 4),
        bar=result.bar,
        passed=result.passed,
        right=result.right,
        asked=result.asked,
        items=result.items,
        faults=result.faults,
    )


def _line(row: Row) -> str:
    verdict = "passed" if row.passed else "failed"
    faults = ", ".join(f"{what} {count}" for what, count in list(row.faults.items())[:3])
    asked = f"{row.right}/{row.asked}" + (f" of {row.items}" if row.asked < row.items else "")
    what = f"{row.capability} {row.part}"
    return (
        f"{what:<20} {row.language:<6} {verdict:<7} {row.score:.2f} (bar {row.bar:.2f}) {asked:<10} {faults}".rstrip()
    )


def print_table(answer: dict[str, object]) -> None:
    """What is on after the check; the parts were printed as they were done."""
    models = msgspec.convert(answer["models"], dict[str, str])
    on = msgspec.convert(answer["on"], dict[str, list[str]])
    print(f"Golden set {answer['golden']}.")
    for capability, name in models.items():
        print(f"{capability}: {name}")
    for name, languages in on.items():
        most = DIRECTIONS if name == "translate" else SPOKEN
        shown = "everywhere" if set(languages) >= set(most) else ", ".join(languages) or "off"
        print(f"{name:<10} {shown}")
    if answer["away"]:
        print(f"A model could not be asked ({answer['away']}); what was checked before that is kept.")
