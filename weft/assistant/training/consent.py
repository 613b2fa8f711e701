"""Who agreed that a model of this community learns from their public posts. Nobody is in it who did not say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from weft.accounts.events import AccountStateChanged
from weft.infra.db import Db, Reader, Tx
from weft.infra.events import Event
from weft.kernel.ids import AccountId, bucket_of

TERMS: Final = 1
"""Which words were agreed to (docs/training.md). Others need asking again: what was agreed to before counts no more."""
BASIS: Final = "asked one by one, can be withdrawn at any time; every run asks anew who agrees"

AGREE = """
INSERT INTO training_consents (bucket, account_id, terms, since_ms) VALUES ($1, $2, $3, $4)
ON CONFLICT (bucket, account_id) DO UPDATE SET terms = excluded.terms, since_ms = excluded.since_ms
 WHERE training_consents.terms <> excluded.terms
"""

WITHDRAW = """
DELETE FROM training_consents WHERE bucket = $1 AND account_id = $2
"""

FIND = """
SELECT terms, since_ms FROM training_consents WHERE bucket = $1 AND account_id = $2
"""

AGREED = """
SELECT account_id FROM training_consents WHERE terms = $1 ORDER BY account_id  -- all buckets: a run reads everybody's
"""

END = """
DELETE FROM training_consents c USING unnest($1::smallint[], $2::bigint[]) AS given (bucket, id)  -- all buckets
 WHERE c.bucket = given.bucket AND c.account_id = given.id
"""


class Consent(msgspec.Struct, frozen=True):
    agreed: bool
    since_ms: int = 0


async def consent_of(reader: Reader, account_id: AccountId) -> Consent:
    row = await reader.row(FIND, bucket_of(account_id), account_id)
    return Consent(True, row[1]) if row is not None and row[0] == TERMS else Consent(False)


async def set_consent(db: Db, account_id: AccountId, agreed: bool) -> Consent:
    """Agree, or take it back: from the next run on. Twice is once."""
    bucket = bucket_of(account_id)
    async with db.tx(bucket) as tx:
        if agreed:
            await tx.execute(AGREE, bucket, account_id, TERMS, tx.now_ms)
        else:
            await tx.execute(WITHDRAW, bucket, account_id)
        return await consent_of(tx, account_id)


async def who_agreed(reader: Reader) -> list[AccountId]:
    return [AccountId(id_) for id_ in await reader.values(AGREED, TERMS)]


async def end_consents(tx: Tx, events: Sequence[Event]) -> None:
    """Whoever deletes their account has agreed to nothing any more."""
    await _end(tx, [e.account_id for e in events if isinstance(e, AccountStateChanged) and e.state == "deleted"])


async def _end(tx: Tx, ids: Iterable[AccountId]) -> None:
    if gone := list(ids):
        await tx.execute(END, [bucket_of(id_) for id_ in gone], gone)
