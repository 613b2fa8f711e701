"""What other slices learn of accounts."""

from __future__ import annotations

from weft.infra.events import Event
from weft.kernel.ids import AccountId


class OfAccount(Event):
    """Base: something of one account changed, and its owner's next read must know."""

    account_id: AccountId

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,)


class AccountCreated(OfAccount):
    pass


class AccountEdited(OfAccount):
    """Profile, picture, role or lock changed: what was rendered of the account is out of date."""


class AccountStateChanged(OfAccount):
    """Limited, suspended, restored or deleted."""

    state: str


class AccessEnded(Event):
    """Tokens or sessions of an account ended: all of them, or the one named. Streams and caches let go of it."""

    account_id: AccountId | None = None
    token_id: int = 0

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,) if self.account_id is not None else ()


class UserChanged(OfAccount):
    """The login's state or preferences changed: confirmed, approved, disabled, other defaults for posts."""


class MailWanted(Event):
    """Somebody is to be written to: ``confirm``, ``reset``, ``address_used``, ``approved`` or ``password_changed``.

    The link in the mail is made when it is written, so no secret lies in the outbox. Account 0 is nobody: asking for
    a new password costs the same whether there is an account or not.
    """

    account_id: AccountId
    kind: str


class InvitationWanted(Event):
    """Somebody who is here invites the owner of an address: the one mail to people without an account."""

    account_id: AccountId
    email: str
    code: str


class AvatarOffered(Event):
    """A new account had a picture at the place its owner came from; a job fetches it through the gate."""

    account_id: AccountId
    url: str


class PicturesDropped(Event):
    """No row names these blobs of an account any more: its avatar or header was replaced, or the account ended."""

    names: tuple[str, ...]


class Notified(Event):
    """Somebody has a new notification, so that open streams show it. A signal, never stored.

    It lies here, below its sender: notifications and timelines, which own the streams, stand on one rank and never
    import each other. It names no account in ``accounts``: it comes after an errand anyway, so nobody need wait for it.
    """

    account_id: AccountId
    notification_id: int
    kind: str


class ReportFiled(OfAccount):
    """An account told the staff of another one. It lies here because reports and notifications, which tell the staff,
    stand on one rank and never import each other."""

    target_id: AccountId
    report_id: int


class NotificationsChanged(Event):
    """Some of what these accounts were told is gone, or shown from now on. A signal, never stored; it lies here for
    the same reason as ``Notified``."""

    account_ids: tuple[AccountId, ...]

    def accounts(self) -> tuple[int, ...]:
        return self.account_ids
