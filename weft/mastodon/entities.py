"""The entities of the client API, as types: the shapes that go over the wire and into the OpenAPI document.

Every documented key is always sent; extras live in one object named ``weft``. Optional keys are ``UNSET``.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class Error(msgspec.Struct):
    error: str


class Empty(msgspec.Struct):
    """``{}``"""


class CustomEmoji(msgspec.Struct, frozen=True):
    shortcode: str
    url: str
    static_url: str
    visible_in_picker: bool
    category: str | None


class AccountField(msgspec.Struct):
    name: str
    value: str
    verified_at: str | None


class FeatureApproval(msgspec.Struct, frozen=True):
    automatic: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()
    current_user: str = "denied"


class RoleBadge(msgspec.Struct, frozen=True):
    id: str
    name: str
    color: str


class Account(msgspec.Struct, kw_only=True):
    id: str
    username: str
    acct: str
    url: str
    uri: str
    display_name: str
    note: str
    avatar: str
    avatar_static: str
    avatar_description: str
    header: str
    header_static: str
    header_description: str
    locked: bool
    fields: list[AccountField]
    emojis: list[CustomEmoji]
    bot: bool
    group: bool = False
    discoverable: bool
    indexable: bool
    noindex: bool
    moved: None | UnsetType = UNSET
    memorial: bool | UnsetType = UNSET
    suspended: bool | UnsetType = UNSET
    limited: bool | UnsetType = UNSET
    created_at: str
    last_status_at: str | None
    statuses_count: int
    followers_count: int
    following_count: int
    hide_collections: bool
    show_media: bool = True
    show_media_replies: bool = True
    show_featured: bool = True
    roles: list[RoleBadge] | None
    feature_approval: FeatureApproval


class Source(msgspec.Struct, kw_only=True):
    note: str
    fields: list[AccountField]
    privacy: str
    sensitive: bool
    language: str | None
    follow_requests_count: int
    hide_collections: bool
    discoverable: bool
    indexable: bool
    attribution_domains: list[str]
    quote_policy: str


class Role(msgspec.Struct, kw_only=True):
    id: str
    name: str
    permissions: str
    color: str
    highlighted: bool
    collection_limit: int = 0


class CredentialAccount(Account, kw_only=True):
    source: Source
    role: Role


class MutedAccount(Account, kw_only=True):
    mute_expires_at: str | None


class Application(msgspec.Struct):
    name: str
    website: str | None


class Mention(msgspec.Struct):
    id: str
    username: str
    url: str
    acct: str


class StatusTag(msgspec.Struct):
    name: str
    url: str


class Captions(msgspec.Struct):
    language: str
    url: str


class WeftMedia(msgspec.Struct):
    captions: list[Captions] = []


class MediaAttachment(msgspec.Struct, kw_only=True):
    id: str
    type: str
    url: str | None
    preview_url: str | None
    remote_url: str | None = None
    meta: dict[str, Any]
    description: str | None
    blurhash: str | None
    weft: WeftMedia


class PollOption(msgspec.Struct):
    title: str
    votes_count: int | None


class Poll(msgspec.Struct, kw_only=True):
    id: str
    expires_at: str | None
    expired: bool
    multiple: bool
    votes_count: int
    voters_count: int | None
    options: list[PollOption]
    emojis: list[CustomEmoji]
    voted: bool | UnsetType = UNSET
    own_votes: list[int] | UnsetType = UNSET


class Filter(msgspec.Struct, kw_only=True):
    """A filter as it appears in a match: without its keywords and statuses."""

    id: str
    title: str
    context: list[str]
    expires_at: str | None
    filter_action: str


class FilterResult(msgspec.Struct):
    filter: Filter
    keyword_matches: list[str] | None
    status_matches: list[str] | None


class QuoteApproval(msgspec.Struct):
    automatic: list[str]
    manual: list[str]
    current_user: str


class WeftReason(msgspec.Struct):
    kind: str
    """``following``, ``reposted_by``, ``followed_by``, ``interacted``, ``tag``, ``popular`` or ``recent``."""
    name: str
    """The name of the tag or of the person that it is because of; empty where it is because of neither."""
    handle: str


class WeftStatus(msgspec.Struct):
    reply_policy: str
    can_reply: bool
    hidden: bool
    """The author of the thread, or of what it answers, hid it: apps fold it."""
    reason: WeftReason | UnsetType = UNSET
    """Why it is in *For you*; nowhere else."""


class CardAuthor(msgspec.Struct):
    name: str
    url: str
    account: None = None


class PreviewCard(msgspec.Struct, kw_only=True):
    """What a link leads to. Never markup from elsewhere: ``html`` and ``embed_url`` are empty."""

    url: str
    title: str
    description: str
    language: str | None
    type: str = "link"
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    html: str = ""
    width: int
    height: int
    image: str | None
    image_description: str
    embed_url: str = ""
    blurhash: str | None
    published_at: str | None
    authors: list[CardAuthor]
    missing_attribution: bool | None = None


class LinkDay(msgspec.Struct):
    day: str
    accounts: str
    uses: str


class TrendingLink(PreviewCard, kw_only=True):
    history: list[LinkDay]


class StatusHead(msgspec.Struct, kw_only=True):
    """The part of a Status that is the same for every viewer and changes only with an edit."""

    id: str
    created_at: str
    in_reply_to_id: str | None
    in_reply_to_account_id: str | None
    sensitive: bool
    spoiler_text: str
    visibility: str
    language: str | None
    uri: str
    url: str | None
    edited_at: str | None
    application: Application | None | UnsetType = UNSET
    content: str
    media_attachments: list[MediaAttachment]
    mentions: list[Mention]
    tags: list[StatusTag]
    emojis: list[CustomEmoji]
    card: PreviewCard | None = None
    tagged_collections: list[str] = []


class Status(StatusHead, kw_only=True):
    """The whole Status, for the document: it is sent as fragments (``fragments.py``)."""

    replies_count: int
    reblogs_count: int
    favourites_count: int
    quotes_count: int
    account: Account
    reblog: Status | None
    poll: Poll | None
    quote: Quote | None
    quote_approval: QuoteApproval
    weft: WeftStatus
    favourited: bool | UnsetType = UNSET
    reblogged: bool | UnsetType = UNSET
    muted: bool | UnsetType = UNSET
    bookmarked: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    filtered: list[FilterResult] | UnsetType = UNSET
    text: str | UnsetType = UNSET


class Quote(msgspec.Struct):
    """``quoted_status`` at the first level, ``quoted_status_id`` below it."""

    state: str
    quoted_status: Status | None | UnsetType = UNSET
    quoted_status_id: str | None | UnsetType = UNSET


class Context(msgspec.Struct):
    ancestors: list[Status]
    descendants: list[Status]
