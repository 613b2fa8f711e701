"""What a search for posts asks for, and what each found post must satisfy: values and pure rules."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from weft.accounts.model import Account
from weft.kernel.ids import AccountId
from weft.kernel.text.query import SearchQuery
from weft.posts.model import Marks, Post
from weft.relationships.model import Visibility

PREFIX = 15
"""Longest beginning of a word by which accounts are found."""


class Span(msgspec.Struct, frozen=True):
    """Ids between which posts are looked for: ``after < id < before``."""

    after: int
    before: int


def span_of(query: SearchQuery, before: int, after: int) -> Span:
    """The ids of the days that ``before:``, ``after:`` and ``during:`` leave, within the given ones."""
    operators = query.operators
    if operators.since is not None:
        after = max(after, (_ms(operators.since.year, operators.since.month, operators.since.day) << 16) - 1)
    if operators.until is not None:
        before = min(before, _ms(operators.until.year, operators.until.month, operators.until.day) << 16)
    return Span(after, before)


def _ms(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp() * 1000)


def is_findable(
    post: Post, author: Account, viewer_id: AccountId | None, marks: Marks | None, *, follows: bool
) -> bool:
    """Whether the viewer may find the post by its words: what is theirs, and public posts of authors who agreed.

    A limited author's posts are found only by those who follow.
    """
    if viewer_id is not None and (post.author_id == viewer_id or viewer_id in post.mentions):
        return True
    if marks is not None and (marks.liked or marks.bookmarked or marks.reposted):
        return True
    return post.visibility == Visibility.PUBLIC and author.indexable and (follows or author.state != "limited")


def satisfies(post: Post, author: Account, query: SearchQuery, viewer_id: AccountId | None) -> bool:
    """Whether the post passes the query's operators; its words were matched by the index."""
    operators = query.operators
    handle = author.handle.lower()
    wanted = {str(viewer_id) if name == "me" else name for name in operators.authors}
    if wanted and handle not in wanted and str(author.id) not in wanted:
        return False
    if handle in operators.not_authors or ("me" in operators.not_authors and author.id == viewer_id):
        return False
    if operators.language is not None and post.language != operators.language:
        return False
    if operators.place == "public" and post.visibility != Visibility.PUBLIC:
        return False
    had, is_ = _has(post), _properties(post)
    return (
        all(name in had for name in operators.has)
        and not any(name in had for name in operators.not_has)
        and all(name in is_ for name in operators.properties)
        and not any(name in is_ for name in operators.not_properties)
    )


def _has(post: Post) -> set[str]:
    had = set()
    if post.media_ids:
        had |= {"media", "image", "video", "audio"}
    if post.has_poll:
        had.add("poll")
    if "://" in post.text:
        had |= {"link", "embed"}
    return had


def _properties(post: Post) -> set[str]:
    properties = set()
    if post.reply_to is not None:
        properties.add("reply")
    if post.sensitive:
        properties.add("sensitive")
    if post.quote_of is not None:
        properties.add("quote")
    return properties
