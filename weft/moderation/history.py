"""What happened in moderation in a span of time, counted from the reports and the record of decisions.

It says what was decided and how fast, and never who decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from weft.infra.db import Reader
from weft.moderation.model import Outcome

FILED = """
SELECT category, reporter_id = $3, count(*) FROM reports  -- shared: by id
 WHERE id >= $1 AND id < $2 GROUP BY 1, 2 ORDER BY 3 DESC, 1
"""

RESOLVED = """
SELECT outcome, reporter_id = $3, count(*) FROM reports  -- shared
 WHERE state = 'resolved' AND resolved_ms >= $1 AND resolved_ms < $2 GROUP BY 1, 2
"""

# The time is in the id.
MEDIAN = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY resolved_ms - (id >> 16)) FROM reports  -- shared
 WHERE state = 'resolved' AND resolved_ms >= $1 AND resolved_ms < $2
"""

ACTIONS = """
SELECT action, count(*) FROM audit WHERE at_ms >= $1 AND at_ms < $2 GROUP BY 1 ORDER BY 2 DESC, 1  -- shared
"""

_TIME_BITS: Final = 16


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """Of a span of time. ``suggested`` counts what no person reported."""

    filed: int
    suggested: int
    categories: Mapping[str, int]
    resolved: int
    outcomes: Mapping[Outcome, int]
    suggested_outcomes: Mapping[Outcome, int]
    """Of the resolved ones that no person had reported."""
    median_ms: int | None
    """From report to decision; None where nothing was decided."""
    actions: Mapping[str, int]
    """Of the record of decisions, everything that the staff did."""


async def load_happened(reader: Reader, from_ms: int, until_ms: int, suggesting_id: int = 0) -> Happened:
    """What came and was decided in ``[from_ms, until_ms)``; reports of ``suggesting_id`` are no person's."""
    filed = await reader.rows(FILED, from_ms << _TIME_BITS, until_ms << _TIME_BITS, suggesting_id)
    resolved = await reader.rows(RESOLVED, from_ms, until_ms, suggesting_id)
    median = await reader.value(MEDIAN, from_ms, until_ms)
    categories: dict[str, int] = {}
    for category, _, count in filed:
        categories[category] = categories.get(category, 0) + count
    outcomes: dict[Outcome, int] = {}
    for outcome, _, count in resolved:
        outcomes[outcome] = outcomes.get(outcome, 0) + count
    return Happened(
        filed=sum(categories.values()),
        suggested=sum(count for _, is_suggested, count in filed if is_suggested),
        categories=categories,
        resolved=sum(outcomes.values()),
        outcomes=outcomes,
        suggested_outcomes={outcome: count for outcome, is_suggested, count in resolved if is_suggested},
        median_ms=round(median) if median is not None else None,
        actions={row[0]: row[1] for row in await reader.rows(ACTIONS, from_ms, until_ms)},
    )
