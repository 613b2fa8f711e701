"""What other slices learn of accounts."""

from __future__ import annotations

from weft.infra.events import Event
from weft.kernel.ids import AccountId


class AccountCreated(Event):
    account_id: AccountId

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,)


class AccountEdited(Event):
    """Profile, picture, role or lock changed: what was rendered of the account is out of date."""

    account_id: AccountId

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,)


class AccountStateChanged(Event):
    """Limited, suspended, restored or deleted."""

    account_id: AccountId
    state: str

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,)


class AccessEnded(Event):
    """Tokens or sessions of an account ended: all of them, or the one named. Streams and caches let go of it."""

    account_id: AccountId | None = None
    token_id: int = 0

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,) if self.account_id is not None else ()


class UserChanged(Event):
    """The login's state or preferences changed: confirmed, approved, disabled, other defaults for posts."""

    account_id: AccountId

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,)
