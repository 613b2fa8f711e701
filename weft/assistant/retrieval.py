"""Finds the posts that answer a question, for one asker: by words, and by meaning where the model understands.

Two lists of candidates, one of the search and one of the index of meanings, are fused by their ranks, since their
scores cannot be compared. Candidates are only proposals: every one is read again, and what the asker may not see, or
does not want to see, never leaves ``find``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec
import structlog

from weft.accounts.model import Account
from weft.accounts.service import load_accounts
from weft.assistant.index import Nearness, Understanding, words_alone
from weft.assistant.language import guess_language
from weft.assistant.opt_outs import opted_out
from weft.assistant.vectors import Floats
from weft.infra.db import Db, Reader
from weft.kernel.errors import Limited, Unavailable
from weft.kernel.ids import AccountId, PostId
from weft.posts.model import Post
from weft.posts.service import load_posts
from weft.relationships.model import Bounds, Facts, Visibility, can_see
from weft.relationships.service import load_bounds, load_facts

CANDIDATES: Final = 60
"""How deep each of the two lists is looked at."""
DEEPEST: Final = 600
"""How deep the list of words is looked at where the asker may see too few of the first."""
DAMPING: Final = 60
"""What reciprocal rank fusion adds to a rank, so that one list alone cannot decide the order (Cormack et al. 2009)."""
LONGEST_MS: Final = 2000
MOST_ASKED: Final = 1000
"""Characters of a question that count."""

log = structlog.get_logger()


class Lexical(Protocol):
    """Ids of posts that share words with a question, the best first; filled in ``wiring`` from the search."""

    async def __call__(self, reader: Reader, question: str, language: str, limit: int) -> list[int]: ...


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to know."""

    asker_id: AccountId
    text: str
    language: str = ""
    """The asker's, as a hint; what the text shows goes first."""
    limit: int = 10
    public_only: bool = False
    """For an answer that others read too: nothing that only the asker may see."""
    without: frozenset[int] = frozenset()
    """Posts that are no answers: the question itself."""
    without_authors: frozenset[int] = frozenset()
    """The assistant does not quote itself, and what others asked it is no answer."""


class Found(msgspec.Struct, frozen=True):
    post_id: PostId
    score: float
    why: tuple[str, ...]
    """``words``, ``meaning``, or both."""


class Asker(msgspec.Struct, frozen=True):
    """What must be known of whoever asks to decide about a candidate."""

    facts: Facts
    bounds: Bounds
    now_ms: int


class Finder:
    """Finding as this community can: by words always, by meaning in the languages that passed the check."""

    def __init__(self, lexical: Lexical, nearness: Nearness, understanding: Understanding = words_alone) -> None:
        self._lexical = lexical
        self._nearness = nearness
        self._understanding = understanding

    async def find(self, db: Db, question: Question) -> list[Found]:
        """The posts that answer best, as far as the asker may see them and lets their authors be shown."""
        text = question.text[:MOST_ASKED]
        language = guess_language(text, question.language)
        model, vector = await self._read(text, language, question.asker_id)
        async with db.read_within(LONGEST_MS) as reader:
            words = await self._lexical(reader, text, language, DEEPEST)
            lists = {"words": words[:CANDIDATES]}
            if vector is not None:
                lists["meaning"] = await self._nearness.nearest(reader, model, vector, CANDIDATES)
            return await _shown(reader, with_rest(fuse(lists), words), question, db.clock.now_ms())

    async def _read(self, text: str, language: str, asker_id: int) -> tuple[str, Floats | None]:
        """The question as a model sees it, and which one; None where none understands, is here or may be paid for."""
        means = await self._understanding()
        if means.embedder is None or language not in means.languages:
            return "", None
        try:
            vectors = await means.embedder.embed([text], asker_id)
        except (Unavailable, Limited) as error:
            log.info("assistant.finds_by_words_alone", reason=error.code)
            return "", None
        return means.embedder.model, vectors[0]


def fuse(lists: Mapping[str, Sequence[int]]) -> list[Found]:
    """Reciprocal rank fusion: each list gives a post ``1 / (60 + rank)``; the newer post first where sums are equal."""
    scores: dict[int, float] = {}
    why: dict[int, list[str]] = {}
    for name, ids in lists.items():
        for rank, id_ in enumerate(dict.fromkeys(ids), 1):
            scores[id_] = scores.get(id_, 0.0) + 1 / (DAMPING + rank)
            why.setdefault(id_, []).append(name)
    order = sorted(scores, key=lambda id_: (-scores[id_], -id_))
    return [Found(PostId(id_), scores[id_], tuple(why[id_])) for id_ in order]


def with_rest(ranked: Sequence[Found], words: Sequence[int]) -> list[Found]:
    """The fused list, and behind it the words' further posts: what others wrote in private keeps none of them out."""
    known = {found.post_id for found in ranked}
    rest = [(rank, id_) for rank, id_ in enumerate(words, 1) if id_ not in known]
    return [*ranked, *(Found(PostId(id_), 1 / (DAMPING + rank), ("words",)) for rank, id_ in rest)]


async def _shown(reader: Reader, ranked: Sequence[Found], question: Question, now_ms: int) -> list[Found]:
    """The first of them that may be shown, as many as are wanted; further ones are read only where some are missing."""
    shown: list[Found] = []
    for start in range(0, len(ranked), 2 * CANDIDATES):
        batch = ranked[start : start + 2 * CANDIDATES]
        allowed = await _allowed(reader, [found.post_id for found in batch], question, now_ms)
        shown += [found for found in batch if found.post_id in allowed]
        if len(shown) >= question.limit:
            break
    return shown[: question.limit]


async def _allowed(reader: Reader, ids: Sequence[int], question: Question, now_ms: int) -> set[int]:
    """Which of the candidates may be shown to the asker."""
    posts = await load_posts(reader, ids)
    authors = await load_accounts(reader, list({post.author_id for post in posts.values()}))
    facts = await load_facts(reader, question.asker_id, list(authors))
    asker = Asker(facts, await load_bounds(reader, question.asker_id), now_ms)
    refused = await opted_out(reader, list(authors)) | question.without_authors
    allowed = set()
    for id_, post in posts.items():
        author = authors.get(post.author_id)
        if author is None or id_ in question.without or author.id in refused:
            continue
        if not question.without_authors.isdisjoint(post.mentions):
            continue
        if is_offered(post, author, asker, public_only=question.public_only):
            allowed.add(id_)
    return allowed


def is_offered(post: Post, author: Account, asker: Asker, *, public_only: bool) -> bool:
    """Whether a candidate is shown: the asker may see it, it may be found by them, and its author is not muted."""
    if post.repost_of is not None or not can_see(post.audience(author.gone), asker.facts):
        return False
    if author.host in asker.bounds.hosts or _mutes(asker, author.id):
        return False
    own = post.author_id == asker.facts.viewer_id or asker.facts.viewer_id in post.mentions
    if own and not public_only:
        return True
    public = post.visibility == Visibility.PUBLIC and author.indexable
    return public and (author.state != "limited" or author.id in asker.facts.following)


def _mutes(asker: Asker, author_id: int) -> bool:
    mute = asker.bounds.muting.get(author_id)
    return mute is not None and (mute.until_ms is None or mute.until_ms > asker.now_ms)
