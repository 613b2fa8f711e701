"""Filters: which of a viewer's filters a post matches. Writing filters is in ``filter_edits``.

Keywords are compared on folded text by plain search, never by a pattern that a person wrote, so the time is linear in
the text whatever the keywords are.
"""

from __future__ import annotations

import msgspec

from weft.kernel.ids import PostId
from weft.kernel.text.terms import contains_phrase, fold
from weft.timelines.model import Filter, FilterHit, Viewer

_COMPILED = "filters"


class _Needle(msgspec.Struct, frozen=True, gc=False):
    """One keyword, ready for search."""

    keyword: str
    folded: str
    whole_word: bool

    def matches(self, text: str) -> bool:
        if self.whole_word:
            return contains_phrase(text, self.folded)
        return self.folded in text


class _Compiled(msgspec.Struct, frozen=True):
    filter: Filter
    needles: tuple[_Needle, ...]
    posts: frozenset[int]


def compile_filters(filters: tuple[Filter, ...]) -> tuple[_Compiled, ...]:
    """Filters ready for search. A keyword of nothing but marks has no folded form and matches nothing."""
    return tuple(
        _Compiled(
            filter_,
            tuple(
                _Needle(keyword.keyword, folded, keyword.whole_word)
                for keyword in filter_.keywords
                if (folded := fold(keyword.keyword))
            ),
            frozenset(post.post_id for post in filter_.posts),
        )
        for filter_ in filters
    )


def filter_hits(viewer: Viewer, folded_text: str, post_ids: tuple[int, ...], now_ms: int) -> tuple[FilterHit, ...]:
    """The viewer's filters that match a post: by its folded text (``kernel.text.terms.fold``) or by one of its ids."""
    if not viewer.filters:
        return ()
    compiled: tuple[_Compiled, ...] | None = viewer.sources.get(_COMPILED)
    if compiled is None:
        compiled = viewer.sources[_COMPILED] = compile_filters(viewer.filters)
    return tuple(hit for each in compiled if (hit := _hit(each, folded_text, post_ids, now_ms)) is not None)


def _hit(compiled: _Compiled, text: str, post_ids: tuple[int, ...], now_ms: int) -> FilterHit | None:
    expires = compiled.filter.expires_ms
    if expires is not None and expires <= now_ms:
        return None
    keywords = tuple(needle.keyword for needle in compiled.needles if needle.matches(text))
    posts = tuple(PostId(id_) for id_ in post_ids if id_ in compiled.posts)
    if not keywords and not posts:
        return None
    return FilterHit(compiled.filter, keywords, posts)
