"""What a post is, what a draft of one must satisfy, and who may reply: values and pure rules."""

from __future__ import annotations

from typing import Literal

import msgspec

from weft.kernel.ids import AccountId, MediaId, PostId
from weft.relationships.model import Audience, Visibility

ReplyPolicy = Literal["everyone", "following", "mentioned"]
QuotePolicy = Literal["public", "followers", "nobody"]
QuoteState = Literal["", "pending", "accepted", "rejected", "revoked", "deleted"]


class PollDraft(msgspec.Struct, frozen=True, kw_only=True):
    options: tuple[str, ...]
    expires_in_s: int
    multiple: bool = False
    hide_totals: bool = False


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A post as its author asks for it."""

    text: str = ""
    summary: str = ""
    visibility: Visibility = Visibility.PUBLIC
    language: str = ""
    sensitive: bool = False
    reply_to: PostId | None = None
    quote_of: PostId | None = None
    media_ids: tuple[MediaId, ...] = ()
    poll: PollDraft | None = None
    reply_policy: ReplyPolicy = "everyone"
    quote_policy: QuotePolicy = "public"
    allowed_mentions: tuple[AccountId, ...] | None = None
    app_name: str = ""
    app_website: str = ""
    idempotency_key: str = ""


class MediaEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What an edit says of one attachment; None leaves a value as it is."""

    id: MediaId
    description: str | None = None
    focus: tuple[float, float] | None = None


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A post as its author wants it to be. Text, language and policies stay as they are where None is given."""

    text: str | None = None
    summary: str = ""
    sensitive: bool = False
    language: str | None = None
    media_ids: tuple[MediaId, ...] = ()
    media_edits: tuple[MediaEdit, ...] = ()
    poll: PollDraft | None = None
    reply_policy: ReplyPolicy | None = None
    quote_policy: QuotePolicy | None = None


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that waits for its time."""

    id: int
    account_id: AccountId
    due_ms: int
    draft: Draft


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """Field for field the row of ``posts``. A repost has ``repost_of`` and no text."""

    id: PostId
    author_id: AccountId
    text: str
    summary: str = ""
    visibility: Visibility = Visibility.PUBLIC
    language: str = ""
    sensitive: bool = False
    reply_to: PostId | None = None
    reply_to_account: AccountId | None = None
    root_id: PostId | None = None
    """The first post of the thread; None for a post that starts one."""
    repost_of: PostId | None = None
    repost_author: AccountId | None = None
    quote_of: PostId | None = None
    quote_state: QuoteState = ""
    mentions: tuple[AccountId, ...] = ()
    tags: tuple[str, ...] = ()
    """As written; compare by ``tag_key``."""
    media_ids: tuple[MediaId, ...] = ()
    has_poll: bool = False
    reply_policy: ReplyPolicy = "everyone"
    quote_policy: QuotePolicy = "public"
    app_name: str = ""
    app_website: str = ""
    deleted: bool = False
    version: int = 0
    edited_ms: int | None = None
    hidden: bool = False
    """The author of what it answers, or of the thread, does not want it shown unasked."""

    @property
    def created_ms(self) -> int:
        return self.id >> 16

    def audience(self, author_gone: bool, inner: Audience | None = None) -> Audience:
        return Audience(self.author_id, self.visibility, self.mentions, self.deleted or author_gone, inner)


def may_reply(post: Post, account_id: AccountId | None, *, befriended: bool) -> bool:
    """Whether the author lets this account, which may see the post, reply. ``befriended``: the author follows it."""
    if account_id is None:
        return False
    if account_id == post.author_id or account_id in post.mentions or post.reply_policy == "everyone":
        return True
    return post.reply_policy == "following" and befriended


def may_quote(post: Post, account_id: AccountId | None, *, follows: bool) -> bool:
    """Whether the author lets this account, which may see the post, quote it. ``follows``: it follows the author."""
    if account_id is None or post.visibility == Visibility.DIRECT:
        return False
    if account_id == post.author_id:
        return True
    policy = quote_policy_of(post)
    return policy == "public" or (policy == "followers" and follows)


def quote_policy_of(post: Post) -> QuotePolicy:
    """Who may quote, whatever the author chose: nobody may quote what is not for everyone."""
    return post.quote_policy if post.visibility <= Visibility.UNLISTED else "nobody"


class PostCounts(msgspec.Struct, frozen=True):
    replies: int = 0
    reposts: int = 0
    likes: int = 0
    quotes: int = 0


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    post_id: PostId
    options: tuple[str, ...]
    counts: tuple[int, ...]
    voters: int = 0
    multiple: bool = False
    hide_totals: bool = False
    expires_ms: int | None = None


class Marks(msgspec.Struct, frozen=True):
    """What one viewer did with one post."""

    liked: bool = False
    reposted: bool = False
    bookmarked: bool = False
    pinned: bool = False
    thread_muted: bool = False


UNMARKED = Marks()
"""Nothing: what most viewers did with most posts. Compared by identity where that is enough."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One revision of an edited post."""

    text: str
    summary: str
    sensitive: bool
    language: str = ""
    media_ids: tuple[MediaId, ...]
    media_descriptions: tuple[str, ...]
    poll_options: tuple[str, ...]
    made_ms: int
