"""From the drawn arrays to rows, table by table, each sorted as its key so that COPY fills the indexes in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import numpy as np

from weft.kernel.ids import bucket_of_name
from weft.kernel.text.entities import tag_key
from weft.kernel.text.names import canonical_name
from weft.operations.seeding.people import Follows, Ints, People, buckets
from weft.operations.seeding.plan import DAY_MS, SeedPlan
from weft.operations.seeding.posts import Likes, Posts
from weft.operations.seeding.words import LANGUAGES
from weft.relationships.model import Visibility

CHUNK = 20_000
LANES = 16
REPLY = 1
"""The timelines' flag of a post that answers another."""


class Table(msgspec.Struct, frozen=True):
    """Rows for one COPY."""

    name: str
    columns: tuple[str, ...]
    rows: Iterable[tuple[object, ...]]


def in_order(*keys: Ints) -> Ints:
    """Positions sorted by the first key, then by the next."""
    return np.lexsort(keys[::-1])


def chunks(order: Ints, *columns: Ints) -> Iterator[tuple[list[int], ...]]:
    """The columns in that order, in lists of a size that memory does not notice."""
    for start in range(0, len(order), CHUNK):
        part = order[start : start + CHUNK]
        yield tuple(column[part].tolist() for column in columns)


def numbers(order: Ints, *columns: Ints) -> Iterator[tuple[object, ...]]:
    """Rows of numbers alone."""
    for lists in chunks(order, *columns):
        yield from zip(*lists, strict=True)


def username(number: int) -> str:
    return f"seed{number}"


def display_name(language: int, draw: int) -> str:
    names = LANGUAGES[language].names
    return names[draw % len(names)]


# ------------------------------------------------------------------------------------------------ people


def account_tables(plan: SeedPlan, people: People, follows: Follows, posts: Posts) -> Iterator[Table]:
    """Accounts, their logins without a password, their names and their exact counters."""
    count = len(people.ids)
    bucket = buckets(people.ids)
    order = in_order(bucket, people.ids)
    last_post = np.zeros(count, np.int64)
    np.maximum.at(last_post, posts.author, posts.ids)
    yield Table(
        "accounts",
        ("bucket", "id", "username", "display_name", "bio", "created_ms"),
        _accounts(people, order),
    )
    yield Table(
        "account_counts",
        ("bucket", "account_id", "posts", "followers", "following", "last_post_id"),
        numbers(
            order,
            bucket,
            people.ids,
            np.bincount(posts.author, minlength=count),
            np.bincount(follows.targets, minlength=count),
            np.bincount(follows.followers, minlength=count),
            last_post,
        ),
    )
    yield Table(
        "users",
        ("bucket", "account_id", "state", "confirmed_ms", "locale", "by_command", "created_ms", "seen_day"),
        _users(plan, people, order),
    )
    yield Table("directory", ("bucket", "kind", "name", "target_id"), _directory(people))


def _accounts(people: People, order: Ints) -> Iterator[tuple[object, ...]]:
    columns = (buckets(people.ids), people.ids, order, people.language, people.name, people.ids >> 16)
    for lists in chunks(order, columns[0], columns[1], np.arange(len(order)), *columns[3:]):
        for bucket, id_, index, language, name, born in zip(*lists, strict=True):
            spoken = LANGUAGES[language]
            bio = f"{spoken.middles[name % len(spoken.middles)]}."
            yield bucket, id_, username(people.first + index), display_name(language, name), bio, born


def _users(plan: SeedPlan, people: People, order: Ints) -> Iterator[tuple[object, ...]]:
    day = plan.end_ms // DAY_MS
    codes = [language.code for language in LANGUAGES]
    for bucket, id_, language, born in numbers(
        order, buckets(people.ids), people.ids, people.language, people.ids >> 16
    ):
        yield bucket, id_, "active", born, codes[language], True, born, day  # type: ignore[call-overload]


def _directory(people: People) -> list[tuple[object, ...]]:
    names = [canonical_name(username(people.first + index)) for index in range(len(people.ids))]
    ids = people.ids.tolist()
    return sorted((bucket_of_name(f"handle:{name}"), "handle", name, id_) for name, id_ in zip(names, ids, strict=True))


def follow_tables(people: People, follows: Follows) -> Iterator[Table]:
    """Each edge once in the bucket of either end."""
    sources, targets = people.ids[follows.followers], people.ids[follows.targets]
    own, theirs = buckets(sources), buckets(targets)
    yield Table(
        "following",
        ("bucket", "account_id", "target_id", "id"),
        numbers(in_order(own, sources, targets), own, sources, targets, follows.ids),
    )
    yield Table(
        "followers",
        ("bucket", "account_id", "follower_id", "id"),
        numbers(in_order(theirs, targets, sources), theirs, targets, sources, follows.ids),
    )


# ------------------------------------------------------------------------------------------------ posts


def post_tables(people: People, posts: Posts) -> Iterator[Table]:
    """Posts, and where threads and the public timeline find them."""
    bucket, author = buckets(posts.ids), people.ids[posts.author]
    yield Table(
        "posts",
        (
            *("bucket", "id", "author_id", "text", "visibility", "language", "reply_to", "reply_to_account", "root_id"),
            *("repost_of", "repost_author", "mentions", "tags"),
        ),
        _posts(people, posts, in_order(bucket, posts.ids)),
    )
    replies = np.flatnonzero(posts.parent >= 0)
    roots, parents = posts.ids[posts.root[replies]], posts.ids[posts.parent[replies]]
    columns = (buckets(roots), roots, posts.ids[replies], parents, author[replies])
    yield Table(
        "thread_posts",
        ("bucket", "root_id", "post_id", "parent_id", "author_id"),
        numbers(in_order(*columns[:3]), *columns),
    )
    shown = _originals(posts)
    ids, flags = posts.ids[shown], np.where(posts.parent[shown] >= 0, REPLY, 0)
    yield Table(
        "public_posts",
        ("bucket", "post_id", "author_id", "flags"),
        numbers(in_order(ids % LANES, ids), ids % LANES, ids, author[shown], flags),
    )


def _originals(posts: Posts) -> Ints:
    """Public posts that answer nobody but their own author."""
    to_self = posts.author[posts.parent] == posts.author
    original = (posts.repost_of < 0) & ((posts.parent < 0) | to_self)
    return np.flatnonzero(original & (posts.visibility == int(Visibility.PUBLIC)))


def _posts(people: People, posts: Posts, order: Ints) -> Iterator[tuple[object, ...]]:
    author = people.ids[posts.author]
    other = np.maximum(posts.parent, posts.repost_of)
    columns = (
        *(
            buckets(posts.ids),
            posts.ids,
            author,
            posts.visibility,
            posts.language,
            posts.words[:, 0],
            posts.words[:, 1],
        ),
        *(posts.words[:, 2], posts.tags[:, 0], posts.tags[:, 1], posts.repost_of, posts.parent),
        *(posts.ids[other], author[other], posts.author[other], posts.ids[posts.root]),
    )
    for lists in chunks(order, *columns):
        for row in zip(*lists, strict=True):
            yield _post(people, row)


def _post(people: People, row: tuple[int, ...]) -> tuple[object, ...]:
    bucket, id_, author, visibility, code, begin, middle, end, tag, second, reposts, parent, other, whose, who, root = (
        row
    )
    if reposts >= 0:
        return bucket, id_, author, "", visibility, "", None, None, None, other, whose, (), ()
    language = LANGUAGES[code]
    text = (
        f"{language.begins[begin % len(language.begins)]} {language.middles[middle % len(language.middles)]} "
        f"{language.ends[end % len(language.ends)]}"
    )
    tags = tag_names(code, tag, second)
    for name in tags:
        text = f"{text} #{name}"
    if parent < 0:
        return bucket, id_, author, text, visibility, language.code, None, None, None, None, None, (), tags
    mentions: tuple[int, ...] = ()
    if whose != author:
        text, mentions = f"@{username(people.first + who)} {text}", (whose,)
    return bucket, id_, author, text, visibility, language.code, other, whose, root, None, None, mentions, tags


def tag_names(language: int, first: int, second: int) -> tuple[str, ...]:
    """The tags of a post, as written: words of its language, the first ones most often."""
    if first < 0:
        return ()
    pool = LANGUAGES[language].tags
    names = (pool[first % len(pool)],) if second < 0 else (pool[first % len(pool)], pool[second % len(pool)])
    return tuple(dict.fromkeys(names))


class Tagged(msgspec.Struct, frozen=True):
    """Public posts by tag."""

    tables: tuple[Table, ...]
    newest: dict[str, tuple[str, int]]
    """By key: a tag as written and its newest post."""


def tagged(people: People, posts: Posts) -> Tagged:
    """Where tags find their posts, and how many people used them on each day."""
    rows: list[tuple[int, str, int, int, int]] = []
    uses: dict[tuple[int, str, int, int], int] = {}
    newest: dict[str, tuple[str, int]] = {}
    places = {name: (bucket_of_name(tag_key(name)), tag_key(name)) for spoken in LANGUAGES for name in spoken.tags}
    chosen = np.flatnonzero((posts.tags[:, 0] >= 0) & (posts.visibility == int(Visibility.PUBLIC)))
    flags = np.where(posts.parent >= 0, REPLY, 0)
    columns = (posts.ids, people.ids[posts.author], flags, posts.language, posts.tags[:, 0], posts.tags[:, 1])
    for lists in chunks(chosen, *columns):
        for id_, author, flag, language, first, second in zip(*lists, strict=True):
            for name in tag_names(language, first, second):
                bucket, key = places[name]
                rows.append((bucket, key, id_, author, flag))
                use = (bucket, key, (id_ >> 16) // DAY_MS, author)
                uses[use] = uses.get(use, 0) + 1
                newest[key] = (name, id_)
    rows.sort()
    return Tagged(
        (
            Table("tag_posts", ("bucket", "tag", "post_id", "author_id", "flags"), rows),
            Table(
                "tag_days",
                ("bucket", "tag", "day", "account_id", "uses"),
                ((*use, times) for use, times in sorted(uses.items())),
            ),
        ),
        newest,
    )


# ------------------------------------------------------------------------------------------------ reactions


def reaction_tables(people: People, posts: Posts, likes: Likes) -> Iterator[Table]:
    """Likes and reposts at both ends, and the exact counters of posts."""
    accounts, liked = people.ids[likes.account], posts.ids[likes.post]
    own, theirs = buckets(accounts), buckets(liked)
    yield Table(
        "likes",
        ("bucket", "post_id", "account_id", "id"),
        numbers(in_order(theirs, liked, accounts), theirs, liked, accounts, likes.ids),
    )
    yield Table(
        "my_likes",
        ("bucket", "account_id", "post_id", "id"),
        numbers(in_order(own, accounts, liked), own, accounts, liked, likes.ids),
    )
    which = np.flatnonzero(posts.repost_of >= 0)
    reposts, reposted = posts.ids[which], posts.ids[posts.repost_of[which]]
    by = people.ids[posts.author[which]]
    yield Table(
        "reposts",
        ("bucket", "post_id", "account_id", "repost_id"),
        numbers(in_order(buckets(reposted), reposted, by), buckets(reposted), reposted, by, reposts),
    )
    yield Table(
        "my_reposts",
        ("bucket", "account_id", "post_id", "repost_id"),
        numbers(in_order(buckets(by), by, reposted), buckets(by), by, reposted, reposts),
    )
    yield _post_counts(posts, likes)


def _post_counts(posts: Posts, likes: Likes) -> Table:
    count = len(posts.ids)
    replies, reposts, liked = (
        np.bincount(which[which >= 0], minlength=count) for which in (posts.parent, posts.repost_of, likes.post)
    )
    counted = np.flatnonzero(replies + reposts + liked)
    ids = posts.ids[counted]
    return Table(
        "post_counts",
        ("bucket", "post_id", "replies", "reposts", "likes"),
        numbers(in_order(buckets(ids), ids), buckets(ids), ids, replies[counted], reposts[counted], liked[counted]),
    )
