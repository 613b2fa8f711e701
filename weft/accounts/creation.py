"""Making local accounts: the names they have alone, then the rows, then the names for good."""

from __future__ import annotations

from weft.accounts.events import AccountCreated, AvatarOffered
from weft.accounts.model import Account, NewAccount
from weft.accounts.names import Name, email_name, handle_name, reserve_names, take_names
from weft.infra.db import Db, Tx
from weft.infra.events import Event
from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId, bucket_of, random_bucket
from weft.kernel.text.names import ERR_INVALID, check_username

DAY_MS = 86_400_000


async def create_account(db: Db, new: NewAccount) -> Account:
    """Make an account that nobody else has the names of, and announce it.

    Raises:
        Invalid: the user name, address or outside identity is taken or not allowed.
    """
    if check_username(new.username) == ERR_INVALID:
        raise Invalid("username.invalid", field="username")
    account_id = AccountId(db.ids.new(random_bucket()))
    names = names_of(new)
    await reserve_names(db, names, account_id)
    # Where this fails nobody knows whether the account was made: the names stay reserved until the sweep looks.
    async with db.once(bucket_of(account_id)) as run:
        await _insert(run, account_id, new)
    await take_names(db, names, account_id)
    return Account(
        id=account_id,
        username=new.username,
        display_name=new.display_name,
        role=new.role,
        locked=new.locked,
        created_ms=db.clock.now_ms(),
    )


def names_of(new: NewAccount) -> list[Name]:
    names = [handle_name(new.username)]
    if new.email and new.confirmed:
        names.append(email_name(new.email))
    if new.oidc:
        names.append(("oidc", new.oidc))
    return names


# One statement with its events: sign-ups come in crowds, and each round trip costs as much as the work in it.
INSERT = """
WITH made AS (
  INSERT INTO accounts (bucket, id, username, display_name, role, locked, created_ms)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
), counted AS (
  INSERT INTO account_counts (bucket, account_id) VALUES ($1, $2)
), told AS (
  INSERT INTO outbox (bucket, id, kind, payload)
  SELECT $1, event.id, event.kind, event.payload
    FROM unnest($17::bigint[], $18::text[], $19::bytea[]) AS event (id, kind, payload)
)
INSERT INTO users (bucket, account_id, email, password_hash, state, confirmed_ms, locale, sign_up_reason, invited_by,
                   by_command, created_ms, seen_day)
VALUES ($1, $2, $8, $9, $10, $11, $12, $13, $14, $15, $7, $16)
"""


async def _insert(run: Tx, account_id: AccountId, new: NewAccount) -> None:
    now_ms = run.now_ms
    events: list[Event] = [AccountCreated(account_id=account_id)]
    if new.picture:
        events.append(AvatarOffered(account_id=account_id, url=new.picture))
    ids, kinds, payloads = zip(*map(run.sealed, events), strict=True)
    await run.execute(
        INSERT,
        bucket_of(account_id),
        account_id,
        new.username,
        new.display_name,
        new.role,
        new.locked,
        now_ms,
        new.email,
        new.password_hash,
        new.state,
        now_ms if new.confirmed else None,
        new.locale,
        new.reason,
        new.invited_by,
        new.by_command,
        now_ms // DAY_MS,
        ids,
        kinds,
        payloads,
    )
