"""What other slices learn of relationships. Every change between two accounts concerns both."""

from __future__ import annotations

from weft.accounts.events import OfAccount
from weft.infra.events import Event
from weft.kernel.ids import AccountId


class Between(Event):
    """Base: something changed between an account and another one."""

    account_id: AccountId
    target_id: AccountId

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id, self.target_id)


class Followed(Between):
    id: int


class FollowChanged(Between):
    """The follower changed what the follow brings: reposts, notifications, languages."""


class Unfollowed(Between):
    pass


class FollowRequested(Between):
    id: int


class FollowRequestEnded(Between):
    """``account_id`` asked; the request was withdrawn, rejected or accepted (then ``Followed`` comes as well)."""


class Blocked(Between):
    pass


class Unblocked(Between):
    pass


class Muted(Between):
    pass


class Unmuted(Between):
    pass


class HostBlocksChanged(OfAccount):
    pass
