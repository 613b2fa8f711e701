"""The names, options and words of `weft budget`, `weft price` and `weft ledger`; what they do lies in
``weft.operations.ledger``. Loaded when somebody calls one of them.
"""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from weft.cli import AsJson, Place, _on, _show
from weft.operations import ledger as operations

budget = App(name="budget", help="Limit what the assistant and the worlds may spend.")
price = App(name="price", help="Say what things cost.")
ledger = App(name="ledger", help="Look after the books.")
HERE = Place()


@budget.command(name="set")
def budget_set(scope: str, unit: str, per: str, limit: str, *, place: Place = HERE, as_json: AsJson = False) -> None:
    """Set a limit. It holds at once, and counts what is spent already.

    Parameters
    ----------
    scope
        instance, segment:ai, segment:worlds, role:ROLE (all who have it), account (each one) or account:NAME.
    unit
        token or money.
    per
        day or quarter, both of UTC.
    limit
        Tokens, an amount such as 12.50, or none for no limit.
    """
    _show(_on(place.settings(), lambda db: operations.set_budget(db, scope, unit, per, limit)), as_json=as_json)


@budget.command(name="list")
def budget_list(*, place: Place = HERE, as_json: AsJson = False) -> None:
    """List the limits."""
    answer = _on(place.settings(), operations.list_budgets)
    if as_json:
        _show(answer, as_json=True)
    else:
        operations.print_budgets(answer)


@price.command(name="set")
def price_set(
    meter: str,
    price: str,
    *,
    start: Annotated[str, Parameter(name="--from")] = "",
    model: str = "",
    place: Place = HERE,
    as_json: AsJson = False,
) -> None:
    """Let a new price follow the present one. What was used before keeps the old one.

    Parameters
    ----------
    meter
        What is counted; `weft price list` names them.
    price
        Per unit, such as 0.00000015 for a token.
    start
        When it begins, such as 2026-05-01T00:00:00Z (default: in about two minutes).
    model
        For this model alone: the SHA-256 of one of ours, or the name that a server has for its own.
    """
    _show(_on(place.settings(), lambda db: operations.set_price(db, meter, price, start, model)), as_json=as_json)


@price.command(name="list")
def price_list(*, place: Place = HERE, as_json: AsJson = False) -> None:
    """List every price, past, present and to come."""
    answer = _on(place.settings(), operations.list_prices)
    if as_json:
        _show(answer, as_json=True)
    else:
        operations.print_prices(answer)


@ledger.command(name="check")
def ledger_check(*, place: Place = HERE, as_json: AsJson = False) -> int:
    """Look through the books: the chain, the sums, and the usage behind them. Status 1 where something is wrong."""
    answer = _on(place.settings(), operations.check)
    if as_json:
        _show(answer, as_json=True)
    else:
        operations.print_check(answer)
    return 0 if answer["good"] else 1


@ledger.command(name="heads")
def ledger_heads(*, days: int = 40, place: Place = HERE, as_json: AsJson = False) -> None:
    """List where the books ended on each day. Who keeps a hash can tell whether anything before it was changed.

    Parameters
    ----------
    days
        How many of the last days.
    """
    answer = _on(place.settings(), lambda db: operations.heads(db, days))
    if as_json:
        _show(answer, as_json=True)
    else:
        operations.print_heads(answer)
