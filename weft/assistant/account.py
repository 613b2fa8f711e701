"""The assistant's own account: a bot that nobody can sign in as, made when somebody first wants it.

It is an account like any other, so that everybody can block it. Its name is kept from sign-ups; where somebody had it
before, it is ``assistant_bot``.
"""

from __future__ import annotations

import asyncio
from typing import Final

from weft.accounts.model import Account, NewAccount, ProfileEdit
from weft.accounts.service import create_account, edit_profile, find_account
from weft.assistant.texts import profile_text
from weft.infra.db import Db, Reader
from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId, bucket_of

NAMES: Final = ("assistant", "assistant_bot")

OWN_ID = """
SELECT value FROM server_values WHERE name = 'assistant.account'  -- shared
"""

LOCK = "SELECT pg_advisory_xact_lock($1) -- all buckets"
_LOCK: Final = 0x617373

KEEP_ID = """
INSERT INTO server_values (name, value) VALUES ('assistant.account', $1)  -- shared
ON CONFLICT (name) DO NOTHING
"""


class OwnAccount:
    """Knows which account is the assistant's, once there is one: it never changes."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._id: AccountId | None = None
        self._making = asyncio.Lock()

    async def __call__(self) -> AccountId | None:
        if self._id is None:
            async with self._db.read() as reader:
                self._id = await find_own_id(reader)
        return self._id

    async def ensure(self) -> Account:
        """The account; made at first use."""
        found = await self()
        if found is None:
            # Whoever makes it needs a second connection: were everybody to wait with one, there would be none.
            async with self._making:
                found = await self() or await self._make()
        async with self._db.read() as reader:
            account = await find_account(reader, found)
        assert account is not None, "accounts are emptied, never removed"
        return account

    async def _make(self) -> AccountId:
        """One process makes it while the others wait for that."""
        async with self._db.job() as tx:
            await tx.execute(LOCK, _LOCK)
            found = await find_own_id(tx)
            if found is None:
                found = (await self._created()).id
                await tx.execute(KEEP_ID, str(found))
        self._id = found
        return found

    async def _created(self) -> Account:
        """Under the first name that is free."""
        for name in NAMES:
            new = NewAccount(username=name, display_name="Assistant", state="disabled", by_command=True)
            try:
                account = await create_account(self._db, new)
            except Invalid as error:
                if error.code != "username.taken" or name == NAMES[-1]:
                    raise
                continue
            async with self._db.tx(bucket_of(account.id)) as tx:
                await edit_profile(tx, account.id, ProfileEdit(kind="bot", bio=profile_text(), indexable=False))
            return account
        raise AssertionError("the last name raises")


async def find_own_id(reader: Reader) -> AccountId | None:
    value: str | None = await reader.value(OWN_ID)
    return AccountId(int(value)) if value else None
