"""What others learn of how people read."""

from __future__ import annotations

from weft.infra.events import Event
from weft.kernel.ids import AccountId, PostId


class ReadingChanged(Event):
    """Lists, followed tags or filters of an account changed: its facts are loaded anew. A signal, never stored."""

    account_id: AccountId
    filters: bool = False
    """Filters are among what changed: open streams say so."""

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,)


class ConversationChanged(Event):
    """A direct post entered a conversation of the account. A signal, never stored."""

    account_id: AccountId
    conversation_id: int

    def accounts(self) -> tuple[int, ...]:
        return (self.account_id,)


class PlaceIndexed(Event):
    """A post entered the stored index of a place: the public timeline (``tag`` empty) or a tag. A signal, never stored.

    Whoever loaded the place after the post was written and before it was indexed learns of it from this.
    """

    tag: str
    post_id: PostId
    author_id: AccountId
    flags: int
