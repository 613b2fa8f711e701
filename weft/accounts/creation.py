"""Making local accounts: the names they have alone, then the rows, then the names for good."""

from __future__ import annotations

from weft.accounts.events import AccountCreated, AvatarOffered
from weft.accounts.model import Account, NewAccount
from weft.accounts.names import Name, email_name, handle_name, release_names, reserve_names, take_names
from weft.infra.db import Db, Tx
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
    try:
        async with db.tx(bucket_of(account_id)) as tx:
            await _insert(tx, account_id, new)
            tx.emit(AccountCreated(account_id=account_id))
            if new.picture:
                tx.emit(AvatarOffered(account_id=account_id, url=new.picture))
    except BaseException:
        await release_names(db, names, account_id)
        raise
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


INSERT = """
WITH made AS (
  INSERT INTO accounts (bucket, id, username, display_name, role, locked, created_ms)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
), counted AS (
  INSERT INTO account_counts (bucket, account_id) VALUES ($1, $2)
)
INSERT INTO users (bucket, account_id, email, password_hash, state, confirmed_ms, locale, sign_up_reason, invited_by,
                   by_command, created_ms, seen_day)
VALUES ($1, $2, $8, $9, $10, $11, $12, $13, $14, $15, $7, $16)
"""


async def _insert(tx: Tx, account_id: AccountId, new: NewAccount) -> None:
    now_ms = tx.now_ms
    await tx.execute(
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
    )
