"""The limits gate: windows, shared counts, headers."""

import multiprocessing
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.infra.admit import API, DELETE, Admit, RateClass
from weft.kernel.clock import ManualClock

FIVE = RateClass("five", 5, 60)
START_MS = 1_767_322_980_000 - 1_767_322_980_000 % 300_000 + 1_000


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_MS)


@pytest.fixture
def admit(clock: ManualClock) -> Admit:
    return Admit(None, clock, enabled=True)


def test_the_limit_is_allowed_and_one_more_is_refused(admit: Admit) -> None:
    verdicts = [admit.check(FIVE, "ann") for _ in range(6)]
    assert [verdict.allowed for verdict in verdicts] == [True] * 5 + [False]
    assert [verdict.remaining for verdict in verdicts] == [4, 3, 2, 1, 0, 0]


def test_a_new_window_starts_empty(admit: Admit, clock: ManualClock) -> None:
    for _ in range(6):
        last = admit.check(FIVE, "ann")
    clock.advance((last.reset_ms - clock.now_ms()) / 1000 - 0.001)
    assert not admit.check(FIVE, "ann").allowed
    clock.advance(0.001)
    assert admit.check(FIVE, "ann").remaining == 4


def test_keys_and_classes_are_counted_apart(admit: Admit) -> None:
    for _ in range(5):
        admit.check(FIVE, 7)
    assert not admit.check(FIVE, 7).allowed
    assert admit.check(FIVE, "7").allowed
    assert admit.check(FIVE, 8).allowed
    assert admit.check(DELETE, 7).allowed


def test_a_cost_above_what_remains_is_refused_and_counts_nothing(admit: Admit) -> None:
    assert admit.check(FIVE, "ann", cost=3).remaining == 2
    refused = admit.check(FIVE, "ann", cost=3)
    assert (refused.allowed, refused.remaining) == (False, 2)
    assert admit.check(FIVE, "ann", cost=2).allowed


def test_forgiving_gives_back_but_never_below_nothing(admit: Admit) -> None:
    admit.check(FIVE, "ann")
    admit.forgive(FIVE, "ann")
    admit.forgive(FIVE, "ann")
    assert admit.check(FIVE, "ann").remaining == 4


def test_disabled_limits_never_refuse_and_never_tell_clients_to_stop(clock: ManualClock) -> None:
    admit = Admit(None, clock, enabled=False)
    verdicts = [admit.check(FIVE, "ann") for _ in range(9)]
    assert all(verdict.allowed for verdict in verdicts)
    assert [verdict.remaining for verdict in verdicts[:5]] == [4, 3, 2, 1, 1]
    assert verdicts[-1].remaining == 1


def test_headers_name_limit_remainder_and_the_time_of_the_reset(admit: Admit) -> None:
    verdict = admit.check(API, 1)
    expected_reset = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(verdict.reset_ms // 1000)).encode()
    for _ in range(2):
        assert admit.headers(verdict) == [
            (b"x-ratelimit-limit", b"300"),
            (b"x-ratelimit-remaining", b"299"),
            (b"x-ratelimit-reset", expected_reset),
        ]


def test_two_gates_on_one_file_share_their_counts(tmp_path: Path, clock: ManualClock) -> None:
    first = Admit(tmp_path / "admit.map", clock, enabled=True)
    second = Admit(tmp_path / "admit.map", clock, enabled=True)
    for gate in (first, second, first, second, first):
        assert gate.check(FIVE, "ann").allowed
    assert not second.check(FIVE, "ann").allowed
    assert (tmp_path / "admit.map").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["admit.map"]


def test_counts_outlive_a_restart(tmp_path: Path, clock: ManualClock) -> None:
    before = Admit(tmp_path / "admit.map", clock, enabled=True)
    before.check(FIVE, "ann", cost=4)
    before.close()
    assert Admit(tmp_path / "admit.map", clock, enabled=True).check(FIVE, "ann").remaining == 0


@pytest.mark.parametrize("content", [b"", b"not a table", b"\0" * 1_572_888])
def test_a_broken_file_is_replaced(tmp_path: Path, clock: ManualClock, content: bytes) -> None:
    path = tmp_path / "admit.map"
    path.write_bytes(content)
    assert Admit(path, clock, enabled=True).check(FIVE, "ann").remaining == 4


def spend(path: Path, times: int) -> None:
    admit = Admit(path, ManualClock(START_MS), enabled=True)
    for turn in range(times):
        admit.check(RateClass("many", 1_000_000, 300), "shared")
        admit.check(FIVE, turn)


def test_processes_that_count_at_once_lose_little_and_break_nothing(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "admit.map"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=spend, args=(path, 5_000)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    seen = 1_000_000 - Admit(path, clock, enabled=True).check(RateClass("many", 1_000_000, 300), "shared").remaining
    assert 5_000 < seen <= 15_001


def test_a_full_table_keeps_the_busiest_keys(admit: Admit) -> None:
    for _ in range(5):
        admit.check(FIVE, "busy")
    for key in range(150_000):
        admit.check(FIVE, key)
    assert not admit.check(FIVE, "busy").allowed


steps = st.lists(
    st.tuples(st.sampled_from(["ann", "bob", 1]), st.integers(1, 3), st.integers(0, 40), st.booleans()), max_size=40
)


@given(steps)
def test_counting_agrees_with_a_plain_dictionary(steps: list[tuple[str | int, int, int, bool]]) -> None:
    clock = ManualClock(START_MS)
    admit = Admit(None, clock, enabled=True)
    counts: Counter[tuple[str | int, int]] = Counter()
    for key, cost, pause_s, forgiven in steps:
        clock.advance(pause_s)
        place = key, clock.now_ms() // 60_000
        allowed = counts[place] + cost <= 5
        counts[place] += cost if allowed else 0
        verdict = admit.check(FIVE, key, cost)
        assert (verdict.allowed, verdict.remaining) == (allowed, 5 - counts[place])
        if forgiven:
            admit.forgive(FIVE, key)
            counts[place] = max(0, counts[place] - 1)
    admit.close()


def test_a_check_with_its_headers_is_fast(admit: Admit) -> None:
    rate = RateClass("fast", 1_000_000_000, 300)
    best = min(timed(admit, rate) for _ in range(5))
    assert best < 10e-6, "the bar is 1.5 us alone on the machine; ten times as much is a fault in the code"


def timed(admit: Admit, rate: RateClass) -> float:
    start = time.perf_counter()
    for key in range(2_000):
        admit.headers(admit.check(rate, key % 50))
    return (time.perf_counter() - start) / 2_000
