"""The price list: versions that follow each other, so that at every time there is exactly one price.

A version may be for one model. Of those that hold at a time, the one for the model goes before the one for all.
"""

from __future__ import annotations

from collections.abc import Sequence

from weft.infra.db import Reader, Tx
from weft.kernel.errors import Conflict, Invalid
from weft.ledger.entries import BOOKS
from weft.ledger.meters import METERS
from weft.ledger.model import LAST_MS, MAX_MODEL, MOST, PriceVersion, cost_of
from weft.ledger.periods import MINUTE_MS, minute_of

ALL = """
SELECT meter, version, from_ms, per_unit, model FROM prices WHERE bucket = $1 ORDER BY meter, version
"""

AT = """
SELECT DISTINCT ON (meter) meter, version, from_ms, per_unit, model FROM prices
 WHERE bucket = $1 AND from_ms <= $2 AND model IN ('', $3) ORDER BY meter, model = '', from_ms DESC
"""

NEWEST = """
SELECT max(version), coalesce(max(from_ms) FILTER (WHERE model = $3), -1) FROM prices WHERE bucket = $1 AND meter = $2
"""

ADD = """
INSERT INTO prices (bucket, meter, version, from_ms, per_unit, model) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (bucket, meter, version) DO NOTHING
"""


async def load_prices(reader: Reader) -> list[PriceVersion]:
    """Every version of every price."""
    return [PriceVersion(*row) for row in await reader.rows(ALL, BOOKS)]


async def load_prices_at(reader: Reader, at_ms: int, model: str = "") -> dict[str, PriceVersion]:
    """The price of each meter at a time, for a model or for all without a price of their own."""
    return {row[0]: PriceVersion(*row) for row in await reader.rows(AT, BOOKS, at_ms, model)}


def earliest(now_ms: int) -> int:
    """When a new price may begin: a whole minute ahead, so that no usage under way was priced by the old one."""
    return minute_of(now_ms) + 2 * MINUTE_MS


async def add_price(tx: Tx, meter: str, per_unit: int, from_ms: int, model: str = "") -> PriceVersion:
    """Let a further version follow the newest of the same model.

    Raises:
        Invalid: a meter or model that cannot be, a price out of bounds, a time that is too soon or no whole minute.
        Conflict: another version begins later, or came at the same moment.
    """
    if meter not in METERS:
        raise Invalid("ledger.meter", meter=meter)
    if not 0 <= per_unit <= MOST or model != model.strip() or not model.isprintable() or len(model) > MAX_MODEL:
        raise Invalid("ledger.price", meter=meter)
    if not earliest(tx.now_ms) <= from_ms <= LAST_MS or from_ms % MINUTE_MS:
        raise Invalid("ledger.price_time", meter=meter)
    row = await tx.row(NEWEST, BOOKS, meter, model)
    assert row is not None and row[0], "a meter's migration gave it a price"
    if row[1] >= from_ms or not await tx.execute(ADD, BOOKS, meter, row[0] + 1, from_ms, per_unit, model):
        raise Conflict("ledger.price_later", meter=meter)
    return PriceVersion(meter, row[0] + 1, from_ms, per_unit, model)


async def cost_at_most(reader: Reader, worst: Sequence[tuple[str, int]], at_ms: int, model: str = "") -> int:
    """What these quantities cost where somebody else is paid, in 1e-9."""
    prices = await load_prices_at(reader, at_ms, model)
    return sum(cost_of(quantity, prices[meter].per_unit, METERS[meter].scale) for meter, quantity in worst)
