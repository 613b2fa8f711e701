"""Calls of a model against a scripted server on a real ledger: streams, budgets, failures, lies, leaving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from tests.assistant.calling import ANN, BOB, Office, asking, embedding, office
from weft.assistant.breaker import FIRST_PAUSE_S, LONGEST_PAUSE_S, MOST_FAILURES, Breaker
from weft.assistant.calls import Done
from weft.assistant.costs import Spent, worst_of_ask, worst_of_texts
from weft.assistant.lanes import CpuShares
from weft.infra.db import Db
from weft.infra.engine.model import Bounds, Delta
from weft.infra.engine.places import Place
from weft.infra.slots import Slots
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Invalid, Limited, Unavailable, WeftError
from weft.ledger.jobs import end_holds

OWN = Place("m", context=100_000)
RESERVED = worst_of_ask(asking().ask, OWN).tokens


@pytest.fixture
async def town(db: Db) -> AsyncIterator[Office]:
    async with office(db) as made:
        yield made


async def refusal(town: Office, **more: object) -> WeftError:
    with pytest.raises(WeftError) as refused:
        await town.ask(**more)  # type: ignore[arg-type]
    return refused.value


async def test_an_answer_comes_in_pieces_and_is_one_event_in_the_books(town: Office) -> None:
    await town.budget(10_000)
    pieces = [piece async for piece in town.calls.generate(asking())]
    assert all(isinstance(piece, Delta) for piece in pieces[:-1]) and len(pieces) == 8
    end = pieces[-1]
    assert isinstance(end, Done)
    text = "".join(piece.text for piece in pieces if isinstance(piece, Delta))
    assert text == "This is what the scripted model says."
    assert (end.usage.prompt, end.usage.output, end.charged, end.is_cut) == (4, 7, 11, False)
    (event,) = await town.events()
    assert (event["feature"], event["model"], event["model_sha256"]) == ("chat", "plain", "ab" * 32)
    assert (event["prompt_tokens"], event["output_tokens"], event["charged"]) == (4, 7, 11)
    assert "outcome" not in event and event.get("first_token_ms", 0) <= event["total_ms"]
    after = await town.left()
    assert (after.spent, after.held) == (11, 0)


async def test_an_answer_that_reached_its_limit_is_cut(town: Office) -> None:
    _, end = await town.ask(max_tokens=7)
    assert end.is_cut
    assert (await town.events())[0]["outcome"] == "cut"


async def test_what_does_not_fit_the_budget_is_not_asked(town: Office) -> None:
    await town.budget(RESERVED - 1)
    refused = await refusal(town)
    assert isinstance(refused, Limited) and refused.code == "budget.spent"
    assert town.server.calls == [] and await town.events() == []
    await town.ask(max_tokens=10)


async def test_a_feature_that_did_not_pass_never_reaches_the_server(town: Office) -> None:
    town.passed.refused = {"chat", "find"}
    for code in ((await refusal(town)).code, (await refusal(town, kind="background")).code):
        assert code == "model.off"
    with pytest.raises(Unavailable):
        await town.calls.embed(embedding("a"))
    assert town.server.calls == [] and town.servers.endpoints_asked == 0 and await town.open_holds() == 0


async def test_numbers_are_brought_within_bounds_and_an_empty_question_is_refused(town: Office) -> None:
    await town.ask(max_tokens=-5)
    assert town.server.bodies[0]["max_tokens"] == 1
    with pytest.raises(Invalid):
        await town.ask(text="x" * (2 << 20))
    assert await town.open_holds() == 0


@pytest.mark.parametrize("behaviour", ["lies", "mute"])
async def test_usage_that_is_unknown_or_a_lie_is_charged_at_the_reservation(town: Office, behaviour: str) -> None:
    await town.budget(10_000)
    town.servers.behaviour = behaviour  # type: ignore[assignment]
    text, end = await town.ask()
    assert text.startswith("This is") and end.charged == RESERVED
    (event,) = await town.events()
    assert (event["charged"], event["known"], event["reserved"]) == (RESERVED, False, True)
    assert (await town.left()).spent == RESERVED


@pytest.mark.parametrize(
    ("behaviour", "code", "outcome"),
    [
        ("slow-first", "model.slow", "error"),
        ("broken", "model.broken", "error"),
        ("garbage", "model.broken", "error"),
        ("full", "model.full", "refused"),
    ],
)
async def test_a_server_that_fails_before_a_word_costs_nothing(
    town: Office, behaviour: str, code: str, outcome: str
) -> None:
    await town.budget(10_000)
    town.servers.behaviour = behaviour  # type: ignore[assignment]
    assert (await refusal(town)).code == code
    after = await town.left()
    assert (after.spent, after.held) == (0, 0)
    (event,) = await town.events()
    assert (event["outcome"], event["charged"]) == (outcome, 0)


async def test_a_server_that_is_away_costs_nothing(town: Office) -> None:
    await town.budget(10_000)
    town.server.peer = "127.0.0.1:1"
    refused = await refusal(town)
    assert refused.code == "model.away"
    assert ((await town.left()).spent, await town.open_holds()) == (0, 0)


@pytest.mark.parametrize("behaviour", ["dies", "slow", "endless", "long-line"])
async def test_an_answer_that_breaks_off_is_charged_at_the_reservation(town: Office, behaviour: str) -> None:
    await town.budget(10_000)
    town.servers.behaviour = behaviour  # type: ignore[assignment]
    heard: list[object] = []
    with pytest.raises(Unavailable):
        async for piece in town.calls.generate(asking()):
            heard.append(piece)
    (event,) = await town.events()
    assert event["outcome"] == "error"
    assert event["charged"] == (RESERVED if heard else 0)
    assert (await town.left()).held == 0


@pytest.mark.parametrize("behaviour", ["odd", "no-stream"])
async def test_strange_but_whole_answers_are_taken(town: Office, behaviour: str) -> None:
    town.servers.behaviour = behaviour  # type: ignore[assignment]
    text, end = await town.ask()
    assert text == "This is what the scripted model says." and end.charged == 11


async def test_closing_the_answer_hangs_up_frees_the_place_and_is_charged_as_reserved(db: Db) -> None:
    async with office(db, slots=1) as town:
        await town.budget(10_000)
        town.servers.behaviour = "slow"
        async with aclosing(town.calls.generate(asking())) as pieces:
            assert isinstance(await anext(pieces), Delta)
            assert town.server.in_flight == 1
        town.servers.behaviour = "plain"
        await town.ask(BOB)
        assert town.server.calls[0].ended == "gone"
        events = await town.events()
        assert sorted(event.get("outcome", "ok") for event in events) == ["cancelled", "ok"]
        assert ((await town.left()).spent, (await town.left()).held) == (RESERVED, 0)


async def test_leaving_the_queue_costs_nothing(db: Db) -> None:
    async with office(db, slots=1) as town:
        await town.budget(10_000)
        town.servers.behaviour = "slow"
        first = asyncio.create_task(town.ask(BOB))
        await town.asked()
        waiting = asyncio.create_task(town.ask(ANN))
        async with asyncio.timeout(2):
            while not (await town.ledger.left(ANN, "member", "ai"))[0].held:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)
        assert len(town.server.calls) == 1
        waiting.cancel()
        await asyncio.wait([waiting])
        assert ((await town.left()).spent, (await town.left()).held) == (0, 0)
        first.cancel()
        await asyncio.wait([first])
        assert await town.open_holds() == 0


async def test_leaving_in_the_middle_of_the_hold_leaves_nothing_held(town: Office) -> None:
    await town.budget(10_000)
    for patience in (0.0, 0.0005, 0.001, 0.002, 0.004):
        task = asyncio.create_task(town.ask())
        await asyncio.sleep(patience)
        task.cancel()
        await asyncio.wait([task])
    assert await town.open_holds() == 0 and (await town.left()).held == 0


async def test_a_reader_who_is_slow_keeps_no_place(db: Db) -> None:
    async with office(db, slots=1) as town:
        async with aclosing(town.calls.generate(asking())) as pieces:
            await anext(pieces)
            async with asyncio.timeout(2):
                await town.ask(BOB)
            assert len([piece async for piece in pieces]) == 7


async def test_who_would_wait_too_long_is_refused_before_anything_is_held(db: Db) -> None:
    async with office(db, slots=1) as town:
        town.servers.behaviour = "slow"
        first = asyncio.create_task(town.ask(BOB))
        await town.asked()
        refused = await refusal(town, deadline_ms=100)
        assert isinstance(refused, Limited) and refused.code == "model.busy"
        assert int(str(refused.values["retry_after"])) >= 1
        first.cancel()
        await asyncio.wait([first])


async def test_a_server_that_keeps_failing_is_left_alone(town: Office) -> None:
    town.servers.behaviour = "broken"
    for _ in range(MOST_FAILURES):
        assert (await refusal(town)).code == "model.broken"
    refused = await refusal(town)
    assert refused.code == "model.away" and int(str(refused.values["retry_after"])) >= 1
    assert len(town.server.calls) == MOST_FAILURES and await town.open_holds() == 0


@pytest.mark.parametrize(("behaviour", "stops"), [("slow-first", 1), ("broken", 0)])
async def test_a_server_that_hangs_is_stopped_so_that_it_starts_anew(db: Db, behaviour: str, stops: int) -> None:
    async with office(db, bounds=Bounds(first_s=0.1, between_s=0.1, total_s=1)) as town:
        town.servers.behaviour = behaviour  # type: ignore[assignment]
        for _ in range(MOST_FAILURES):
            assert town.servers.stopped == []
            assert (await refusal(town)).code in ("model.slow", "model.broken")
        await town.calls.settled()
        assert len(town.servers.stopped) == stops
        assert (await refusal(town)).code == "model.away"


@pytest.mark.parametrize(
    ("code", "said"), [("model.slow", "model.away"), ("model.broken", "model.away"), ("model.full", "model.full")]
)
def test_the_breaker_lets_one_call_try_and_pauses_for_longer_each_time(code: str, said: str) -> None:
    at = [0.0]
    breaker = Breaker(lambda: at[0])

    def is_refused() -> bool:
        try:
            breaker.check()
        except Unavailable as error:
            assert error.code == said and int(str(error.values["retry_after"])) >= 1
            return True
        return False

    for number in range(MOST_FAILURES):
        assert not is_refused(), number
        breaker.begin()
        breaker.failed(code)
    for pause_s in (FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S):
        at[0] += pause_s - 0.1
        assert is_refused()
        at[0] += 0.2
        breaker.begin()
        assert is_refused(), "one tries, the others are still refused"
        breaker.failed(code)
    at[0] += LONGEST_PAUSE_S
    breaker.begin()
    breaker.left()
    breaker.begin()
    breaker.succeeded()
    assert not is_refused() and not breaker.is_open


async def test_a_call_that_outlived_its_hold_is_in_the_books_all_the_same(db: Db, clock: ManualClock) -> None:
    async with office(db, slots=1) as town:
        town.servers.behaviour = "paced"
        task = asyncio.create_task(town.ask())
        await town.asked()
        clock.advance(1000)
        assert await end_holds(db) == 1
        _, end = await task
        assert end.charged == 11 and (await town.events())[0]["charged"] == 11


async def test_somebody_elses_server_is_paid_by_kinds_of_tokens(db: Db) -> None:
    async with office(db, is_own=False) as town:
        await town.ask()
        async with db.read() as reader:
            rows = await reader.rows("SELECT meter, quantity FROM usage_events ORDER BY meter  -- all buckets")
        assert {row[0]: row[1] for row in rows} == {"ai.input_token": 4, "ai.output_token": 7}


async def test_texts_are_embedded_on_a_budget_too(town: Office) -> None:
    await town.budget(10_000)
    rows, end = await town.calls.embed(embedding("one two", "three"))
    assert rows.shape[0] == 2 and end.charged == 3
    assert (await town.events())[0]["feature"] == "find"
    town.servers.behaviour = "mute"
    _, end = await town.calls.embed(embedding("one two", "three"))
    assert end.charged == worst_of_texts(("one two", "three")).tokens
    await town.budget(10)
    with pytest.raises(Limited):
        await town.calls.embed(embedding("one"))


async def test_no_interleaving_of_askers_passes_a_budget_by_a_token(db: Db) -> None:
    """Forty calls at once on a budget that has room for some of them; some lie, some die, some are left."""
    async with office(db, slots=8) as town:
        limit = 12 * RESERVED + 17
        await town.budget(limit, "instance", "")
        town.server.behave = lambda body: ["paced", "lies", "dies", "mute", "broken"][len(town.server.calls) % 5]
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                async with db.read() as reader:
                    row = await reader.row(
                        "SELECT day_tokens + held_tokens FROM spending WHERE scope = 'instance'  -- all buckets"
                    )
                most = max(most, row[0] if row else 0)
                await asyncio.sleep(0.002)

        watching = asyncio.create_task(watch())
        askers = [asyncio.create_task(town.ask(ANN + (number << 6))) for number in range(40)]
        await asyncio.sleep(0.08)
        for asker in askers[::7]:
            asker.cancel()
        results = await asyncio.gather(*askers, return_exceptions=True)
        await town.calls.settled()
        watching.cancel()
        after = await town.left(scope="instance")
        assert 0 < most <= limit and after.spent <= limit and after.held == 0
        assert sum(event["charged"] for event in await town.events()) == after.spent
        assert any(isinstance(result, Limited) for result in results)


def test_processes_share_the_engines_time_and_count_none_of_it_twice(tmp_path: Path) -> None:
    """Two queues on one folder are what two processes are: a lock belongs to the open file."""
    at = [10.0]
    places = [Slots(3, tmp_path), Slots(3, tmp_path)]
    shares = [CpuShares(lambda pid: at[0], lambda place=place: place.taken, tmp_path) for place in places]  # type: ignore[misc]
    spent = [Spent() for _ in range(4)]
    taken: dict[int, tuple[Any, Slots, int]] = {}

    def begin(call: int, who: int, pid: int = 7) -> None:
        slot = places[who].take()
        assert slot is not None
        taken[call] = shares[who].counting(pid, spent[call]), places[who], slot
        taken[call][0].__enter__()

    def end(call: int) -> None:
        counting, place, slot = taken[call]
        counting.__exit__(None, None, None)
        place.free(slot)

    begin(0, 0)
    at[0] += 1
    begin(1, 1)
    at[0] += 2
    begin(2, 1)
    at[0] += 3
    end(0)
    at[0] += 4
    end(2)
    end(1)
    assert [round(one.cpu_s, 6) for one in spent[:3]] == [3.0, 4.0, 3.0]
    assert sum(one.cpu_s for one in spent) == at[0] - 10
    at[0] += 100
    begin(3, 0)
    at[0] = 1
    end(3)
    assert spent[3].cpu_s == 0, "what it did for nobody, and another process with its number, is no call's"
    for each in (*places, *shares):
        each.close()


def test_cpu_time_is_split_among_the_calls_that_run() -> None:
    at = [0.0]
    shares = CpuShares(lambda pid: at[0])
    first, second = Spent(), Spent()
    one, two = shares.counting(7, first), shares.counting(7, second)
    one.__enter__()
    at[0] = 1.0
    two.__enter__()
    at[0] = 3.0
    one.__exit__(None, None, None)
    at[0] = 3.5
    two.__exit__(None, None, None)
    assert (first.cpu_s, second.cpu_s) == (2.0, 1.5)
