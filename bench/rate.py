"""500 posts a second for a minute with open streams: the kept rate and the time to a follower's home, told together,
because the answered rate alone misleads.
"""

from __future__ import annotations

import subprocess
import sys

import msgspec

from bench.bars import OTHER
from bench.measure import Target, Value
from bench.rate_load import RatePlan, RateSeen, Spread
from bench.report import Result
from bench.server import Server
from bench.writing import text_of

RATE = 500.0
SECONDS = 60.0
LISTENERS = 100
PUBLIC = 5
POSTERS = 500
IDLE = 60
WARM_S = 3.0
MISSING_MAY_BE = 0
"""Deliveries to open streams that may be lost."""

FOLLOWS = """
SELECT target_id, account_id FROM following -- all buckets: the benchmark's own preparation
 WHERE account_id = ANY($1::bigint[]) AND target_id = ANY($2::bigint[])
"""


def rate(target: Target, seconds: float = SECONDS) -> list[Result]:
    server = target.server
    if server is None:
        return []
    _play(_plan(target, server, WARM_S, 10), server)
    server.drain()
    seen, backlog, emptied = _play(_plan(target, server, seconds, IDLE), server)
    return _results(seen, backlog, emptied)


def _plan(target: Target, server: Server, seconds: float, idle: int) -> RatePlan:
    listeners = target.ids[:LISTENERS]
    candidates = target.ids[LISTENERS + PUBLIC :]
    rows = server.run(server.connection.fetch(FOLLOWS, listeners, candidates))
    followed = sorted({row[0] for row in rows})[:POSTERS]
    place = {id_: n for n, id_ in enumerate(followed)}
    listener = {id_: n for n, id_ in enumerate(listeners)}
    tokens = dict(zip(target.ids, target.tokens, strict=True))
    return RatePlan(
        address=target.address,
        posters=[tokens[id_] for id_ in followed],
        listeners=[tokens[id_] for id_ in listeners],
        public=target.tokens[LISTENERS : LISTENERS + PUBLIC],
        follows=[(place[row[0]], listener[row[1]]) for row in rows if row[0] in place],
        texts=[text_of(n)[12:] for n in range(997)],
        rate=RATE,
        seconds=seconds,
        idle=idle,
    )


def _play(plan: RatePlan, server: Server) -> tuple[RateSeen, int, float]:
    """What was seen, how much waited in the outbox when the last post was sent, and how long that took to empty."""
    process = subprocess.Popen([sys.executable, "-m", "bench.rate_load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(msgspec.json.encode(plan) + b"\n")
    process.stdin.flush()
    for expected in (b"ready\n", b"over\n"):
        if process.stdout.readline() != expected:
            process.kill()
            raise ConnectionError("the generator ended")
        process.stdin.write(b"go\n")
        process.stdin.flush()
    backlog = server.backlog()
    emptied = server.drain()
    seen = msgspec.json.decode(process.stdout.readline(), type=RateSeen)
    process.wait(60)
    return seen, backlog, emptied


def _results(seen: RateSeen, backlog: int, emptied: float) -> list[Result]:
    kept = seen.answered / seen.seconds
    # The last posts are still under way when the time is over.
    holds = OTHER["kept rate"].holds(kept * 1.01) and not seen.failed
    missing = seen.expected - seen.delivered
    return [
        Value(
            name="kept rate", value=kept, unit="/s", bar=str(OTHER["kept rate"]), passed=holds,
            note=f"of {RATE:g}/s for {seen.seconds:.0f} s, {seen.failed} failed {seen.sample}".rstrip(),
        ),
        Value(name="backlog at the end", value=backlog, unit="events", note=f"empty {emptied:.2f} s later"),
        Value(
            name="missing in streams", value=missing, unit="", passed=missing <= MISSING_MAY_BE,
            note=f"of {seen.expected} deliveries to followers",
        ),
        _delay("answer under load", seen.answer),
        _delay("stream idle", seen.stream_idle),
        _delay("home idle", seen.home_idle),
        _delay("stream loaded", seen.stream_loaded),
        _delay("home loaded", seen.home_loaded),
        _delay("public stream loaded", seen.public_loaded),
    ]  # fmt: skip


def _delay(name: str, spread: Spread) -> Result:
    bar = OTHER.get(f"{name} p99")
    return Value(
        name=f"{name} p99", value=spread.p99, unit="ms", bar=str(bar or ""),
        passed=bar.holds(spread.p99) and spread.count > 0 if bar else None,
        note=f"p50 {spread.p50:.1f}, p95 {spread.p95:.1f}, max {spread.most:.1f} of {spread.count}",
    )  # fmt: skip
