"""What others learn of how people read."""

from __future__ import annotations

from weft.accounts.events import OfAccount
from weft.infra.events import Event
from weft.kernel.ids import AccountId, PostId


class ReadingChanged(OfAccount):
    """Lists, followed tags or filters of an account changed: its facts are loaded anew. A signal, never stored."""

    filters: bool = False
    """Filters are among what changed: open streams say so."""


class ConversationChanged(OfAccount):
    """A direct post entered a conversation of the account. A signal, never stored."""

    conversation_id: int


class PlaceIndexed(Event):
    """A post entered the stored index of a place: the public timeline (``tag`` empty) or a tag. A signal, never stored.

    Whoever loaded the place after the post was written and before it was indexed learns of it from this.
    """

    tag: str
    post_id: PostId
    author_id: AccountId
    flags: int


class InterestChanged(OfAccount):
    """The account wants less of what is like a post, or took that back. A signal, never stored."""

    post_id: PostId
    less: bool = False
