"""The invariants of the books, by a machine that does whatever can be done in any order.

1 all lines sum to zero; 2 no entry without lines; 3 sums only grow; 4 one key, one entry; 5 spent and held stay within
the budget; 6 a hold is settled within itself and ends once; 7 what timed out holds nothing; 8 usage and entries are
complete both ways; 9 the chain verifies; 12 a price is that of its time; 13 less than a millionth is lost; 14 a replay
gives the same chain; 15 a reversal undoes; 20 what people do among themselves goes on when the assistant stops.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.ledger.oracle import Machine
from weft.infra.db import open_db
from weft.kernel.clock import ManualClock


@pytest.mark.timeout(600)  # some hundreds of statements: seconds of CPU, minutes on a machine that is busy with others
def test_the_books_hold_whatever_is_done_in_whatever_order(database_url: str, clock: ManualClock) -> None:
    with asyncio.Runner() as runner:
        db = runner.run(open_db(database_url, clock, size=6))
        driven = type("Driven", (Machine,), {"db": db, "clock": clock, "runner": runner})
        try:
            run_state_machine_as_test(
                driven,
                settings=settings(
                    max_examples=25,
                    stateful_step_count=30,
                    deadline=None,
                    phases=(Phase.explicit, Phase.generate),
                    suppress_health_check=list(HealthCheck),
                ),
            )
        finally:
            runner.run(db.close())
