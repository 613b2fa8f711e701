"""Who may see an object: ``can_see``, the only place where that is decided. Pure; slices gather the facts.

Also what a relationship is, as values.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Container

import msgspec

from weft.kernel.errors import Invalid
from weft.kernel.ids import AccountId


class Visibility(enum.IntEnum):
    PUBLIC = 0
    UNLISTED = 1
    """Anyone who has the link, the author's followers and profile; no public timeline, tag or search."""
    FOLLOWERS = 2
    """The author's followers and the mentioned."""
    DIRECT = 3
    """The mentioned only."""


class Audience(msgspec.Struct, frozen=True):
    """For whom an object is meant: what ``can_see`` needs to know about it."""

    author_id: AccountId
    visibility: Visibility
    mentions: Collection[int] = ()
    gone: bool = False
    """The object is deleted, or its author suspended or deleted."""
    inner: Audience | None = None
    """A repost shows only to those who may see what it reposts."""
    mutual: bool = False
    """Of the followers only those whom the author follows back."""


class Facts(msgspec.Struct):
    """What is known about a viewer. Sets may be live caches or hold just the authors at hand; nobody is ``NOBODY``."""

    viewer_id: AccountId | None
    following: Container[int] = frozenset()
    blocking: Container[int] = frozenset()
    blocked_by: Container[int] = frozenset()
    followed_by: Container[int] = frozenset()
    """Asked for only where an audience is mutual."""


NOBODY = Facts(None)


def can_see(audience: Audience, facts: Facts) -> bool:
    """Whether the viewer may see the object at all. Mutes and filters are wishes, not rights: they come after."""
    if audience.gone:
        return False
    author = audience.author_id
    if audience.inner is not None and not can_see(audience.inner, facts):
        return False
    if facts.viewer_id == author:
        return True
    if author in facts.blocking or author in facts.blocked_by:
        return False
    if audience.visibility <= Visibility.UNLISTED:
        return True
    if facts.viewer_id is None:
        return False
    if facts.viewer_id in audience.mentions:
        return True
    if audience.mutual and author not in facts.followed_by:
        return False
    return audience.visibility == Visibility.FOLLOWERS and author in facts.following


class Follow(msgspec.Struct, frozen=True):
    """A follow as its follower set it up."""

    target_id: AccountId
    reposts: bool = True
    notify: bool = False
    languages: tuple[str, ...] = ()


class FollowOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a follower asks for; None leaves a value as it is."""

    reposts: bool | None = None
    notify: bool | None = None
    languages: tuple[str, ...] | None = None

    def complete(self, target_id: AccountId) -> Follow:
        """The follow that these make where there is none yet."""
        return Follow(target_id, self.reposts is not False, self.notify is True, self.languages or ())


class Mute(msgspec.Struct, frozen=True):
    notifications: bool = True
    """Whether notifications are muted too."""
    until_ms: int | None = None


class Bounds(msgspec.Struct):
    """Who an account keeps away, and who keeps it away."""

    blocking: set[int] = msgspec.field(default_factory=set)
    blocked_by: set[int] = msgspec.field(default_factory=set)
    muting: dict[int, Mute] = msgspec.field(default_factory=dict)
    hosts: set[str] = msgspec.field(default_factory=set)


class Relationship(msgspec.Struct, frozen=True, kw_only=True):
    """Everything between a viewer and one other account."""

    target_id: AccountId
    following: bool = False
    reposts: bool = False
    notify: bool = False
    languages: tuple[str, ...] = ()
    followed_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_notifications: bool = False
    muting_until_ms: int | None = None
    requested: bool = False
    requested_by: bool = False
    host_blocking: bool = False
    endorsed: bool = False
    comment: str = ""


_HOST = re.compile(r"[^\s/@?#:\\]{1,253}(:[0-9]{1,5})?")


def check_host(text: str) -> str:
    """A host's name in the form in which it is stored.

    Raises:
        Invalid: it cannot be one.
    """
    host = text.strip().lower().rstrip(".")
    if not _HOST.fullmatch(host):
        raise Invalid("host.invalid", field="domain")
    return host


MAX_COMMENT = 2000


def check_comment(comment: str) -> str:
    if len(comment) > MAX_COMMENT:
        raise Invalid("comment.too_long", field="comment", limit=MAX_COMMENT)
    return comment
