"""What a run prints: a line per measurement, or one JSON object."""

from __future__ import annotations

import msgspec

from bench.measure import Series, Value

Result = Series | Value
HEAD = (
    f"{'scenario':<22}{'CPU us':>9}{'of it SQL':>10}{'bar':>13}{'x nginx':>9}{'p50 ms':>9}{'p99 ms':>9}"
    f"{'req/s':>9}{'bytes':>8}{'requests':>10}  result"
)


def line(result: Result) -> str:
    if isinstance(result, Value):
        bar = f"{result.value:>9.1f} {result.unit:<5}{result.bar:>16}"
        return f"{result.name:<22}{bar:<62}{'':>24}  {_verdict(result)} {result.note}".rstrip()
    cpu = f"{result.cpu_us:.0f}" if result.cpu_us is not None else "-"
    database = f"{result.database_us:.0f}" if result.database_us is not None else "-"
    ratio = f"{result.ratio:.1f}" if result.ratio is not None else "-"
    return (
        f"{result.name:<22}{cpu:>9}{database:>10}{result.bar:>13}{ratio:>9}{result.p50_ms:>9.2f}{result.p99_ms:>9.2f}"
        f"{result.rate:>9.0f}{result.bytes:>8}{result.requests:>10}  {_verdict(result)}"
        + (f" {result.failed} failed: {result.note}" if result.failed else "")
    )


def _verdict(result: Result) -> str:
    return {True: "pass", False: "MISS", None: ""}[result.passed]


def as_json(results: list[Result]) -> str:
    rows = []
    for result in results:
        row = msgspec.to_builtins(result)
        if isinstance(result, Series):
            row["ratio_to_static"] = result.ratio
        rows.append(row)
    return msgspec.json.encode({"results": rows}).decode()
