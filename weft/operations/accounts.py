"""Accounts, invitations and tokens from the command line: made, shown, changed and ended by the accounts' own service.

Every function returns one object of plain values, which the command prints as JSON or in words.
"""

from __future__ import annotations

import secrets

import msgspec

from weft.accounts import service
from weft.accounts.model import ROLES, Account, NewAccount, Role
from weft.infra.db import Db
from weft.kernel.clock import rfc3339
from weft.kernel.errors import WeftError
from weft.kernel.ids import MAX_ID, AccountId, bucket_of
from weft.kernel.text.names import ERR_RESERVED, check_username
from weft.operations.reach import CommandFailed

Answer = dict[str, object]
PAGE = 500
APP_NAME = "weft token create"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """An account as the operator asks for it."""

    name: str
    email: str = ""
    role: str = "member"
    locked: bool = False
    password: str = ""
    """Empty: one is drawn, and told once."""


async def create(db: Db, wanted: Wanted) -> Answer:
    """Make an account that is confirmed and usable at once. A reserved name is the operator's to give."""
    if (problem := check_username(wanted.name)) and problem != ERR_RESERVED:
        raise CommandFailed(f"{wanted.name!r} is no user name: 1 to 30 letters, digits and _ of the Latin alphabet.")
    email = service.check_email(wanted.email) if wanted.email else ""
    passwords = service.Passwords()
    password = wanted.password or secrets.token_urlsafe(12)
    try:
        passwords.check_password(password)
        hashed = await passwords.hash(password)
    finally:
        passwords.close()
    account = await service.create_account(
        db,
        NewAccount(
            username=wanted.name,
            email=email,
            password_hash=hashed,
            role=read_role(wanted.role),
            locked=wanted.locked,
            by_command=True,
        ),
    )
    made: Answer = {"id": str(account.id), "username": account.username, "role": account.role}
    return made if wanted.password else {**made, "password": password}


def read_role(text: str) -> Role:
    if text not in ROLES:
        raise CommandFailed(f"{text!r} is no role; there are {', '.join(ROLES)}.")
    return text


async def require(db: Db, name: str) -> Account:
    """The local account of this name."""
    async with db.read() as reader:
        account = await service.find_by_handle(reader, name.removeprefix("@"))
    if account is None or account.state == "deleted":
        raise CommandFailed(f"There is no account {name!r} here.")
    return account


async def list_all(db: Db) -> Answer:
    """Every local account, newest first."""
    listed: list[Answer] = []
    before = MAX_ID
    while True:
        async with db.read() as reader:
            ids = await service.local_account_ids(reader, before, PAGE)
            accounts = await service.load_accounts(reader, ids)
        if not ids:
            return {"accounts": listed}
        before = ids[-1]
        listed += [_short(accounts[id_]) for id_ in ids]


def _short(account: Account) -> Answer:
    return {
        "id": str(account.id),
        "username": account.username,
        "role": account.role,
        "state": account.state,
        "locked": account.locked,
        "created_at": rfc3339(account.created_ms),
    }


async def show(db: Db, name: str) -> Answer:
    """An account with its login and counters."""
    account = await require(db, name)
    async with db.read() as reader:
        user = await service.find_user(reader, account.id)
        counts = (await service.load_account_counts(reader, [account.id])).get(account.id)
    shown = {**_short(account), "display_name": account.display_name}
    if user is not None:
        shown |= {"email": user.email, "login": user.state, "has_password": user.has_password}
    if counts is not None:
        shown |= {"posts": counts.posts, "followers": counts.followers, "following": counts.following}
    return shown


async def set_role(db: Db, name: str, role: str) -> Answer:
    account = await require(db, name)
    async with db.tx(bucket_of(account.id)) as tx:
        await service.set_role(tx, account.id, read_role(role))
    return {"id": str(account.id), "role": role}


async def suspend(db: Db, name: str) -> Answer:
    """Hide the account from everybody and sign it out."""
    account = await require(db, name)
    async with db.tx(bucket_of(account.id)) as tx:
        await service.set_state(tx, account.id, "suspended")
    return {"id": str(account.id), "state": "suspended"}


async def unsuspend(db: Db, name: str) -> Answer:
    account = await require(db, name)
    async with db.tx(bucket_of(account.id)) as tx:
        await service.set_state(tx, account.id, "active")
    return {"id": str(account.id), "state": "active"}


async def delete(db: Db, name: str) -> Answer:
    """End the account for good; the server removes its posts."""
    account = await require(db, name)
    await service.delete_account(db, account.id)
    return {"id": str(account.id), "state": "deleted"}


async def approve(db: Db, name: str) -> Answer:
    """Let somebody in who waits."""
    account = await require(db, name)
    try:
        async with db.tx(bucket_of(account.id)) as tx:
            await service.approve(tx, account.id)
    except WeftError:
        raise CommandFailed(f"{account.username} is not waiting for approval.") from None
    return {"id": str(account.id), "login": "active"}


async def reject(db: Db, name: str) -> Answer:
    """Turn somebody away who waits."""
    account = await require(db, name)
    try:
        await service.reject(db, account.id)
    except WeftError:
        raise CommandFailed(f"{account.username} is not waiting for approval.") from None
    return {"id": str(account.id), "state": "deleted"}


async def invite(db: Db, inviter: str, uses: int, days: int) -> Answer:
    """A code to sign up with, from the named account or from the owner. 0 stands for no limit."""
    if uses < 0 or days < 0:
        raise CommandFailed("Uses and days are 0 (no limit) or more.")
    if inviter:
        account_id: int | None = (await require(db, inviter)).id
    else:
        async with db.read() as reader:
            account_id = await service.find_owner(reader)
    if account_id is None:
        raise CommandFailed("Nobody owns this server yet; name who invites with --by NAME.")
    made = await service.create_invite(db, AccountId(account_id), uses or None, days * 86_400 or None)
    return {"code": made.code, "uses": uses, "days": days}


async def create_tokens(db: Db, names: list[str], scopes: str) -> Answer:
    """A token for each of the accounts, by which an app may act for it. They are told once."""
    if not names:
        raise CommandFailed("Name an account that the token is for.")
    wanted = service.read_scopes(scopes)
    if not wanted:
        raise CommandFailed(f"{scopes!r} are no scopes; there are {' '.join(service.SCOPES)}.")
    accounts = [await require(db, name) for name in names]
    uris = (service.OUT_OF_BAND,)
    app, _ = await service.create_app(db, service.NewApp(name=APP_NAME, redirect_uris=uris, scopes=scopes))
    tokens = {account.username: (await service.issue_token(db, app, account.id, wanted)).text for account in accounts}
    listed = " ".join(sorted(wanted))
    return (
        {"token": next(iter(tokens.values())), "scopes": listed}
        if len(tokens) == 1
        else {"tokens": tokens, "scopes": listed}
    )


def print_list(answer: Answer) -> None:
    for line in msgspec.convert(answer["accounts"], list[dict[str, object]]):
        print(f"{line['id']:>20}  {line['username']:<30}  {line['role']:<10}  {line['state']}")
