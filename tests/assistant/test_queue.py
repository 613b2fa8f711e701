"""The queue in front of a model: order against a naive oracle, places, waits, leaving, other processes, a late loop."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weft.assistant.queue import BACKGROUND, Queue
from weft.assistant.turns import KINDS, PATIENCE, Kind, Turns
from weft.infra.lag import Lag
from weft.infra.slots import LOOK_S, Slots
from weft.kernel.errors import Limited

kinds = st.sampled_from(KINDS)
accounts = st.integers(1, 5)


class Call:
    def __init__(self, kind: Kind, account_id: int) -> None:
        self.kind: Kind = kind
        self.account_id = account_id


class Naive:
    """The same rules said in the plainest way: everything in one list, everything looked for."""

    def __init__(self, each: int) -> None:
        self.each = each
        self.calls: list[Call] = []
        self.running: list[Call] = []
        self.joined: dict[tuple[Kind, int], int] = {}
        self.passed = dict.fromkeys(KINDS, 0)
        self.number = 0

    def add(self, call: Call) -> None:
        if not self.of(call.kind, call.account_id):
            self.rejoin(call)
        self.calls.append(call)

    def rejoin(self, call: Call) -> None:
        self.number += 1
        self.joined[call.kind, call.account_id] = self.number

    def of(self, kind: Kind, account_id: int) -> list[Call]:
        return [call for call in self.calls if (call.kind, call.account_id) == (kind, account_id)]

    def remove(self, call: Call) -> bool:
        if call not in self.calls:
            return False
        self.calls.remove(call)
        if not any(other.kind == call.kind for other in self.calls):
            self.passed[call.kind] = 0
        return True

    def next(self, closed: frozenset[Kind]) -> Call | None:
        runs = Counter(call.account_id for call in self.running)
        able = [call for call in self.calls if call.kind not in closed and runs[call.account_id] < self.each]
        if not able:
            return None
        present = [kind for kind in KINDS if any(call.kind == kind for call in able)]
        late = [kind for kind in present if kind in PATIENCE and self.passed[kind] >= PATIENCE[kind]]
        kind = (late or present)[0]
        first = min((call for call in able if call.kind == kind), key=lambda call: self.joined[kind, call.account_id])
        for lower in present[present.index(kind) + 1 :]:
            self.passed[lower] += 1
        self.passed[kind] = 0
        self.rejoin(first)
        self.remove(first)
        self.running.append(first)
        return first


@settings(max_examples=300, deadline=None)
@given(
    each=st.integers(1, 2),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("add"), kinds, accounts),
            st.tuples(st.just("next"), st.booleans(), st.just(0)),
            st.tuples(st.just("end"), st.integers(0, 9), st.just(0)),
            st.tuples(st.just("leave"), st.integers(0, 30), st.just(0)),
        ),
        max_size=150,
    ),
)
def test_the_order_is_that_of_a_naive_oracle(each: int, steps: list[tuple[str, object, int]]) -> None:
    turns: Turns[Call] = Turns(each)
    naive = Naive(each)
    for step, what, account_id in steps:
        if step == "add":
            call = Call(what, account_id)  # type: ignore[arg-type]
            turns.add(call)
            naive.add(call)
        elif step == "next":
            closed = BACKGROUND if what else frozenset()
            expected_next = turns.peek(closed)
            found = turns.next(closed)
            assert found is naive.next(closed) and found is expected_next
        elif step == "end" and naive.running:
            turns.end(naive.running.pop(int(what) % len(naive.running)))  # type: ignore[call-overload]
        elif step == "leave" and naive.calls:
            call = naive.calls[int(what) % len(naive.calls)]  # type: ignore[call-overload]
            assert turns.remove(call) and naive.remove(call)
            assert not turns.remove(call)
        assert turns.waiting.total() == len(naive.calls)


def test_nobody_starves_below_an_endless_stream_from_above() -> None:
    turns: Turns[Call] = Turns(1)
    turns.add(Call("summary", 1))
    turns.add(Call("background", 2))
    given_turns: list[Kind] = []
    for account_id in range(10, 50):
        turns.add(Call("interactive", account_id))
        turns.add(Call("interactive", account_id + 100))
        call = turns.next()
        assert call is not None
        given_turns.append(call.kind)
        turns.end(call)
    assert given_turns.index("summary") == PATIENCE["summary"]
    assert given_turns.index("background") == PATIENCE["background"]


class Time:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


class Desk:
    """A queue, and calls in it that end when the test says so."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.order: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[int]] = {}

    async def call(self, name: str, account_id: int, kind: Kind = "interactive", deadline_s: float = 60) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._call(name, account_id, kind, deadline_s))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def _call(self, name: str, account_id: int, kind: Kind, deadline_s: float) -> int:
        async with self.queue.turn(kind, account_id, deadline_s) as turn:
            self.order.append(name)
            await self.ends[name].wait()
        return turn.waited_ms

    async def end(self, name: str) -> int:
        self.ends[name].set()
        waited = await self.tasks[name]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return waited

    async def leave(self, name: str) -> None:
        self.tasks[name].cancel()
        await asyncio.wait([self.tasks[name]])
        await asyncio.sleep(0)


async def test_accounts_take_turns_and_classes_go_by_rank() -> None:
    desk = Desk(Queue(Slots(1)))
    await desk.call("first", 1)
    for name, account_id, kind in [
        ("index", 0, "background"),
        ("sum", 9, "summary"),
        ("a1", 1, "interactive"),
        ("a2", 1, "interactive"),
        ("b1", 2, "interactive"),
        ("c1", 3, "interactive"),
    ]:
        await desk.call(name, account_id, kind)  # type: ignore[arg-type]
    for name in ["first", "a1", "b1", "c1", "a2", "sum", "index"]:
        await desk.end(name)
    assert desk.order == ["first", "a1", "b1", "c1", "a2", "sum", "index"]
    assert (desk.queue.waiting, desk.queue.running) == (0, 0)


@pytest.mark.parametrize(("slots", "each"), [(1, 1), (2, 1), (4, 2), (8, 2)])
async def test_no_more_run_than_there_are_places_and_no_account_has_them_all(slots: int, each: int) -> None:
    desk = Desk(Queue(Slots(slots)))
    for number in range(2 * slots):
        await desk.call(f"a{number}", 1)
    assert desk.queue.running == each
    for number in range(2 * slots):
        await desk.call(f"b{number}", 10 + number)
    assert desk.queue.running == slots
    for name in list(desk.tasks):
        await desk.leave(name)
    assert (desk.queue.waiting, desk.queue.running) == (0, 0)


async def test_leaving_frees_the_place_at_once_whether_waiting_or_running() -> None:
    desk = Desk(Queue(Slots(1)))
    for name, account_id in (("a", 1), ("b", 2), ("c", 3)):
        await desk.call(name, account_id)
    await desk.leave("b")
    assert desk.queue.waiting == 1
    await desk.leave("a")
    assert desk.order == ["a", "c"] and desk.queue.running == 1
    await desk.end("c")


async def test_a_call_that_is_cancelled_the_moment_its_turn_comes_gives_it_on() -> None:
    desk = Desk(Queue(Slots(1)))
    for name, account_id in (("a", 1), ("b", 2), ("c", 3)):
        await desk.call(name, account_id)
    desk.tasks["a"].cancel()
    await asyncio.sleep(0)  # "a" leaves and "b" is granted the place, and does not know it yet
    desk.tasks["b"].cancel()
    await asyncio.wait([desk.tasks["a"], desk.tasks["b"]])
    await asyncio.sleep(0)
    assert desk.order[-1] == "c"
    await desk.end("c")
    assert desk.queue.running == 0


async def test_who_would_wait_too_long_is_told_at_once_when_to_come_back() -> None:
    now = Time()
    desk = Desk(Queue(Slots(1), now=now, first_guess_s=10))
    await desk.call("a", 1)
    await desk.call("b", 2)
    assert desk.queue.expected_s("interactive", 3) == 15
    assert desk.queue.expected_s("interactive", 2) == 15
    with pytest.raises(Limited) as refused:
        desk.queue.check("interactive", 3, 12)
    assert (refused.value.code, refused.value.values["retry_after"]) == ("model.busy", 3)
    desk.queue.check("interactive", 3, 15)
    for number in range(20):
        now.s += 1
        last = "a" if number == 0 else f"n{number - 1}"
        await desk.call(f"n{number}", 100 + number, deadline_s=1e9)
        await desk.end(last if number != 1 else "b")
        if number == 1:
            await desk.end("n0")
    assert desk.queue.expected_s("interactive", 3) < 10, "what calls took is learnt"
    for name in list(desk.tasks):
        await desk.leave(name)


async def test_nobody_makes_waits_look_short_by_leaving() -> None:
    now = Time()
    desk = Desk(Queue(Slots(1), now=now, first_guess_s=10))
    await desk.call("long", 1)
    for number in range(20):
        await desk.call(f"n{number}", 2)
        await desk.leave(f"n{number}")
    assert desk.queue.expected_s("interactive", 3) == 5
    await desk.leave("long")
    for number in range(20):
        await desk.call(f"left{number}", 2)
        await desk.leave(f"left{number}")
    await desk.call("long", 1)
    assert desk.queue.expected_s("interactive", 3) == 5, "those that were left said nothing of how long a call takes"
    now.s += 100
    await desk.leave("long")
    await desk.call("last", 1)
    assert desk.queue.expected_s("interactive", 3) == 14, "but for one that took longer than that before it was left"
    await desk.leave("last")


async def test_the_own_calls_of_an_account_are_in_its_way_even_if_places_are_free() -> None:
    desk = Desk(Queue(Slots(2), first_guess_s=10))
    await desk.call("a", 1)
    assert desk.queue.expected_s("interactive", 1) == 5
    assert desk.queue.expected_s("interactive", 2) == 0
    await desk.leave("a")


async def test_who_has_waited_for_as_long_as_they_would_is_told_so() -> None:
    desk = Desk(Queue(Slots(1), first_guess_s=0))
    await desk.call("a", 1)
    await desk.call("b", 2, deadline_s=0.02)
    with pytest.raises(Limited) as refused:
        await desk.tasks["b"]
    assert refused.value.code == "model.busy" and desk.queue.waiting == 0
    await desk.end("a")


async def test_the_background_stops_while_the_loop_is_late_and_goes_on_when_it_is_calm() -> None:
    lag = Lag()
    desk = Desk(Queue(Slots(2), lag))
    for second in range(7):
        lag.note(second, 25)
    assert lag.is_high
    await desk.call("index", 0, "background")
    await desk.call("asked", 1)
    assert desk.order == ["asked"]
    for second in range(7, 14):
        lag.note(second, 1)
    await asyncio.sleep(0)
    assert desk.order == ["asked", "index"]
    await desk.end("asked")
    await desk.end("index")


async def test_two_processes_share_the_places_and_neither_starves(tmp_path: Path) -> None:
    """Two queues on one folder are what two processes are: a lock belongs to the open file."""
    queues = [Queue(Slots(2, tmp_path)), Queue(Slots(2, tmp_path))]
    running = [0, 0]
    most = 0
    done: list[int] = []

    async def call(who: int, account_id: int) -> None:
        nonlocal most
        async with queues[who].turn("interactive", account_id, 60):
            running[who] += 1
            most = max(most, sum(running))
            await asyncio.sleep(0.01)
            running[who] -= 1
            done.append(who)

    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(call(0, number))
        await asyncio.sleep(0.03)
        for number in range(10):
            group.create_task(call(1, number))
    assert most == 2 and Counter(done) == {0: 40, 1: 10}
    assert done.index(1) < 20, "the one that came later gets places while the other has work for all of them"
    last = max(place for place, who in enumerate(done) if who == 1)
    assert last < 45
    for queue in queues:
        queue.close()


async def test_the_places_of_a_process_that_died_are_free(tmp_path: Path) -> None:
    dead, alive = Slots(1, tmp_path), Slots(1, tmp_path)
    assert dead.take() is not None
    assert alive.take() is None and alive.free_here == 1
    desk = Desk(Queue(alive))
    await desk.call("a", 1)
    assert desk.order == []
    dead.close()
    await asyncio.sleep(4 * LOOK_S)
    assert desk.order == ["a"]
    await desk.end("a")
