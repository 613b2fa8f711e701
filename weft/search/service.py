"""Finding posts, accounts and tags for one viewer. The index proposes; ``model`` and ``can_see`` decide."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec

from weft.accounts.service import find_by_handle, load_accounts
from weft.infra.db import Reader
from weft.kernel.ids import MAX_ID, AccountId, bucket_of
from weft.kernel.text.entities import tag_key
from weft.kernel.text.names import parse_handle
from weft.kernel.text.query import SearchQuery, parse_query, phrases_match
from weft.kernel.text.terms import fold
from weft.posts.service import load_marks, load_posts
from weft.relationships.model import Facts, can_see
from weft.relationships.service import load_facts
from weft.search import queries
from weft.search.model import PREFIX, Span, is_findable, satisfies, span_of
from weft.search.queries import Terms
from weft.search.ranked import rank_posts

_STEP = 200
_MOST_SCANNED = 2000
_WINDOW = 2000
_RARE = 50
"""Words that fewer than one in so many posts holds are rare: then the index is cheaper than reading on."""
SEARCH_MS = 2000
"""How long one statement of a search may take."""


class PostSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search for posts as the edge asks for it."""

    text: str
    viewer_id: AccountId
    author_id: AccountId | None = None
    limit: int = 20
    offset: int = 0
    before: int = MAX_ID
    after: int = 0


async def search_posts(reader: Reader, search: PostSearch) -> list[int]:
    """Ids of posts that match and that the viewer may find, exact marks first, then newest first."""
    query = parse_query(search.text)
    if query.is_empty:
        return []
    authors = await _author_ids(reader, query, search)
    if authors is not None and not authors:
        return []
    span = span_of(query, search.before, search.after)
    most = search.offset + search.limit
    found: list[int] = []
    scanned = 0
    async for ids in _candidates(reader, query, span, authors):
        for start in range(0, len(ids), _STEP):
            found += await _findable(reader, ids[start : start + _STEP], query, search.viewer_id)
            scanned += min(_STEP, len(ids) - start)
            if len(found) >= most or scanned >= _MOST_SCANNED:
                return found[search.offset : most]
    return found[search.offset : most]


async def _author_ids(reader: Reader, query: SearchQuery, search: PostSearch) -> list[int] | None:
    """The authors that the query is limited to; None for no limit."""
    ids: list[int] | None = [search.author_id] if search.author_id is not None else None
    for name in query.operators.authors:
        account = None if name == "me" else await find_by_handle(reader, *name.split("@", 1))
        named = search.viewer_id if name == "me" else account.id if account is not None else None
        ids = ([] if ids is None else ids) + ([named] if named is not None else [])
    return ids


async def _candidates(
    reader: Reader, query: SearchQuery, span: Span, authors: Sequence[int] | None
) -> AsyncIterator[list[int]]:
    """Posts that match by their terms, those with the very marks of the query first, then the newest first."""
    if authors is not None:
        async for ids in _by_authors(reader, query, span, authors):
            yield ids
        return
    stages = [Terms(query.required, query.excluded)]
    if query.exact:
        marked = [*query.required, *query.exact]
        stages = [Terms(marked, query.excluded), Terms(query.required, query.excluded, query.exact)]
    for terms in stages:
        async for ids in _newest_first(reader, terms, span):
            yield ids


async def _newest_first(reader: Reader, terms: Terms, span: Span) -> AsyncIterator[list[int]]:
    """Windows of the newest posts as long as the words are common in them, then the index."""
    while True:
        ids, below = await queries.read_newest(reader, terms, span, _WINDOW)
        yield ids
        if below is None:
            return
        span = Span(span.after, below)
        if len(ids) < _WINDOW // _RARE:
            break
    while True:
        ids = await queries.find_posts(reader, terms, span, _STEP)
        yield ids
        if len(ids) < _STEP:
            return
        span = Span(span.after, ids[-1])


async def _by_authors(
    reader: Reader, query: SearchQuery, span: Span, authors: Sequence[int]
) -> AsyncIterator[list[int]]:
    buckets = [bucket_of(id_) for id_ in authors]
    while True:
        given = list(authors), buckets, span.after, span.before, query.required, query.excluded, _STEP
        ids = await reader.values(queries.POSTS_OF, *given)
        yield ids
        if len(ids) < _STEP:
            return
        span = Span(span.after, ids[-1])


async def _findable(reader: Reader, ids: Sequence[int], query: SearchQuery, viewer_id: AccountId) -> list[int]:
    posts = await load_posts(reader, ids)
    authors = await load_accounts(reader, list({post.author_id for post in posts.values()}))
    facts: Facts = await load_facts(reader, viewer_id, list(authors))
    marks = await load_marks(reader, viewer_id, {id_: post.root_id or id_ for id_, post in posts.items()})
    found = []
    for id_ in ids:
        post = posts.get(id_)
        author = authors.get(post.author_id) if post is not None else None
        if post is None or author is None or not can_see(post.audience(author.gone), facts):
            continue
        if (
            is_findable(post, author, viewer_id, marks.get(id_), follows=author.id in facts.following)
            and satisfies(post, author, query, viewer_id)
            and phrases_match(query, post.text)
        ):
            found.append(id_)
    return found


async def search_accounts(reader: Reader, text: str, *, following: Sequence[int] = (), limit: int = 40) -> list[int]:
    """Accounts by handle or name: the exact handle first, then those in ``following``, then the most followed."""
    words = [word[:PREFIX] for word in fold(text.strip().lstrip("@")).replace("@", " ").split()][:8]
    ids: list[int] = []
    handle = parse_handle(text.strip())
    if handle is not None:
        exact = await find_by_handle(reader, handle[0], handle[1] or "")
        ids = [exact.id] if exact is not None else []
    if words:
        ids += await queries.find_account_ids(reader, words, 400)
    accounts = await load_accounts(reader, list(dict.fromkeys(ids)))
    counts = await _followers(reader, list(accounts))
    first, near = ids[0] if handle is not None and ids else 0, set(following)
    ranked = sorted(
        (id_ for id_, account in accounts.items() if not account.gone),
        key=lambda id_: (
            id_ != first or accounts[id_].username.lower() != text.strip().lstrip("@").lower(),
            id_ not in near,
            -counts.get(id_, 0),
            id_,
        ),
    )
    return list(ranked[:limit])


FOLLOWERS = """
SELECT c.account_id, sum(c.followers)::int
  FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN account_counts c ON c.bucket = want.bucket AND c.account_id = want.id
 GROUP BY c.account_id
"""


async def _followers(reader: Reader, ids: Sequence[int]) -> dict[int, int]:
    return {row[0]: row[1] for row in await reader.rows(FOLLOWERS, [bucket_of(id_) for id_ in ids], list(ids))}


async def search_tags(reader: Reader, text: str, limit: int, offset: int = 0) -> list[tuple[str, str]]:
    """``(key, name)`` of tags that begin with the text."""
    key = tag_key(text.strip().lstrip("#＃"))
    return await queries.find_tags(reader, key, limit, offset) if key else []


__all__ = ["SEARCH_MS", "PostSearch", "rank_posts", "search_accounts", "search_posts", "search_tags"]
