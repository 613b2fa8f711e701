"""Which posts *For you* may hold: gathered from those one follows and what they repost, from people near them, from
followed tags and from what is popular. Each keeps the best reason for which it was found. Nothing here decides rights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from weft.accounts.service import load_account_counts
from weft.infra.db import Reader
from weft.kernel.ids import AccountId, bucket_of
from weft.kernel.text.entities import tag_key
from weft.posts.model import Post
from weft.posts.service import load_counts, load_posts
from weft.relationships.model import Visibility
from weft.timelines import ranking
from weft.timelines.disinterest import Disinterest, load_disinterest
from weft.timelines.model import Viewer
from weft.timelines.ranking import WORTH, Proposed, Reason
from weft.timelines.rings import REPLY, REPOST, Candidate

MOST = 400
"""Posts that are weighed for one reader."""
NEAR = 40
"""People near the reader whose posts are looked at."""
FRIENDS_ASKED = 100

Found = dict[int, Reason]


class Doings(msgspec.Struct, frozen=True):
    """What a reader did lately, as far as the order depends on it."""

    interactions: dict[int, int]
    languages: frozenset[str]
    disinterest: Disinterest

    def reader(self) -> ranking.Reader:
        less = self.disinterest
        return ranking.Reader(
            interactions=self.interactions,
            languages=self.languages,
            less_authors=less.authors,
            less_tags=less.tags,
        )


INTERACTIONS = """
SELECT author_id, count(*)::int FROM (
    SELECT p.author_id FROM (SELECT post_id FROM my_likes
         WHERE bucket = $1 AND account_id = $2 ORDER BY id DESC LIMIT 200) liked
      JOIN posts p ON p.bucket = ((liked.post_id >> 6) & 1023)::smallint AND p.id = liked.post_id
    UNION ALL
    SELECT reply_to_account FROM (SELECT reply_to_account FROM posts
         WHERE bucket = $1 AND author_id = $2 AND state = 0 ORDER BY id DESC LIMIT 100) written
     WHERE reply_to_account IS NOT NULL
) met WHERE author_id <> $2 GROUP BY author_id
"""

LANGUAGES = """
SELECT language FROM (SELECT language FROM posts
     WHERE bucket = $1 AND author_id = $2 AND state = 0 ORDER BY id DESC LIMIT 50) written WHERE language <> ''
 UNION SELECT post_language FROM users WHERE bucket = $1 AND account_id = $2 AND post_language <> ''
 UNION SELECT locale FROM users WHERE bucket = $1 AND account_id = $2 AND locale <> ''
"""


async def load_doings(reader: Reader, viewer_id: AccountId) -> Doings:
    own = bucket_of(viewer_id)
    met = {row[0]: row[1] for row in await reader.rows(INTERACTIONS, own, viewer_id)}
    languages = frozenset(name.partition("-")[0] for name in await reader.values(LANGUAGES, own, viewer_id))
    return Doings(met, languages, await load_disinterest(reader, viewer_id))


# Of those who keep to themselves whom they follow, nothing is said.
NEARBY = """
SELECT f.target_id, (array_agg(f.account_id ORDER BY f.id))[1], count(*) AS friends  -- a sample of the followed ones
  FROM unnest($1::smallint[], $2::bigint[]) AS friend (bucket, id)
  JOIN accounts a ON a.bucket = friend.bucket AND a.id = friend.id AND NOT a.hide_collections
  JOIN following f ON f.bucket = friend.bucket AND f.account_id = friend.id
 WHERE NOT f.target_id = ANY($3::bigint[])
 GROUP BY f.target_id ORDER BY friends DESC, f.target_id DESC LIMIT $4
"""


async def people_near(reader: Reader, viewer: Viewer, doings: Doings) -> dict[int, Reason]:
    """People the reader does not follow: those they like and answer, and those whom followed ones follow."""
    away = apart_from(viewer)
    met = sorted((id_ for id_ in doings.interactions if id_ not in away), key=lambda id_: -doings.interactions[id_])
    people = {id_: Reason("interacted", id_) for id_ in met[:NEAR]}
    friends = list(viewer.following)[-FRIENDS_ASKED:]
    if friends:
        known = [*away, *people]
        rows = await reader.rows(NEARBY, [bucket_of(id_) for id_ in friends], friends, known, NEAR)
        people |= {row[0]: Reason("followed_by", row[1]) for row in rows}
    return people


def apart_from(viewer: Viewer) -> set[int]:
    """Accounts that are no strangers to propose: oneself, whom one follows, and whom one keeps away."""
    bounds = viewer.bounds
    own = {viewer.id} if viewer.id is not None else set()
    return {*own, *viewer.following, *bounds.blocking, *bounds.blocked_by, *bounds.muting}


REPOSTED = """
SELECT p.repost_of, p.author_id FROM unnest($1::smallint[], $2::bigint[]) AS want (bucket, id)
  JOIN posts p ON p.bucket = want.bucket AND p.id = want.id AND p.repost_of IS NOT NULL AND p.state = 0
 ORDER BY p.id DESC
"""


async def of_followed(reader: Reader, viewer: Viewer, posts: Sequence[Candidate]) -> Found:
    """What followed people wrote and reposted; their replies only where they answer somebody the reader knows."""
    found: Found = {}
    reposts = []
    for post in posts:
        follow = viewer.following.get(post.author_id)
        if follow is None or post.author_id in viewer.exclusive:
            continue
        if post.flags & REPOST:
            if follow.reposts:
                reposts.append(post.id)
        elif not post.flags & REPLY or post.other_id in viewer.following or post.other_id == post.author_id:
            found[post.id] = Reason("following", post.author_id)
    if reposts:
        for id_, by in await reader.rows(REPOSTED, [bucket_of(id_) for id_ in reposts], reposts):
            better(found, id_, Reason("reposted_by", by))
    return found


def of_people(people: Mapping[int, Reason], posts: Iterable[Candidate]) -> Found:
    """What people near the reader wrote themselves, answering nobody."""
    return {post.id: people[post.author_id] for post in posts if not post.flags & (REPLY | REPOST)}


def better(found: Found, id_: int, reason: Reason) -> None:
    """Keep the reason that counts most; of equal ones the first."""
    known = found.get(id_)
    if known is None or WORTH[reason.kind] > WORTH[known.kind]:
        found[id_] = reason


async def describe(reader: Reader, viewer: Viewer, found: Found, less: Disinterest) -> list[Proposed]:
    """The proposals that are fit to be shown unasked, with what their place depends on."""
    ids = sorted(found, reverse=True)[:MOST]
    posts = [post for post in (await load_posts(reader, ids)).values() if _is_fit(post, viewer, found[post.id], less)]
    counts = await load_counts(reader, [post.id for post in posts])
    sizes = await load_account_counts(reader, list({post.author_id for post in posts}))
    proposed = []
    for post in posts:
        tally, size = counts.get(post.id), sizes.get(post.author_id)
        proposed.append(
            Proposed(
                id=post.id,
                author_id=post.author_id,
                reason=found[post.id],
                language=post.language,
                tags=tuple(tag_key(name) for name in post.tags),
                reactions=tally.likes + tally.replies + 2 * (tally.reposts + tally.quotes) if tally else 0,
                followers=max(size.followers, 0) if size else 0,
            )
        )
    return proposed


def _is_fit(post: Post, viewer: Viewer, reason: Reason, less: Disinterest) -> bool:
    """Strangers' posts are proposed only where they are meant for everyone and hide nothing; nobody's own, nothing
    the reader keeps away, and nothing they want less of."""
    author = post.author_id
    if post.deleted or post.repost_of is not None or author == viewer.id or post.id in less.posts:
        return False
    if author in viewer.bounds.muting or author in viewer.exclusive:
        return False
    if reason.kind == "following":
        return post.visibility != Visibility.DIRECT
    answers = post.reply_to is not None and post.reply_to_account not in (author, *viewer.following)
    return post.visibility == Visibility.PUBLIC and not post.sensitive and not post.summary and not answers
