"""The pure rules of the ledger, against plain arithmetic."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from weft.kernel.clock import from_ms, to_ms
from weft.ledger.books import FINE, LINE, Fact, book, chained
from weft.ledger.meters import METERS
from weft.ledger.model import CallDetails, Hold, Usage, ai_usages, charge_for, check_entry, cost_of
from weft.ledger.periods import PERIODS, end_of, start_of

FAR = to_ms(datetime(2200, 1, 1, tzinfo=UTC))
times = st.integers(0, FAR)
facts = st.lists(
    st.tuples(
        st.sampled_from(sorted(METERS)),
        st.integers(0, 3 * 60_000),
        st.integers(0, 10**6),
        st.sampled_from([(1, 0), (2, 1), (3, 2778), (4, 10**9)]),
        st.sampled_from([0, 7]),
    ),
    max_size=30,
)


def facts_of(rows: list[tuple[str, int, int, tuple[int, int], int]]) -> list[Fact]:
    return [
        Fact(
            usage=Usage(
                key=f"k{n}",
                at_ms=at_ms,
                meter=meter,
                quantity=quantity,
                segment=METERS[meter].segment,
                origin="social",
                centre=centre,
            ),
            price_version=version,
            per_unit=per_unit,
        )
        for n, (meter, at_ms, quantity, (version, per_unit), centre) in enumerate(rows)
    ]


@given(rows=facts, carry=st.integers(0, LINE - 1), split=st.integers(0, 30))
def test_booking_loses_less_than_one_line_however_usage_is_split_into_runs(
    rows: list[tuple[str, int, int, tuple[int, int], int]], carry: int, split: int
) -> None:
    """Invariants 1, 2 and 13."""
    all_facts = facts_of(rows)
    first, middle = book(1, all_facts[:split], carry)
    second, left = book(2, all_facts[split:], middle)
    for entry in (*first, *second):
        check_entry(entry)
    exact = sum(
        Fraction(fact.usage.quantity * fact.per_unit, METERS[fact.usage.meter].scale) for fact in all_facts
    ) + Fraction(carry, FINE)
    booked = sum(entry.lines[0].amount for entry in (*first, *second)) * 1000
    assert exact - booked == Fraction(left, FINE)
    assert 0 <= left < LINE
    assert len({entry.key for entry in (*first, *second)}) == len(first) + len(second)


@given(rows=facts, order=st.randoms())
def test_the_same_usage_gives_the_same_entries_in_any_order(
    rows: list[tuple[str, int, int, tuple[int, int], int]], order: object
) -> None:
    """Invariant 14."""
    straight = facts_of(rows)
    mixed = list(straight)
    order.shuffle(mixed)  # type: ignore[attr-defined]
    assert book(1, mixed, 0) == book(1, straight, 0)


@given(number=st.integers(1, 10**6))
def test_a_hash_covers_the_number_and_what_came_before(number: int) -> None:
    (entry,), _ = book(1, facts_of([("ai.cpu_ms", 0, 10**6, (1, 10**6), 7)]), 0)
    sealed = chained(number, entry, b"before")
    assert sealed.hash != chained(number + 1, entry, b"before").hash != chained(number, entry, b"after").hash


details = st.builds(
    CallDetails,
    prompt_tokens=st.integers(0, 300),
    cached_tokens=st.integers(0, 400),
    output_tokens=st.integers(0, 300),
    cpu_ms=st.integers(0, 10**5),
    known=st.booleans(),
)


@given(details=details, prompt=st.integers(0, 200), answer=st.integers(0, 200), remote=st.booleans())
def test_a_call_is_never_charged_above_its_hold(details: CallDetails, prompt: int, answer: int, remote: bool) -> None:
    """Invariant 6, and what the references say of usage that is unknown."""
    prices = {"ai.input_token": 150, "ai.cached_token": 75, "ai.output_token": 600}
    worst = (("ai.input_token", prompt), ("ai.output_token", answer)) if remote else ()
    hold = Hold(
        key="h",
        account_id=1,
        role="member",
        segment="ai",
        tokens=prompt + answer,
        money=sum(cost_of(quantity, prices[meter], 1) for meter, quantity in worst),
        worst=worst,
        at_ms=5,
        ends_ms=6,
    )
    charge = charge_for(hold, ai_usages("u", details, at_ms=9, origin="social", centre=1, remote=remote))
    assert charge.tokens <= hold.tokens
    paid = [usage for usage in charge.usages if METERS[usage.meter].paid]
    assert sum(cost_of(usage.quantity, prices[usage.meter], 1) for usage in paid) <= hold.money
    assert {usage.at_ms for usage in charge.usages} == {5}
    assert len({usage.key for usage in charge.usages}) == len(charge.usages) >= 1
    assert sum(usage.details is not None for usage in charge.usages) == 1
    if not details.known:
        assert charge.tokens == hold.tokens
    if not remote:
        assert [usage.quantity for usage in charge.usages] == [details.cpu_ms]
    if charge.tokens < hold.tokens:
        assert charge.tokens == details.prompt_tokens + details.output_tokens


def test_what_was_bought_without_being_reckoned_with_leaves_its_fact_and_costs_nothing() -> None:
    hold = Hold(key="h", account_id=1, role="", segment="ai", tokens=9, money=0, at_ms=5, ends_ms=6)
    charge = charge_for(hold, ai_usages("u", CallDetails(prompt_tokens=4), at_ms=5, origin="ai", remote=True))
    assert charge.tokens == 9
    assert [(usage.quantity, usage.details is not None) for usage in charge.usages] == [(0, True)]


@given(ms=times)
def test_a_moment_lies_in_its_period_and_periods_follow_each_other(ms: int) -> None:
    for per in PERIODS:
        start, end = start_of(per, ms), end_of(per, ms)
        assert start <= ms < end
        assert start_of(per, start) == start == start_of(per, end - 1)
        assert start_of(per, end) == end
    quarter = from_ms(start_of("quarter", ms))
    assert (quarter.month in (1, 4, 7, 10), quarter.day, quarter.hour) == (True, 1, 0)
