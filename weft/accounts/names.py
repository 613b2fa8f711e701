"""The directory of names that exist once: handles, addresses, identities elsewhere.

A name lies in the bucket of its own hash, an account in a random one. So a name is first reserved until a time, then
the account is made, then the name is taken; a sweep settles what a crash left in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from weft.infra.db import Db, Reader
from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId, bucket_of, bucket_of_name
from weft.kernel.text.names import canonical_host, canonical_name

Kind = Literal["handle", "email", "oidc"]
Name = tuple[Kind, str]
TAKEN: dict[Kind, tuple[str, str]] = {
    "handle": ("username.taken", "username"),
    "email": ("email.taken", "email"),
    "oidc": ("oidc.taken", "oidc"),
}
RESERVED_MS = 10 * 60 * 1000


def handle_name(username: str) -> Name:
    return "handle", canonical_name(username)


def email_name(email: str) -> Name:
    """Addresses are one when they differ only in case or in how their host is written."""
    local, _, host = email.strip().rpartition("@")
    return "email", f"{local.lower()}@{canonical_host(host) or host.lower()}"


def place_of(name: Name) -> int:
    return bucket_of_name(f"{name[0]}:{name[1]}")


RESERVE = """
INSERT INTO directory (bucket, kind, name, target_id, state, until_ms) VALUES ($1, $2, $3, $4, 'reserved', $5)
ON CONFLICT (bucket, kind, name) DO NOTHING
"""


async def reserve_names(db: Db, names: Sequence[Name], account_id: AccountId) -> None:
    """Hold the names for an account that is about to be made.

    Raises:
        Invalid: somebody has one of them, or had it before a deletion; then none is held.
    """
    until_ms = db.clock.now_ms() + RESERVED_MS
    for position, name in enumerate(names):
        place = place_of(name)
        async with db.once(place) as run:
            held = await run.execute(RESERVE, place, *name, account_id, until_ms)
        if not held:
            await release_names(db, names[:position], account_id)
            code, field = TAKEN[name[0]]
            raise Invalid(code, field=field)


TAKE = """
UPDATE directory SET state = 'taken', until_ms = NULL
 WHERE bucket = $1 AND kind = $2 AND name = $3 AND target_id = $4
"""


async def take_names(db: Db, names: Sequence[Name], account_id: AccountId) -> None:
    for name in names:
        place = place_of(name)
        async with db.once(place) as run:
            await run.execute(TAKE, place, *name, account_id)


RELEASE = (
    "DELETE FROM directory WHERE bucket = $1 AND kind = $2 AND name = $3 AND target_id = $4 AND state <> 'retired'"
)


async def release_names(db: Db, names: Sequence[Name], account_id: AccountId) -> None:
    """Let the account's names go, so that others may have them."""
    for name in names:
        place = place_of(name)
        async with db.once(place) as run:
            await run.execute(RELEASE, place, *name, account_id)


RETIRE = """
UPDATE directory SET state = 'retired', until_ms = NULL
 WHERE bucket = $1 AND kind = $2 AND name = $3 AND target_id = $4
"""


async def retire_name(db: Db, name: Name, account_id: AccountId) -> None:
    """Keep the name of a deleted account from anybody who would pass for it."""
    place = place_of(name)
    async with db.once(place) as run:
        await run.execute(RETIRE, place, *name, account_id)


FIND = "SELECT target_id FROM directory WHERE bucket = $1 AND kind = $2 AND name = $3 AND state <> 'retired'"


async def find_name(reader: Reader, name: Name) -> AccountId | None:
    """Whose name it is; the account may not exist yet, or not any more."""
    found: int | None = await reader.value(FIND, place_of(name), *name)
    return AccountId(found) if found is not None else None


KNOWN = "SELECT EXISTS (SELECT 1 FROM directory WHERE bucket = $1 AND kind = $2 AND name = $3)"


async def is_name_known(reader: Reader, name: Name) -> bool:
    """Whether nobody can have the name any more, also because a deleted account had it."""
    return bool(await reader.value(KNOWN, place_of(name), *name))


OVERDUE = """
SELECT bucket, kind, name, target_id FROM directory  -- all buckets
 WHERE state = 'reserved' AND until_ms < $1 LIMIT 500
"""
EXISTS = "SELECT EXISTS (SELECT 1 FROM accounts WHERE bucket = $1 AND id = $2)"


async def sweep_names(db: Db) -> int:
    """Settle reservations whose time is over: taken where the account was made, free where it was not."""
    async with db.read() as reader:
        overdue = await reader.rows(OVERDUE, db.clock.now_ms())
        made = [await reader.value(EXISTS, bucket_of(row["target_id"]), row["target_id"]) for row in overdue]
    for row, exists in zip(overdue, made, strict=True):
        settle = take_names if exists else release_names
        await settle(db, [(row["kind"], row["name"])], AccountId(row["target_id"]))
    return len(overdue)
