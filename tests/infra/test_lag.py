"""When the loop counts as late, and when as calm again."""

from __future__ import annotations

import asyncio
import time

from weft.infra.lag import Lag


def noted(lag: Lag, late_ms: float, seconds: float, start_s: float) -> float:
    for tenth in range(int(seconds * 10)):
        lag.note(start_s + tenth / 10, late_ms)
    return start_s + seconds


def test_it_is_high_after_five_late_seconds_and_calm_after_five_punctual_ones() -> None:
    lag, told = Lag(), list[int]()
    lag.on_calm(lambda: told.append(1))
    at = noted(lag, 1, 3, 0)
    at = noted(lag, 25, 4.5, at)
    assert not lag.is_high
    at = noted(lag, 25, 2, at)
    assert lag.is_high and lag.mean_ms == 25
    at = noted(lag, 3, 4.5, at)
    assert lag.is_high and told == []
    noted(lag, 3, 2, at)
    assert not lag.is_high and told == [1]


def test_a_punctual_second_between_late_ones_begins_the_count_anew() -> None:
    lag, at = Lag(), 0.0
    for _ in range(5):
        at = noted(lag, 30, 3, at)
        at = noted(lag, 0, 2, at)
    assert not lag.is_high


async def test_a_blocked_loop_is_noticed() -> None:
    lag = Lag(late_ms=20, long_s=0)
    sampling = asyncio.create_task(lag.sample_for_ever())
    await asyncio.sleep(0)
    for _ in range(12):
        time.sleep(0.12)
        await asyncio.sleep(0.03)
    assert lag.is_high and lag.mean_ms > 20
    sampling.cancel()
