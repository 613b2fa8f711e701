"""What other slices learn of posts. Events carry ids and flags; whoever needs the text loads the post."""

from __future__ import annotations

from weft.accounts.events import OfAccount
from weft.infra.events import Event
from weft.kernel.ids import AccountId, PostId


class OfAuthor(Event):
    """Base: an author changed what they wrote."""

    author_id: AccountId

    def accounts(self) -> tuple[int, ...]:
        return (self.author_id,)


class PostCreated(OfAuthor):
    """A post or a repost is there."""

    post_id: PostId
    visibility: int = 0
    reply_to: PostId | None = None
    reply_to_account: AccountId | None = None
    root_id: PostId | None = None
    repost_of: PostId | None = None
    repost_author: AccountId | None = None
    quote_of: PostId | None = None
    quote_author: AccountId | None = None
    mentions: tuple[AccountId, ...] = ()
    tags: tuple[str, ...] = ()
    """As written."""
    language: str = ""
    has_media: bool = False
    has_poll: bool = False
    has_link: bool = False
    has_at: bool = False
    """The text may call somebody, also whom nobody is called yet."""
    silent: bool = False
    """The author is limited: followers only, no public timeline."""


class PostEdited(OfAuthor):
    post_id: PostId
    mentions: tuple[AccountId, ...] = ()
    tags: tuple[str, ...] = ()
    old_tags: tuple[str, ...] = ()
    visibility: int = 0
    text_changed: bool = True
    """False where only a policy changed: nobody is notified."""


class PostDeleted(OfAuthor):
    """A post, or a repost that was taken back."""

    post_id: PostId
    visibility: int = 0
    reply_to: PostId | None = None
    reply_to_account: AccountId | None = None
    root_id: PostId | None = None
    repost_of: PostId | None = None
    repost_author: AccountId | None = None
    quote_of: PostId | None = None
    mentions: tuple[AccountId, ...] = ()
    tags: tuple[str, ...] = ()


class PostLiked(OfAccount):
    post_id: PostId
    author_id: AccountId
    id: int


class PostUnliked(OfAccount):
    post_id: PostId
    author_id: AccountId


class MarksChanged(OfAccount):
    """The account bookmarked, pinned or muted the thread of a post, or took that back. A signal, never stored."""

    post_id: PostId


class CountsChanged(Event):
    """Replies, reposts, likes or quotes of a post were counted anew. A signal, never stored."""

    post_id: PostId


class PollVoted(OfAccount):
    post_id: PostId
    author_id: AccountId


class VotesReset(Event):
    """The options of a poll changed: what these accounts had chosen before counts no more."""

    post_id: PostId
    voters: tuple[AccountId, ...]
    before_id: int
    """Votes with a smaller id are meant."""

    def accounts(self) -> tuple[int, ...]:
        return self.voters


class ReplyHidden(OfAccount):
    """The account hid a reply to what it wrote, or shows it again. A signal, never stored: the reply's row says it."""

    post_id: PostId


class PurgeWanted(Event):
    """A deleted account still has posts or reactions: one more batch of them is to go."""

    account_id: AccountId


class PollEnded(Event):
    post_id: PostId
    author_id: AccountId


class QuoteStateChanged(Event):
    """The quoted author revoked, or the quoted post is gone."""

    post_id: PostId
    quoted_id: PostId
    state: str
