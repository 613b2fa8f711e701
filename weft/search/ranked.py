"""Posts ranked by how much they share with a question, the rare words counting most (BM25 without word counts).

The index keeps no count of a word within a post and none over all posts: how common a word is, is read off the newest
posts. The rarest words propose posts, as many words as find some thousands together; the others only add to the
score of what those found, so that the cost is bounded in a community of any size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from weft.infra.db import Reader, Row
from weft.search.questions import Want, read_question

_SAMPLE: Final = 1000
_COMMON: Final = 0.05
"""Words that a larger part of many posts holds are never looked up in the index."""
_MOST_PROPOSED: Final = 10_000
_MOST_SCORED: Final = 2000
_K: Final = 1.2
_B: Final = 0.75

FREQUENCIES = """
WITH newest AS MATERIALIZED (
    SELECT post_id, terms FROM search_posts ORDER BY post_id DESC LIMIT $2  -- all buckets; search_posts_newest
)
SELECT '' AS term, count(*) AS posts, coalesce(avg(cardinality(terms)), 1)::float8 AS length,
       (SELECT reltuples::float8 FROM pg_class WHERE oid = 'search_posts'::regclass) AS estimate FROM newest
UNION ALL
SELECT term, count(*), 0, 0 FROM newest, unnest(terms) AS term WHERE term = ANY($1::text[]) GROUP BY term
"""

SHARING = """
WITH found AS MATERIALIZED (
    SELECT post_id, terms FROM search_posts WHERE terms && $1::text[]  -- all buckets; search_posts_terms
), newest AS (
    SELECT post_id, terms FROM found ORDER BY post_id DESC LIMIT $3
)
SELECT post_id, cardinality(terms), ARRAY(SELECT term FROM unnest(terms) AS term WHERE term = ANY($2::text[]))
  FROM newest
"""

NEWEST_SHARING = """
SELECT post_id, cardinality(terms), ARRAY(SELECT term FROM unnest(terms) AS term WHERE term = ANY($1::text[]))
  FROM (SELECT post_id, terms FROM search_posts ORDER BY post_id DESC LIMIT $2) AS newest  -- all buckets
"""


class Sample(msgspec.Struct, frozen=True):
    """How common the words of a question are among the newest posts."""

    posts: int
    length: float
    """Of their terms, on the average."""
    counts: Mapping[str, int]
    community: float = 0.0
    """About how many posts there are in all."""

    @property
    def is_all(self) -> bool:
        """Whether there are no posts but these."""
        return self.posts < _SAMPLE

    def share(self, want: Want) -> float:
        """At most this part of the posts has what is wanted."""
        return sum(self.counts.get(term, 0) for term in want.terms) / max(1, self.posts)

    def rarity(self, want: Want) -> float:
        having = min(self.posts, sum(self.counts.get(term, 0) for term in want.terms))
        return math.log(1 + (self.posts - having + 0.5) / (having + 0.5))


async def rank_posts(reader: Reader, question: str, language: str, limit: int) -> list[int]:
    """Ids of posts that share words with the question, the best first. Who may see them is decided by the caller."""
    wants = read_question(question, language)
    if not wants:
        return []
    terms = list(dict.fromkeys(term for want in wants for term in want.terms))
    sample = _sample_of(await reader.rows(FREQUENCIES, terms, _SAMPLE))
    proposing = list(dict.fromkeys(term for want in proposing_wants(wants, sample) for term in want.terms))
    if proposing:
        rows = await reader.rows(SHARING, proposing, terms, _MOST_SCORED)
    else:
        rows = await reader.rows(NEWEST_SHARING, terms, _MOST_SCORED)
    scored = [(score(wants, sample, row[1], row[2]), row[0]) for row in rows if row[2]]
    return [id_ for _, id_ in sorted(scored, reverse=True)[:limit]]


def _sample_of(rows: Sequence[Row]) -> Sample:
    whole = next(row for row in rows if row[0] == "")
    return Sample(whole[1], whole[2], {row[0]: row[1] for row in rows if row[0]}, max(whole[1], whole[3]))


def proposing_wants(wants: Sequence[Want], sample: Sample) -> list[Want]:
    """Those to look up in the index: the rarest, until they would find more posts than are worth reading."""
    if sample.is_all:
        return list(wants)
    chosen: list[Want] = []
    expected = 0.0
    for want in sorted(wants, key=sample.share):
        # A word that the sample lacks is in up to one post of as many.
        expected += max(sample.share(want), 1 / sample.posts) * sample.community
        if sample.share(want) > _COMMON or (chosen and expected > _MOST_PROPOSED):
            break
        chosen.append(want)
    return chosen


def score(wants: Sequence[Want], sample: Sample, length: int, held: Sequence[str]) -> float:
    """How well a post with so many terms, and these of the question's, answers it: a pure number to sort by."""
    has = set(held)
    shared = sum(want.weight * sample.rarity(want) for want in wants if not has.isdisjoint(want.terms))
    return shared * (_K + 1) / (1 + _K * (1 - _B + _B * length / sample.length))
