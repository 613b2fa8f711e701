"""What happened in moderation, and how well the judge of posts does, for the command line."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from weft import __version__
from weft.admin.digest import Counted, ModerationDigest, Waiting, load_digest
from weft.admin.moderating import decisions
from weft.assistant.service import (
    MOST_REPORTS,
    PATIENCE,
    Anything,
    Called,
    Calls,
    Decided,
    Lesson,
    evaluate,
    lesson_of,
    seeds,
)
from weft.infra.db import Db
from weft.infra.engine.client import Models
from weft.infra.engine.places import Endpoints, model_fetcher
from weft.infra.engine.process import LocalEngines
from weft.ledger.service import Ledger
from weft.operations.reach import CommandFailed
from weft.settings import Settings


async def digest(db: Db, days: int) -> dict[str, object]:
    return msgspec.structs.asdict(await load_digest(db, days))


def print_digest(answer: dict[str, object]) -> None:
    found = msgspec.convert(answer, ModerationDigest, from_attributes=True)
    _print_waiting(found.waiting)
    print(f"In {found.days} days {found.filed} reports came ({found.filed_before} in as many before).")
    print(f"{found.resolved} were resolved ({found.resolved_before}): {_told(found.outcomes)}.")
    if found.median_hours is not None:
        print(f"Half of them within {found.median_hours} hours.")
    one = found.suggested
    print(f"A classifier suggested {one.filed}; {one.upheld} were upheld, {one.unfounded} unfounded.")
    print(f"Recorded: {_told(found.actions)}.")


def _print_waiting(found: Waiting) -> None:
    print(f"{found.count} reports wait, {found.suggested} of them suggested; {found.today} came within a day.")
    for category in found.categories:
        print(f"  {category.name}: {category.count}")
    if found.oldest is not None:
        print(f"The oldest is {found.oldest.report}, for {found.oldest.hours} hours.")
    for reported in found.most_reported:
        print(f"@{reported.account.acct}: {reported.reports} reports")
    for group in found.alike:
        print(f"{len(group.reports)} reports of {group.accounts} accounts are alike: {group.quote}")


def _told(counts: Sequence[Counted]) -> str:
    return ", ".join(f"{each.count} {each.name}" for each in counts) or "none"


async def measure_judge(db: Db, settings: Settings) -> dict[str, object]:
    """How the judge does on decisions that it did not see.

    Raises:
        CommandFailed: nothing was decided yet, or a setting of the models cannot be used.
        Unavailable: no model that embeds.
    """
    async with db.read() as reader:
        decided = lesson_of(await decisions(reader, MOST_REPORTS))
    if not decided:
        raise CommandFailed("No report was resolved as upheld or unfounded yet: there is nothing to learn from.")
    quality = evaluate(await _read(db, settings, decided))
    return {
        "harmless": sum(one.verdict == "ok" for one in decided),
        **{
            f"{kind}_{name}": value
            for kind, one in quality.items()
            for name, value in (
                ("decided", one.decided),
                ("shown", one.shown),
                ("precision", round(one.precision, 3)),
                ("recall", round(one.recall, 3)),
            )
        },
    }


async def _read(db: Db, settings: Settings, decided: list[Decided]) -> Lesson:
    try:
        endpoints = Endpoints(settings, LocalEngines(settings.folder, db.clock, settings.ai_idle_s))
    except ValueError as error:
        raise CommandFailed(str(error)) from None
    fetcher = model_fetcher(settings, f"Weft/{__version__}")
    models = Models(fetcher)
    calls = Calls(models, endpoints, Ledger(db, db.clock), Anything(), bounds=PATIENCE)
    try:
        model = Called(calls, "embed")
        vectors = await model.embed([one.text for one in decided])
        return Lesson(vectors, decided, await model.embed([one.text for one in seeds()]))
    finally:
        await calls.aclose()
        await models.aclose()
        await fetcher.aclose()
        await endpoints.engines.aclose()
