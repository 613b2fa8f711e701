"""CPU of a tree of processes: children count, also those that have ended, and those left out do not."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from bench.bars import CPU_US, Bar
from bench.processes import cpu_us, pss_mb, tree
from bench.suite import NAMES, run

BURN = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


def test_a_child_that_ended_stays_counted() -> None:
    before = cpu_us(os.getpid())
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert cpu_us(os.getpid()) - before >= 250_000


def test_a_running_child_is_in_the_tree_and_may_be_left_out() -> None:
    child = subprocess.Popen([sys.executable, "-c", f"{BURN}\nimport time\ntime.sleep(30)"])
    try:
        deadline = time.monotonic() + 10
        while cpu_us(child.pid) < 250_000 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert child.pid in tree(os.getpid())
        assert cpu_us(child.pid) >= 250_000
        assert cpu_us(child.pid, frozenset({child.pid})) == 0
        assert pss_mb(child.pid) > 1
    finally:
        child.kill()
        child.wait()


def test_bars_bound_from_the_side_they_say() -> None:
    assert Bar(80, "us").holds(80) and not Bar(80, "us").holds(81)
    assert Bar(500, "/s", at_least=True).holds(500) and not Bar(500, "/s", at_least=True).holds(499)
    assert set(CPU_US) <= set(NAMES)


def test_an_unknown_scenario_and_a_missing_token_are_no_runs() -> None:
    assert run(["nonsense"]) == 2
    assert run(["home"], url="http://127.0.0.1:1") == 2
