"""The one-time link by which the operator of a fresh install becomes its owner. No password is set by anybody else."""

from __future__ import annotations

from weft.accounts.creation import create_account
from weft.accounts.model import Account, NewAccount
from weft.accounts.passwords import Passwords
from weft.accounts.secrets import digest, new_secret
from weft.accounts.sign_up import ERR_TAKEN, SignUp, check_form, refused
from weft.infra.db import Db, Reader
from weft.infra.mail import check_address
from weft.kernel.errors import Invalid, NotFound
from weft.settings import Settings

OWNER = "SELECT EXISTS (SELECT 1 FROM accounts WHERE role = 'owner' AND state <> 'deleted')  -- all buckets: at start"
SET = """
INSERT INTO server_values (name, value) VALUES ('owner_link', $1)  -- shared
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
HELD = "SELECT value FROM server_values WHERE name = 'owner_link'  -- shared"
TAKE = "DELETE FROM server_values WHERE name = 'owner_link' AND value = $1 RETURNING name  -- shared"
GIVE_BACK = "INSERT INTO server_values (name, value) VALUES ('owner_link', $1) ON CONFLICT DO NOTHING  -- shared"


async def owner_link(db: Db, base_url: str) -> str | None:
    """A new link, which voids the one before; None where somebody owns the server already."""
    async with db.read() as reader:
        if await reader.value(OWNER):
            return None
    text = new_secret(0)
    async with db.once(0) as run:
        await run.execute(SET, digest(text).hex())
    return f"{base_url}/auth/owner/{text}"


async def is_owner_link(reader: Reader, text: str) -> bool:
    return bool(await reader.value(HELD) == digest(text).hex())


async def create_owner(db: Db, passwords: Passwords, text: str, form: SignUp) -> Account:
    """Make the owner, once. The address is believed: whoever reads the server's own output need not prove one."""
    problems = check_form(form, passwords, Settings(signup="open"), db.clock.now().date())
    problems.pop("agreement", None)
    if problems:
        raise refused(problems)
    hashed = await passwords.hash(form.password)
    async with db.once(0) as run:
        taken = await run.value(TAKE, digest(text).hex())
    if taken is None:
        raise NotFound("link.expired")
    try:
        return await create_account(
            db,
            NewAccount(
                username=form.username,
                email=check_address(form.email.strip()),
                password_hash=hashed,
                role="owner",
                locale=form.locale,
                by_command=True,
            ),
        )
    except Invalid as error:
        async with db.once(0) as run:
            await run.execute(GIVE_BACK, digest(text).hex())
        field = error.values.get("field")
        raise refused({str(field): [ERR_TAKEN]}) from None
