"""A naive ledger in a dictionary, and the machine that drives the real one beside it."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.ledger.conftest import ANN, BOB, checked
from weft.infra.db import Db
from weft.kernel.clock import ManualClock
from weft.kernel.errors import Conflict, Limited
from weft.ledger.entries import load_balances, load_entries, post_entry, reverse_entry
from weft.ledger.jobs import book_usage, end_holds, keep_books
from weft.ledger.meters import METERS
from weft.ledger.model import Budget, CallDetails, Hold, Line, NewEntry, Usage, ai_usages
from weft.ledger.periods import MINUTE_MS, minute_of, start_of
from weft.ledger.service import Ledger

ACCOUNTS = (0, ANN, BOB)
TABLES = "entries, entry_lines, balances, usage_events, holds, spending, budgets, budget_warnings, day_heads"
PAID = ("ai.input_token", "ai.output_token")
MODELS = ("", "big")


class Spending:
    """What one scope spent: its day's and quarter's numbers, and when those began."""

    def __init__(self) -> None:
        self.starts = {"day": 0, "quarter": 0}
        self.spent = {(unit, per): 0 for unit in ("token", "money") for per in ("day", "quarter")}

    def add(self, now_ms: int, amounts: dict[str, int]) -> None:
        for per in ("day", "quarter"):
            if self.starts[per] < start_of(per, now_ms):  # type: ignore[arg-type]
                self.starts[per] = start_of(per, now_ms)  # type: ignore[arg-type]
                self.spent["token", per] = self.spent["money", per] = 0
            for unit, amount in amounts.items():
                self.spent[unit, per] += amount

    def of(self, unit: str, per: str, now_ms: int) -> int:
        return 0 if self.starts[per] < start_of(per, now_ms) else self.spent[unit, per]  # type: ignore[arg-type]


class Machine(RuleBasedStateMachine):
    """Every step is done by the ledger and by plain arithmetic; both must say the same."""

    db: Db
    clock: ManualClock
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.db, self.clock)
        self.keys = 0
        self.limits: dict[tuple[str, str, str, str], int] = {}
        self.spending: dict[tuple[str, str], Spending] = {}
        self.open: dict[str, Hold] = {}
        self.ended: dict[str, tuple[str, Hold, list[Usage]]] = {}
        self.cost = Fraction(0)
        self.grown: dict[str, tuple[int, int]] = {}
        self.recorded: list[Usage] = []
        self.posted: list[NewEntry] = []
        self.prices: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def do(self, work: Any) -> Any:
        return self.runner.run(work)

    def key(self) -> str:
        self.keys += 1
        return f"k{self.keys}"

    @initialize(account=st.integers(50, 400), instance=st.integers(100, 900), money=st.integers(0, 200_000))
    def begin(self, account: int, instance: int, money: int) -> None:
        self.do(self._clear())
        self.prices = {(meter, ""): [(0, 2778 if meter == "ai.cpu_ms" else 0)] for meter in METERS}
        for meter, price in (("ai.input_token", 150), ("ai.output_token", 600), ("social.delivery", 333)):
            self.price(meter, "", price)
        self.clock.advance(180)
        self.limit("account", "*", "token", "day", account)
        self.limit("instance", "", "token", "day", instance)
        self.limit("segment", "ai", "money", "quarter", money)

    async def _clear(self) -> None:
        async with self.db.job() as tx:
            await tx.execute(f"TRUNCATE {TABLES}")
            await tx.execute("DELETE FROM prices WHERE version > 1")
            await tx.execute("UPDATE prices SET per_unit = CASE meter WHEN 'ai.cpu_ms' THEN 2778 ELSE 0 END")
            await tx.execute("UPDATE chain SET number = 0, hash = '', batch = 0, carry = 0")

    # ------------------------------------------------------------------------------------------- the oracle

    def scopes(self, account_id: int) -> list[tuple[str, str]]:
        return [*([("account", str(account_id))] if account_id else []), ("instance", ""), ("segment", "ai")]

    def limit_of(self, scope: str, subject: str, unit: str, per: str) -> int | None:
        return self.limits.get((scope, subject, unit, per), self.limits.get((scope, "*", unit, per)))

    def held(self, scope: tuple[str, str], unit: str) -> int:
        return sum(
            hold.tokens if unit == "token" else hold.money
            for hold in self.open.values()
            if scope in self.scopes(hold.account_id)
        )

    def fits(self, account_id: int, amounts: dict[str, int]) -> bool:
        now_ms = self.clock.now_ms()
        for scope in self.scopes(account_id):
            spending = self.spending.setdefault(scope, Spending())
            for unit, amount in amounts.items():
                for per in ("day", "quarter"):
                    limit = self.limit_of(*scope, unit, per)
                    wanted = spending.of(unit, per, now_ms) + self.held(scope, unit) + amount
                    if amount and limit is not None and wanted > limit:
                        return False
        return True

    def price_at(self, meter: str, model: str, at_ms: int) -> int:
        own = [price for from_ms, price in self.prices.get((meter, model), ()) if from_ms <= at_ms]
        return own[-1] if own else self.price_at(meter, "", at_ms)

    def cost_of(self, meter: str, quantity: int, at_ms: int, model: str = "") -> Fraction:
        return Fraction(quantity * self.price_at(meter, model, at_ms), METERS[meter].scale)

    def spend(self, account_id: int, tokens: int, money: int) -> None:
        for scope in self.scopes(account_id):
            self.spending.setdefault(scope, Spending()).add(self.clock.now_ms(), {"token": tokens, "money": money})

    # ------------------------------------------------------------------------------------------- the steps

    @rule(
        account_id=st.sampled_from(ACCOUNTS),
        prompt=st.integers(0, 120),
        answer=st.integers(1, 120),
        remote=st.booleans(),
        model=st.sampled_from(MODELS),
        ttl_s=st.sampled_from([5, 60, 4000]),
    )
    def hold(self, account_id: int, prompt: int, answer: int, remote: bool, model: str, ttl_s: int) -> None:
        key, now_ms = self.key(), self.clock.now_ms()
        worst = tuple(zip(PAID, (prompt, answer), strict=True)) if remote else ()
        money = sum(int(self.cost_of(meter, quantity, now_ms, model)) for meter, quantity in worst)
        fits = self.fits(account_id, {"token": prompt + answer, "money": money})

        def hold() -> Any:
            return self.ledger.hold(key, account_id, "", "ai", prompt + answer, worst=worst, model=model, ttl_s=ttl_s)

        try:
            made = self.do(hold())
        except Limited:
            assert not fits, "refused although there was room"
        else:
            assert fits, "held although there was no room"
            assert made.money == money
            self.open[key] = made
            assert self.do(hold()) == made

    @rule(account_id=st.sampled_from(ACCOUNTS), more=st.integers(0, 1))
    def hold_all_that_is_left(self, account_id: int, more: int) -> None:
        """To the last token, and one more than that."""
        lefts = self.do(self.ledger.left(account_id, "", "ai"))
        room = min(left.limit - left.spent - left.held for left in lefts if left.unit == "token")
        if room + more > 0:
            self.hold_tokens(account_id, room + more, fits=not more and room > 0)

    def hold_tokens(self, account_id: int, tokens: int, *, fits: bool) -> None:
        key = self.key()
        assert self.fits(account_id, {"token": tokens}) == fits
        try:
            self.open[key] = self.do(self.ledger.hold(key, account_id, "", "ai", tokens, ttl_s=60))
        except Limited:
            assert not fits, "refused although there was room"
        else:
            assert fits, "held although there was no room"

    @rule(account_id=st.sampled_from(ACCOUNTS), tokens=st.integers(20, 90), number=st.integers(2, 6))
    def rush(self, account_id: int, tokens: int, number: int) -> None:
        """Many at once: as many are held as there is room for, whoever is first."""
        keys = [self.key() for _ in range(number)]

        async def all_at_once() -> list[Hold | BaseException]:
            work = [self.ledger.hold(key, account_id, "", "ai", tokens, ttl_s=30) for key in keys]
            return await asyncio.gather(*work, return_exceptions=True)

        for made in self.do(all_at_once()):
            if isinstance(made, Hold):
                assert self.fits(account_id, {"token": tokens})
                self.open[made.key] = made
            else:
                assert isinstance(made, Limited)
        if len(self.open.keys() & set(keys)) < number:
            assert not self.fits(account_id, {"token": tokens})

    @precondition(lambda self: self.open)
    @rule(
        data=st.data(),
        prompt=st.integers(0, 200),
        answer=st.integers(0, 200),
        cpu=st.integers(0, 9999),
        known=st.booleans(),
    )
    def settle(self, data: Any, prompt: int, answer: int, cpu: int, known: bool) -> None:
        hold = data.draw(st.sampled_from(list(self.open.values())))
        said = CallDetails(prompt_tokens=prompt, output_tokens=answer, cpu_ms=cpu, known=known)
        remote = bool(hold.worst)
        usages = ai_usages(hold.key, said, at_ms=0, origin="social", centre=hold.account_id, remote=remote)
        worst = dict(hold.worst)
        within = not remote or (prompt <= worst[PAID[0]] and answer <= worst[PAID[1]])
        good = known and within and prompt + answer <= hold.tokens
        tokens = self.do(self.ledger.settle(hold, usages))
        assert tokens == (prompt + answer if good else hold.tokens)
        assert tokens <= hold.tokens
        quantities = dict(zip(PAID, (prompt, answer), strict=True)) if good else worst
        if not remote:
            quantities = {"ai.cpu_ms": cpu}
        cost = sum(self.cost_of(meter, quantity, hold.at_ms, hold.model) for meter, quantity in quantities.items())
        del self.open[hold.key]
        self.ended[hold.key] = ("settled", hold, usages)
        self.cost += cost
        self.spend(hold.account_id, tokens, int(cost) if remote else 0)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def void(self, data: Any) -> None:
        hold = data.draw(st.sampled_from(list(self.open.values())))
        assert self.do(self.ledger.void(hold))
        del self.open[hold.key]
        self.ended[hold.key] = ("void", hold, [])

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def end_again(self, data: Any) -> None:
        state, hold, usages = data.draw(st.sampled_from(list(self.ended.values())))
        assert not self.do(self.ledger.void(hold))
        if state == "settled":
            self.do(self.ledger.settle(hold, usages))
            return
        try:
            self.do(self.ledger.settle(hold, ai_usages(hold.key, CallDetails(), at_ms=0, origin="ai")))
        except Conflict:
            return
        raise AssertionError("a hold ended twice")

    @rule(account_id=st.sampled_from(ACCOUNTS), quantity=st.integers(0, 5000), ago_ms=st.integers(0, 90_000))
    def record_social(self, account_id: int, quantity: int, ago_ms: int) -> None:
        """Whatever the budgets of others say: what people do among themselves never stops."""
        at_ms = self.clock.now_ms() - ago_ms
        usage = Usage(
            key=self.key(),
            at_ms=at_ms,
            meter="social.delivery",
            quantity=quantity,
            segment="social",
            origin="social",
            centre=account_id,
        )
        assert self.do(self.ledger.record([usage])) == 1
        self.recorded.append(usage)
        self.cost += self.cost_of("social.delivery", quantity, at_ms)

    @precondition(lambda self: self.recorded)
    @rule(data=st.data())
    def record_again(self, data: Any) -> None:
        usage = data.draw(st.sampled_from(self.recorded))
        assert self.do(self.ledger.record([usage])) == 0

    @rule(
        scope=st.sampled_from(["account", "instance"]),
        per=st.sampled_from(["day", "quarter"]),
        most=st.integers(0, 900),
    )
    def change_budget(self, scope: str, per: str, most: int) -> None:
        self.limit(scope, "*" if scope == "account" else "", "token", per, most)

    def limit(self, scope: str, subject: str, unit: str, per: str, most: int) -> None:
        budget = Budget(scope=scope, subject=subject, unit=unit, per=per, limit=most)  # type: ignore[arg-type]
        self.do(self.ledger.set_budget(budget))
        self.limits[scope, subject, unit, per] = most

    @rule(
        meter=st.sampled_from(["ai.output_token", "ai.cpu_ms", "social.delivery"]),
        model=st.sampled_from(MODELS),
        price=st.integers(0, 9999),
    )
    def price(self, meter: str, model: str, price: int) -> None:
        from_ms = minute_of(self.clock.now_ms()) + 2 * MINUTE_MS
        known = self.prices.setdefault((meter, model), [])
        if not known or known[-1][0] < from_ms:
            self.do(self.ledger.set_price(meter, price, model=model))
            known.append((from_ms, price))

    @rule(amount=st.integers(1, 10**9), again=st.booleans())
    def post(self, amount: int, again: bool) -> None:
        body = NewEntry(
            key=self.key(),
            at_ms=self.clock.now_ms(),
            lines=(Line("Assets:Cash", amount), Line("Liabilities:Advertisers:1", -amount)),
        )
        if again and self.posted:
            body = self.posted[0]
        self.do(self._post(body))
        if body not in self.posted:
            self.posted.append(body)

    async def _post(self, body: NewEntry) -> None:
        async with self.db.tx(0) as tx:
            await post_entry(tx, body)

    @rule(data=st.data())
    def reverse(self, data: Any) -> None:
        entries = [entry for entry in self.entries() if entry.body.kind == "manual"]
        if entries:
            entry = data.draw(st.sampled_from(entries))
            undone = self.do(self._reverse(entry.number))
            assert [line.amount for line in undone.body.lines] == [-line.amount for line in entry.body.lines]

    async def _reverse(self, number: int) -> Any:
        async with self.db.tx(0) as tx:
            return await reverse_entry(tx, number, "wrong")

    @rule(seconds=st.sampled_from([1, 7, 61, 600, 40_000, 86_400]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def end_holds(self) -> None:
        due = [key for key, hold in self.open.items() if hold.ends_ms <= self.clock.now_ms()]
        assert self.do(end_holds(self.db)) == len(due)
        for key in due:
            self.ended[key] = ("expired", self.open.pop(key), [])

    @rule(whole=st.booleans())
    def book(self, whole: bool) -> None:
        self.do(keep_books(self.db) if whole else book_usage(self.db))

    # ------------------------------------------------------------------------------------------- what always holds

    @invariant()
    def budgets_stand_as_reckoned(self) -> None:
        now_ms = self.clock.now_ms()
        for account_id in ACCOUNTS:
            for left in self.do(self.ledger.left(account_id, "", "ai")):
                scope = next(each for each in self.scopes(account_id) if each[0] == left.scope)
                spent = self.spending.setdefault(scope, Spending()).of(left.unit, left.per, now_ms)
                assert (left.spent, left.held) == (spent, self.held(scope, left.unit))

    @invariant()
    def sides_are_equal_and_only_grow(self) -> None:
        balances = self.do(self._balances())
        assert sum(balance.debits for balance in balances) == sum(balance.credits for balance in balances)
        for balance in balances:
            before = self.grown.get(balance.account, (0, 0))
            assert before[0] <= balance.debits and before[1] <= balance.credits
            self.grown[balance.account] = (balance.debits, balance.credits)

    async def _balances(self) -> Any:
        async with self.db.read() as reader:
            return await load_balances(reader)

    def entries(self) -> Any:
        async def load() -> Any:
            async with self.db.read() as reader:
                return await load_entries(reader, 0, 10_000)

        return self.do(load())

    def teardown(self) -> None:
        """After two minutes all usage is booked; after all times out nothing is held; nothing was lost."""
        self.clock.advance(4000 + 120)
        self.end_holds()
        assert not self.open
        self.do(book_usage(self.db))
        findings = self.do(checked(self.db))
        entries = self.entries()
        assert findings.entries == len(entries)
        assert len({entry.body.key for entry in entries}) == len(entries)
        booked = sum(entry.body.lines[0].amount for entry in entries if entry.body.kind == "usage")
        assert 0 <= self.cost / 1000 - booked < 1, "more than one line's smallest amount was lost"
        for account_id in ACCOUNTS:
            assert all(left.held == 0 for left in self.do(self.ledger.left(account_id, "", "ai")))
