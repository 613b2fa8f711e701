"""Looks at new public posts for the moderators, in the background, and suggests to them what they may want to see.

It acts on nothing. What it finds goes into the moderators' own queue and says there that no person reported it; a
person decides, and what they decide is what it learns from. Posts of the staff, of accounts elsewhere and of whoever
wants nothing to do with the assistant are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, Protocol

import msgspec
import numpy as np
import structlog

from weft.accounts.model import STAFF, Account
from weft.accounts.service import load_accounts
from weft.assistant import judged
from weft.assistant.account import find_own_id
from weft.assistant.copies import Written, copies_of, mark_of
from weft.assistant.embedding import text_to_embed
from weft.assistant.index import Means, Understanding
from weft.assistant.judged import Seen
from weft.assistant.language import guess_language
from weft.assistant.lessons import Decisions, Serving, find_serving, learn_again, read_vectors, unit_of
from weft.assistant.opt_outs import opted_out
from weft.assistant.vectors import quantise
from weft.infra.db import Db, Reader
from weft.kernel.errors import Limited
from weft.kernel.ids import AccountId, PostId
from weft.posts.model import Post
from weft.posts.service import load_posts
from weft.relationships.model import NOBODY, Visibility, can_see

SUGGESTED: Final = "Suggested by a classifier; no person reported this."
"""How each suggestion begins, for the moderator."""
BATCH: Final = 32
MOST_AT_ONCE: Final = 10
"""Batches of one run: few, since other jobs wait for its turn to end."""
MOST_A_DAY: Final = 50
"""Posts that are suggested in a day: a judge that errs, or a wave of spam, must not bury what people reported."""
NEW_MS: Final = 7 * 24 * 3_600_000
"""How long an account is new."""

log = structlog.get_logger()


class Suspicion(msgspec.Struct, frozen=True, kw_only=True):
    """Posts of one account that a person is asked to look at."""

    account_id: AccountId
    post_ids: tuple[PostId, ...]
    verdict: Literal["spam", "abuse", "copies"]
    reason: str
    """For the moderator, in English."""
    alike: tuple[PostId, ...] = ()
    """Of copies all of them: what was decided of one is known of the others."""


class Queue(Protocol):
    """Where a suspicion goes: the moderators' queue. Filled in ``wiring``."""

    async def __call__(self, db: Db, suspicion: Suspicion) -> Sequence[PostId]:
        """The posts that are new to the moderators: none that some report names, nor what is like an unfounded one."""


class Look(msgspec.Struct, frozen=True):
    """A post that is looked at."""

    post: Post
    text: str
    is_new: bool
    is_read: bool
    """A model may read it: its language is one that the model understands."""

    @property
    def post_id(self) -> int:
        return self.post.id

    @property
    def version(self) -> int:
        return self.post.version


class Judging:
    """The jobs of the judge. Off, it only keeps nothing waiting."""

    def __init__(self, understanding: Understanding, decisions: Decisions, queue: Queue, *, on: bool = True) -> None:
        self._understanding = understanding
        self._decisions = decisions
        self._queue = queue
        self._on = on

    async def learn(self, db: Db) -> None:
        """For the errors see ``learn_again``."""
        if self._on:
            await learn_again(db, await self._understanding(), self._decisions)

    async def watch(self, db: Db) -> None:
        """Look at what waits.

        Raises:
            Unavailable: the model cannot answer now; what it was to read waits.
        """
        now_ms = db.clock.now_ms()
        async with db.job() as tx:
            await (judged.sweep_judged(tx, now_ms) if self._on else judged.forget_all(tx))
        if not self._on:
            return
        means = await self._understanding()
        async with db.read() as reader:
            serving = await find_serving(reader, means.embedder.model) if means.embedder is not None else None
        for _ in range(MOST_AT_ONCE):
            if not await self._watch_some(db, means, serving):
                return

    async def _watch_some(self, db: Db, means: Means, serving: Serving | None) -> bool:
        """Whether there was anything to look at."""
        now_ms = db.clock.now_ms()
        async with db.read() as reader:
            ids = await judged.load_waiting(reader, BATCH)
            if not ids:
                return False
            looks = await _looks(reader, ids, means, now_ms)
        seen = await _see(db, looks, means)
        async with db.read() as reader:
            window = await judged.load_window(reader, now_ms, seen)
            room = MOST_A_DAY - await judged.count_suggested(reader, now_ms)
        found = [*_judged(seen, serving), *_copied(len(seen), window)]
        told = await self._suggest(db, found, room)
        async with db.job() as tx:
            await judged.keep_seen(tx, ids, seen, told)
        return True

    async def _suggest(self, db: Db, found: Sequence[Suspicion], room: int) -> list[int]:
        """Tell the moderators, as far as there is room; which posts are new to them."""
        told: list[int] = []
        for suspicion in found:
            if len(told) >= room:
                log.warning("judging.full", left=len(found))
                break
            new = await self._queue(db, suspicion)
            if new:
                log.info("judging.suggested", verdict=suspicion.verdict, posts=len(new))
            told += new
        return told


async def _looks(reader: Reader, ids: Sequence[int], means: Means, now_ms: int) -> list[Look]:
    """Those of the posts that may be looked at."""
    posts = await load_posts(reader, ids)
    author_ids = {post.author_id for post in posts.values()}
    authors = await load_accounts(reader, list(author_ids))
    out = {*await opted_out(reader, author_ids), await find_own_id(reader)}
    found = []
    for post in posts.values():
        author = authors.get(post.author_id)
        if author is None or post.author_id in out or not _is_watched(post, author):
            continue
        text = text_to_embed(post)
        is_read = means.embedder is not None and guess_language(text, post.language) in means.languages
        found.append(Look(post, text, now_ms - author.created_ms < NEW_MS, is_read and bool(text.strip())))
    return found


def _is_watched(post: Post, author: Account) -> bool:
    """Public, of somebody here who is not of the staff."""
    if author.host or author.role in STAFF or post.repost_of is not None or post.visibility != Visibility.PUBLIC:
        return False
    return can_see(post.audience(author.gone), NOBODY)


async def _see(db: Db, looks: Sequence[Look], means: Means) -> list[Seen]:
    """What is kept of each. Where the budget is spent, words alone are compared: looking never stops for money."""
    read = [look for look in looks if look.is_read]
    vectors: dict[int, bytes] = {}
    if read and means.embedder is not None:
        try:
            rows = quantise(await read_vectors(db, means.embedder, read))
            vectors = {look.post.id: row.tobytes() for look, row in zip(read, rows, strict=True)}
        except Limited as error:
            log.info("judging.by_words", error=error.code)
    return [
        Seen(
            Written(look.post.id, look.post.author_id, look.is_new, mark_of(look.post.text)),
            look.post.version,
            vectors.get(look.post.id, b""),
        )
        for look in looks
    ]


def _judged(seen: Sequence[Seen], serving: Serving | None) -> Iterator[Suspicion]:
    """What looks like spam or abuse, as far as the judge may say so."""
    read = [one for one in seen if one.vector]
    if serving is None or not read:
        return
    vectors = np.stack([unit_of(one.vector) for one in read])
    for one, (verdict, _) in zip(read, serving.judge.verdicts(vectors, serving.kinds), strict=True):
        if verdict != "ok":
            yield Suspicion(
                account_id=one.written.author_id,
                post_ids=(one.written.post_id,),
                verdict=verdict,
                reason=f"{SUGGESTED} It looks like {verdict}.",
            )


def _copied(new: int, window: judged.Window) -> Iterator[Suspicion]:
    """The first ``new`` posts of the window with those that say the same, an account at a time."""
    taken: set[int] = set()
    for at in range(new):
        group = copies_of(at, window.posts, window.vectors) if at not in taken else []
        taken.update(group)
        found = [window.posts[place] for place in group]
        authors = list(dict.fromkeys(post.author_id for post in found))
        for author in authors:
            yield Suspicion(
                account_id=author,
                post_ids=tuple(post.post_id for post in found if post.author_id == author),
                verdict="copies",
                reason=f"{SUGGESTED} {len(authors)} accounts wrote nearly the same within a day.",
                alike=tuple(post.post_id for post in found),
            )
