"""Terms of posts and accounts, written in sets. Running it again writes the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weft.accounts.model import Account
from weft.accounts.service import load_accounts
from weft.infra.db import Db, Tx
from weft.kernel.ids import BUCKETS, bucket_of
from weft.kernel.text.terms import fold, index_terms
from weft.media.service import load_media
from weft.posts.model import Post
from weft.posts.service import load_polls, load_posts
from weft.search import queries
from weft.search.model import PREFIX

_BATCH = 2000
_JOINT = "\x1f"


def account_terms(account: Account) -> list[str]:
    """Every beginning of every word of the handle and the display name, folded."""
    words = {
        account.username.lower(),
        account.handle.lower(),
        *fold(account.display_name).split(),
        *account.username.lower().split("_"),
    }
    return sorted(
        {word[:length] for word in words if word for length in range(1, min(len(word), PREFIX) + 1)}
        | {word[:64] for word in words if word}
    )


def text_of(post: Post, extra: Iterable[str]) -> str:
    """Everything of a post that words can find."""
    return "\n".join((post.text, post.summary, *extra))


async def index_posts(tx: Tx, ids: Sequence[int]) -> None:
    """Write the terms of those of the posts that exist and are no reposts."""
    posts = [post for post in (await load_posts(tx, ids)).values() if not post.deleted and post.repost_of is None]
    polls = await load_polls(tx, [post.id for post in posts if post.has_poll])
    media = await load_media(tx, [id_ for post in posts for id_ in post.media_ids])
    terms = []
    for post in posts:
        extra = [media[id_].description or "" for id_ in post.media_ids if id_ in media]
        extra += polls[post.id].options if post.id in polls else ()
        terms.append(_JOINT.join(index_terms(text_of(post, extra))))
    if posts:
        await tx.execute(
            queries.STORE_POSTS,
            [bucket_of(post.id) for post in posts],
            [post.id for post in posts],
            [post.author_id for post in posts],
            terms,
        )


async def index_accounts(tx: Tx, ids: Sequence[int]) -> None:
    """Write the terms of those of the accounts that may be found, and forget the others."""
    accounts = await load_accounts(tx, ids)
    found = [account for account in accounts.values() if not account.gone]
    gone = [id_ for id_ in ids if id_ not in {account.id for account in found}]
    if gone:
        await tx.execute(queries.REMOVE_ACCOUNTS, [bucket_of(id_) for id_ in gone], gone)
    if found:
        terms = [_JOINT.join(account_terms(account)) for account in found]
        await tx.execute(
            queries.STORE_ACCOUNTS,
            [bucket_of(account.id) for account in found],
            [account.id for account in found],
            terms,
        )


async def build_missing(db: Db) -> int:
    """Index every post and account that is not; how many there were. A few thousand in each transaction."""
    done = 0
    for bucket in range(BUCKETS):
        done += await _build_bucket(db, bucket)
    return done


async def _build_bucket(db: Db, bucket: int) -> int:
    done = 0
    for statement, index in ((queries.UNINDEXED_ACCOUNTS, index_accounts), (queries.UNINDEXED_POSTS, index_posts)):
        last = 0
        while True:
            async with db.job() as tx:
                ids = await tx.values(statement, bucket, last, _BATCH)
                if ids:
                    await index(tx, ids)
            if not ids:
                break
            last = ids[-1]
            done += len(ids)
    return done
