"""The price list: versions that follow each other, so that at every time there is exactly one price."""

from __future__ import annotations

from collections.abc import Sequence

from weft.infra.db import Reader, Tx
from weft.kernel.errors import Conflict, Invalid
from weft.ledger.entries import BOOKS
from weft.ledger.meters import METERS
from weft.ledger.model import MOST, PriceVersion, cost_of
from weft.ledger.periods import MINUTE_MS, minute_of

ALL = """
SELECT meter, version, from_ms, per_unit FROM prices WHERE bucket = $1 ORDER BY meter, version
"""

AT = """
SELECT DISTINCT ON (meter) meter, version, from_ms, per_unit FROM prices
 WHERE bucket = $1 AND from_ms <= $2 ORDER BY meter, from_ms DESC
"""

NEWEST = """
SELECT version, from_ms FROM prices WHERE bucket = $1 AND meter = $2 ORDER BY version DESC LIMIT 1
"""

ADD = """
INSERT INTO prices (bucket, meter, version, from_ms, per_unit) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (bucket, meter, version) DO NOTHING
"""


async def load_prices(reader: Reader) -> list[PriceVersion]:
    """Every version of every price."""
    return [PriceVersion(row[0], row[1], row[2], row[3]) for row in await reader.rows(ALL, BOOKS)]


async def load_prices_at(reader: Reader, at_ms: int) -> dict[str, PriceVersion]:
    """The price of each meter at a time."""
    return {row[0]: PriceVersion(row[0], row[1], row[2], row[3]) for row in await reader.rows(AT, BOOKS, at_ms)}


def earliest(now_ms: int) -> int:
    """When a new price may begin: a whole minute ahead, so that no usage under way was priced by the old one."""
    return minute_of(now_ms) + 2 * MINUTE_MS


async def add_price(tx: Tx, meter: str, per_unit: int, from_ms: int) -> PriceVersion:
    """Let a further version follow the newest.

    Raises:
        Invalid: a meter nobody knows, a price out of bounds, a time that is too soon or no whole minute.
        Conflict: another version begins later, or came at the same moment.
    """
    if meter not in METERS:
        raise Invalid("ledger.meter", meter=meter)
    if not 0 <= per_unit <= MOST:
        raise Invalid("ledger.price", meter=meter)
    if from_ms < earliest(tx.now_ms) or from_ms % MINUTE_MS:
        raise Invalid("ledger.price_time", meter=meter)
    row = await tx.row(NEWEST, BOOKS, meter)
    assert row is not None, "a meter's migration gave it a price"
    if row[1] >= from_ms or not await tx.execute(ADD, BOOKS, meter, row[0] + 1, from_ms, per_unit):
        raise Conflict("ledger.price_later", meter=meter)
    return PriceVersion(meter, row[0] + 1, from_ms, per_unit)


async def cost_at_most(reader: Reader, worst: Sequence[tuple[str, int]], at_ms: int) -> int:
    """What these quantities cost where somebody else is paid, in 1e-9."""
    prices = await load_prices_at(reader, at_ms)
    return sum(cost_of(quantity, prices[meter].per_unit, METERS[meter].scale) for meter, quantity in worst)
