"""Which scenarios there are, and a run of some of them against a server of our own or anybody's."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence

from bench import rate, reading, report, whole, writing
from bench.community import Size, community
from bench.measure import Refused, Target, Value
from bench.report import Result
from bench.semantic import semantic
from bench.server import serving
from bench.static import static_server
from bench.wire import Address

Scenario = Callable[[Target], list[Result]]
SCENARIOS: dict[str, Scenario] = {
    "home": reading.home,
    "home_cold": reading.home_cold,
    "public": reading.public,
    "post_one": reading.post_one,
    "context": reading.context,
    "notifications": reading.notifications,
    "like": writing.like,
    "follow": writing.follow,
    "post": writing.post,
    "sign_up": whole.sign_up,
}
NAMES = (*SCENARIOS, "start", "rate", "web", "engine", "hub", "semantic", "askers")
OF_OUR_OWN = frozenset({"home_cold", "sign_up", "start", "rate", "web", "engine", "hub", "semantic", "askers"})
"""Need a server that this program starts itself."""


def run(
    names: Sequence[str] = (),
    url: str | None = None,
    token: str | None = None,
    *,
    as_json: bool = False,
    pid: int | None = None,
    seconds: float = rate.SECONDS,
) -> int:
    """Measure and print. 0: every bar that applies holds; 1: one was missed; 2: not a run.

    Without ``url``, a community is seeded and served for the occasion. With one, latency and rate are measured, and
    CPU where ``pid`` names the server's first process.
    """
    wanted = list(NAMES) if not names or "all" in names else list(names)
    if unknown := [name for name in wanted if name not in NAMES]:
        print(f"bench: no such scenario: {', '.join(unknown)}. There are: all, {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    if url is not None and not token:
        print("bench: --url needs --token, of an account there.", file=sys.stderr)
        return 2
    if not as_json:
        print(report.HEAD, flush=True)
    results: list[Result] = []
    for result in _measure_all(wanted, url, token or "", pid, seconds):
        results.append(result)
        if not as_json:
            print(report.line(result), flush=True)
    if as_json:
        print(report.as_json(results))
    return 1 if any(result.passed is False for result in results) else 0


def _measure_all(wanted: list[str], url: str | None, token: str, pid: int | None, seconds: float) -> Iterator[Result]:
    served = [name for name in wanted if name in SCENARIOS and (url is None or name not in OF_OUR_OWN)]
    with static_server() as static:
        with contextlib.ExitStack() as stack:
            if served:
                target = _target_at(url, token, pid) if url is not None else stack.enter_context(_own_target())
                target.static = static
                for name in served:
                    yield from _measure(name, SCENARIOS[name], target)
        if url is None and "rate" in wanted:
            with _own_target() as target:
                yield from _measure("rate", lambda target: rate.rate(target, seconds), target)
        if url is None and "start" in wanted:
            yield from whole.start()
        if url is None and "web" in wanted:
            # Only here: the browser's library is no dependency of the other scenarios.
            from bench.web import web

            yield from web()
        if url is None and "semantic" in wanted:
            yield from semantic()
        if url is None and "engine" in wanted:
            from bench.engine import engine

            yield from engine()
        if url is None and "hub" in wanted:
            from bench.hub import hub

            yield from hub()
        if url is None and "askers" in wanted:
            # Only here: it brings the assistant along.
            from bench.askers import askers

            yield from askers()


def _measure(name: str, scenario: Scenario, target: Target) -> Iterator[Result]:
    try:
        yield from scenario(target)
    except (Refused, TimeoutError, ConnectionError) as error:
        print(f"bench: {name}: {error}", file=sys.stderr, flush=True)
        if target.server is not None:
            print("\n".join(target.server.said), file=sys.stderr, flush=True)
        yield Value(name=name, value=0.0, unit="", passed=False, note="could not be measured")


def _target_at(url: str, token: str, pid: int | None) -> Target:
    return Target(Address.of(url), token, pid=pid)


@contextlib.contextmanager
def _own_target() -> Iterator[Target]:
    with community(Size.chosen()) as ours, serving(ours.folder) as server:
        target = Target(server.address, ours.people.viewer_token)
        target.tokens, target.ids = ours.people.tokens, ours.people.ids
        target.celebrity_token = ours.people.celebrity_token
        target.server = server
        yield target
