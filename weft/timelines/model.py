"""The values of reading: a viewer with everything known about it, filters, lists, and what a timeline is asked for."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from weft.kernel.ids import AccountId, ListId, PostId
from weft.posts.model import Marks
from weft.relationships.model import NOBODY, Bounds, Facts, Follow

FilterContext = Literal["home", "notifications", "public", "thread", "account"]
FilterAction = Literal["warn", "hide", "blur"]
RepliesPolicy = Literal["followed", "list", "none"]


class Keyword(msgspec.Struct, frozen=True):
    id: int
    keyword: str
    whole_word: bool


class FilteredPost(msgspec.Struct, frozen=True):
    id: int
    post_id: PostId


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    title: str
    contexts: tuple[FilterContext, ...]
    action: FilterAction = "warn"
    expires_ms: int | None = None
    keywords: tuple[Keyword, ...] = ()
    posts: tuple[FilteredPost, ...] = ()


class FilterHit(msgspec.Struct, frozen=True):
    """One filter that matched a post, and by what."""

    filter: Filter
    keywords: tuple[str, ...] = ()
    posts: tuple[PostId, ...] = ()


class List(msgspec.Struct, frozen=True, kw_only=True):
    id: ListId
    account_id: AccountId
    title: str
    replies_policy: RepliesPolicy = "list"
    exclusive: bool = False


class Viewer(msgspec.Struct, kw_only=True, eq=False):
    """Who is reading, with every fact that decides what they see. Cached per active viewer, dropped by events."""

    id: AccountId | None
    facts: Facts
    following: dict[int, Follow] = {}
    bounds: Bounds = msgspec.field(default_factory=Bounds)
    followed_tags: tuple[str, ...] = ()
    exclusive: frozenset[int] = frozenset()
    """Members of the viewer's exclusive lists: they are not in home."""
    filters: tuple[Filter, ...] = ()
    marks: dict[int, Marks] = {}
    """What the viewer did with the posts it lately read; a post that is not here was not looked up yet."""
    votes: dict[int, tuple[int, ...]] = {}
    changes: int = 0
    """Counts the events that touched marks or votes: what was read before one may not be kept."""
    sources: dict[str, Any] = {}
    """Arrays that ``timelines`` derived from the facts above; rebuilt with them."""


NEWEST_TOLD = "newest told"
"""Where among a viewer's ``sources`` the newest page of notifications is kept."""

ANYONE = Viewer(id=None, facts=NOBODY)
"""Nobody in particular: a visitor."""
