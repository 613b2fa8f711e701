"""Which open streams a post may concern, found without touching every stream, and whether one of them wants it.

The maps only propose, like every index here: they may name a stream too many. ``wants`` asks the viewer's facts of
the moment at which the post is handed out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeVar

import msgspec

from weft.kernel.ids import AccountId
from weft.kernel.text.entities import tag_key
from weft.posts.events import PostCreated, PostDeleted, PostEdited
from weft.posts.model import Post
from weft.relationships.model import Visibility
from weft.timelines.model import List, Viewer
from weft.timelines.rings import MEDIA, REPLY, REPOST, Candidate
from weft.timelines.sources import wants_at_home, wants_in_list, wants_in_public, wants_language

ChannelKind = Literal["home", "notifications", "public", "tag", "list", "conversations"]
Place = Literal["anywhere", "here", "elsewhere"]
PostEvent = PostCreated | PostEdited | PostDeleted
K = TypeVar("K", int, str)


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """What one may listen to. ``label`` is what the client calls it, and is told it by."""

    kind: ChannelKind
    label: tuple[str, ...]
    tag: str = ""
    """The tag's key."""
    list_id: int = 0
    place: Place = "anywhere"
    only_media: bool = False


class Subscription:
    """One channel of one connection, and where the maps name it."""

    __slots__ = ("account_id", "authors", "channel", "listed", "members", "tags")

    def __init__(self, account_id: AccountId, channel: Channel) -> None:
        self.account_id = account_id
        self.channel = channel
        self.listed: List | None = None
        self.members: frozenset[int] = frozenset()
        self.authors: frozenset[int] = frozenset()
        self.tags: frozenset[str] = frozenset()

    def learn(self, viewer: Viewer) -> None:
        """Work out from the viewer's facts, and of a list from its members, whose posts may concern it."""
        match self.channel.kind:
            case "home":
                self.authors = frozenset((*viewer.following, self.account_id))
                self.tags = frozenset(viewer.followed_tags)
            case "list":
                self.authors = self.members
            case "tag":
                self.tags = frozenset((self.channel.tag,))
            case _:
                pass


class Offer(msgspec.Struct, frozen=True):
    """A post that is about to be handed out."""

    post: Post
    tags: frozenset[str]
    """Keys of its tags, of an edited one also those it had."""
    is_listed: bool
    """Its author is not limited: public places show it."""
    is_local: bool
    candidate: Candidate
    language: str
    """Of a repost that of the reposted post."""


def offer_of(post: Post, event: PostCreated | PostEdited, *, is_listed: bool, is_local: bool) -> Offer:
    """What ``wants`` must know of a post."""
    names = (*event.tags, *event.old_tags) if isinstance(event, PostEdited) else event.tags
    flags = (REPLY if post.reply_to is not None else 0) | (REPOST if post.repost_of is not None else 0)
    flags |= MEDIA if post.media_ids else 0
    candidate = Candidate(post.id, post.author_id, flags, post.repost_author or post.reply_to_account or 0)
    language = event.language if isinstance(event, PostCreated) else post.language
    return Offer(post, frozenset(map(tag_key, names)), is_listed, is_local, candidate, language)


class Interest:
    """The maps: from authors, tags and accounts to subscriptions."""

    def __init__(self) -> None:
        self._by_author: dict[int, set[Subscription]] = {}
        self._by_tag: dict[str, set[Subscription]] = {}
        self._by_account: dict[int, set[Subscription]] = {}
        self._public: set[Subscription] = set()

    def add(self, subscription: Subscription) -> None:
        _put(self._by_account, (subscription.account_id,), subscription)
        _put(self._by_author, subscription.authors, subscription)
        _put(self._by_tag, subscription.tags, subscription)
        if subscription.channel.kind == "public":
            self._public.add(subscription)

    def remove(self, subscription: Subscription) -> None:
        _take(self._by_account, (subscription.account_id,), subscription)
        _take(self._by_author, subscription.authors, subscription)
        _take(self._by_tag, subscription.tags, subscription)
        self._public.discard(subscription)

    def relearn(self, subscription: Subscription, viewer: Viewer) -> None:
        """Bring the maps up to what the viewer follows now; only the difference costs."""
        authors, tags = subscription.authors, subscription.tags
        subscription.learn(viewer)
        _take(self._by_author, authors - subscription.authors, subscription)
        _put(self._by_author, subscription.authors - authors, subscription)
        _take(self._by_tag, tags - subscription.tags, subscription)
        _put(self._by_tag, subscription.tags - tags, subscription)

    def of(self, account_id: int, *kinds: ChannelKind) -> list[Subscription]:
        """The account's own subscriptions of these kinds; of any kind where none is named."""
        found = self._by_account.get(account_id, ())
        return [each for each in found if not kinds or each.channel.kind in kinds]

    def at_home(self, author_id: int) -> list[Subscription]:
        """The home streams of the author and of those who follow it."""
        return [each for each in self._by_author.get(author_id, ()) if each.channel.kind == "home"]

    def accounts(self) -> list[int]:
        return list(self._by_account)

    def near(self, event: PostEvent) -> set[Subscription]:
        """The streams that the post may concern, and perhaps some that it does not."""
        if event.visibility == Visibility.DIRECT:
            ids = {event.author_id, *event.mentions}
            return {each for id_ in ids for each in self.of(id_, "home")}
        by_author = self._by_author.get(event.author_id)
        found = set(by_author) if by_author else set()
        if event.visibility != Visibility.PUBLIC or _is_apart(event):
            return found
        found |= self._public
        for name in (*event.tags, *event.old_tags) if isinstance(event, PostEdited) else event.tags:
            tagged = self._by_tag.get(tag_key(name))
            if tagged:
                found |= tagged
        return found


def _is_apart(event: PostEvent) -> bool:
    """Whether public places never show it: a repost, or a limited author's post."""
    if isinstance(event, PostEdited):
        return False
    return event.repost_of is not None or (isinstance(event, PostCreated) and event.silent)


def _put(places: dict[K, set[Subscription]], keys: Iterable[K], subscription: Subscription) -> None:
    for key in keys:
        known = places.get(key)
        if known is None:
            places[key] = {subscription}
        else:
            known.add(subscription)


def _take(places: dict[K, set[Subscription]], keys: Iterable[K], subscription: Subscription) -> None:
    for key in keys:
        known = places.get(key)
        if known is None:
            continue
        known.discard(subscription)
        if not known:
            del places[key]


def wants(subscription: Subscription, offer: Offer, viewer: Viewer) -> bool:
    """Whether the viewer's stream shows the post, by the same rules as the timeline of that name."""
    channel, post = subscription.channel, offer.post
    match channel.kind:
        case "home":
            return _belongs_at_home(offer, viewer) and wants_at_home(offer.candidate, viewer)
        case "list":
            assert subscription.listed is not None
            member = post.author_id in subscription.members and post.visibility != Visibility.DIRECT
            return (
                member
                and wants_language(viewer, post.author_id, offer.language)
                and wants_in_list(offer.candidate, viewer, subscription.listed, subscription.members)
            )
        case "public":
            answers = post.reply_to is not None and post.reply_to_account != post.author_id
            return _is_public(offer) and not answers and _in_place(channel, offer, viewer)
        case "tag":
            return _is_public(offer) and channel.tag in offer.tags and _in_place(channel, offer, viewer)
        case _:
            return False


def _belongs_at_home(offer: Offer, viewer: Viewer) -> bool:
    post = offer.post
    if post.author_id == viewer.id:
        return True
    if post.visibility == Visibility.DIRECT:
        return viewer.id in post.mentions
    if post.author_id in viewer.following:
        return wants_language(viewer, post.author_id, offer.language)
    return _is_public(offer) and not offer.tags.isdisjoint(viewer.followed_tags)


def _is_public(offer: Offer) -> bool:
    return offer.is_listed and offer.post.visibility == Visibility.PUBLIC and offer.post.repost_of is None


def _in_place(channel: Channel, offer: Offer, viewer: Viewer) -> bool:
    if channel.place != "anywhere" and (channel.place == "here") is not offer.is_local:
        return False
    return wants_in_public(offer.candidate, viewer, only_media=channel.only_media)
