"""Writing filters, with their keywords and posts. Matching them is in ``filters``; every change reloads the viewer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, UnsetType

from weft.infra.db import Db, Reader, Tx
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.kernel.text.clean import clean_line
from weft.timelines.events import ReadingChanged
from weft.timelines.model import Filter, FilterAction, FilterContext, FilteredPost, Keyword
from weft.timelines.queries import load_filters

MAX_FILTERS = 100
MAX_KEYWORDS = 1000
MAX_POSTS = 1000
MAX_KEYWORD = 256
MAX_TITLE = 256


class KeywordEdit(msgspec.Struct, frozen=True, kw_only=True):
    """A new keyword, or a change to the one with this id."""

    id: int | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    destroy: bool = False


class FilterEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What may be said of a filter; None leaves a value as it is."""

    title: str | None = None
    contexts: tuple[FilterContext, ...] | None = None
    action: FilterAction | None = None
    expires_ms: int | None | UnsetType = UNSET
    keywords: tuple[KeywordEdit, ...] = ()


def check_filter(edit: FilterEdit, *, new: bool) -> None:
    """Refuse a filter without title or context, and keywords of nothing."""
    if (new or edit.title is not None) and not clean_line(edit.title or "", MAX_TITLE):
        raise Invalid("filter.title_blank", field="title")
    if edit.title is not None and len(edit.title) > MAX_TITLE:
        raise Invalid("filter.title_long", field="title", limit=MAX_TITLE)
    if (new or edit.contexts is not None) and not edit.contexts:
        raise Invalid("filter.context_blank", field="context")
    for keyword in edit.keywords:
        check_keyword(keyword, new=keyword.id is None)


def check_keyword(edit: KeywordEdit, *, new: bool) -> None:
    if edit.destroy:
        return
    if (new or edit.keyword is not None) and not (edit.keyword or "").strip():
        raise Invalid("filter.keyword_blank", field="keyword")
    if edit.keyword is not None and len(edit.keyword) > MAX_KEYWORD:
        raise Invalid("filter.keyword_long", field="keyword", limit=MAX_KEYWORD)


def find_in(filters: Sequence[Filter], filter_id: int) -> Filter:
    """The filter with this id.

    Raises:
        NotFound: the account has none.
    """
    for filter_ in filters:
        if filter_.id == filter_id:
            return filter_
    raise NotFound("record.absent")


async def require_filter(reader: Reader, account_id: AccountId, filter_id: int) -> Filter:
    return find_in(await load_filters(reader, account_id), filter_id)


async def require_keyword(reader: Reader, account_id: AccountId, keyword_id: int) -> tuple[Filter, Keyword]:
    """A keyword of one's own and its filter."""
    for filter_ in await load_filters(reader, account_id):
        for keyword in filter_.keywords:
            if keyword.id == keyword_id:
                return filter_, keyword
    raise NotFound("record.absent")


async def require_filtered_post(reader: Reader, account_id: AccountId, id_: int) -> tuple[Filter, FilteredPost]:
    for filter_ in await load_filters(reader, account_id):
        for post in filter_.posts:
            if post.id == id_:
                return filter_, post
    raise NotFound("record.absent")


def _changed(tx: Tx, account_id: AccountId) -> None:
    tx.signal(ReadingChanged(account_id=account_id, filters=True))


LOCK = """
SELECT version FROM accounts WHERE bucket = $1 AND id = $2 FOR NO KEY UPDATE
"""

CREATE = """
INSERT INTO filters (bucket, id, account_id, title, contexts, action, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def create_filter(db: Db, account_id: AccountId, edit: FilterEdit) -> Filter:
    """Make a filter.

    Raises:
        Invalid: it says too little, or there are as many as may be.
    """
    check_filter(edit, new=True)
    own = bucket_of(account_id)
    async with db.tx(own) as tx:
        await tx.value(LOCK, own, account_id)
        if len(await load_filters(tx, account_id)) >= MAX_FILTERS:
            raise Invalid("filter.limit", limit=MAX_FILTERS)
        filter_id = tx.ids.new(own)
        expires_ms = edit.expires_ms if edit.expires_ms is not UNSET else None
        contexts = list(dict.fromkeys(edit.contexts or ()))
        title = clean_line(edit.title or "", MAX_TITLE)
        await tx.execute(CREATE, own, filter_id, account_id, title, contexts, edit.action or "warn", expires_ms)
        await _write_keywords(tx, account_id, filter_id, edit.keywords)
        _changed(tx, account_id)
        return await require_filter(tx, account_id, filter_id)


EDIT = """
UPDATE filters SET title = coalesce($4, title), contexts = coalesce($5, contexts), action = coalesce($6, action),
       expires_ms = CASE WHEN $7 THEN $8 ELSE expires_ms END
 WHERE bucket = $1 AND id = $3 AND account_id = $2
"""


async def edit_filter(db: Db, account_id: AccountId, filter_id: int, edit: FilterEdit) -> Filter:
    """Change a filter and any of its keywords, all or nothing.

    Raises:
        NotFound: it, or a keyword that is named, is not one's own.
        Invalid: it would say too little.
    """
    check_filter(edit, new=False)
    own = bucket_of(account_id)
    contexts = list(dict.fromkeys(edit.contexts)) if edit.contexts is not None else None
    title = clean_line(edit.title, MAX_TITLE) if edit.title is not None else None
    clears, expires_ms = edit.expires_ms is not UNSET, edit.expires_ms if edit.expires_ms is not UNSET else None
    async with db.tx(own) as tx:
        await tx.value(LOCK, own, account_id)
        if not await tx.execute(EDIT, own, account_id, filter_id, title, contexts, edit.action, clears, expires_ms):
            raise NotFound("record.absent")
        await _write_keywords(tx, account_id, filter_id, edit.keywords)
        _changed(tx, account_id)
        return await require_filter(tx, account_id, filter_id)


DELETE = """
WITH gone AS (
    DELETE FROM filters WHERE bucket = $1 AND id = $3 AND account_id = $2 RETURNING id
), keywords AS (
    DELETE FROM filter_keywords WHERE bucket = $1 AND account_id = $2 AND filter_id IN (SELECT id FROM gone)
), posts AS (
    DELETE FROM filter_statuses WHERE bucket = $1 AND account_id = $2 AND filter_id IN (SELECT id FROM gone)
)
SELECT count(*) FROM gone
"""


async def delete_filter(db: Db, account_id: AccountId, filter_id: int) -> None:
    """Take a filter away.

    Raises:
        NotFound: it is not one's own.
    """
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        if not await tx.value(DELETE, own, account_id, filter_id):
            raise NotFound("record.absent")
        _changed(tx, account_id)


# ---------------------------------------------------------------------------------------------------- keywords

DELETE_KEYWORDS = """
DELETE FROM filter_keywords WHERE bucket = $1 AND account_id = $2 AND filter_id = $3 AND id = ANY($4::bigint[])
"""

EDIT_KEYWORDS = """
UPDATE filter_keywords k
   SET keyword = coalesce(new.keyword, k.keyword), whole_word = coalesce(new.whole_word, k.whole_word)
  FROM unnest($4::bigint[], $5::text[], $6::boolean[]) AS new (id, keyword, whole_word)
 WHERE k.bucket = $1 AND k.account_id = $2 AND k.filter_id = $3 AND k.id = new.id
"""

ADD_KEYWORDS = """
INSERT INTO filter_keywords (bucket, account_id, filter_id, id, keyword, whole_word)
SELECT $1, $2, $3, new.id, new.keyword, new.whole_word
  FROM unnest($4::bigint[], $5::text[], $6::boolean[]) AS new (id, keyword, whole_word)
"""

COUNT_KEYWORDS = """
SELECT count(*) FROM filter_keywords WHERE bucket = $1 AND account_id = $2
"""


async def _write_keywords(tx: Tx, account_id: AccountId, filter_id: int, edits: Sequence[KeywordEdit]) -> None:
    own = bucket_of(account_id)
    gone = [edit.id for edit in edits if edit.destroy and edit.id is not None]
    kept = [edit for edit in edits if not edit.destroy and edit.id is not None]
    new = [edit for edit in edits if not edit.destroy and edit.id is None]
    if gone and await tx.execute(DELETE_KEYWORDS, own, account_id, filter_id, gone) != len(set(gone)):
        raise NotFound("record.absent")
    if kept:
        ids, words = [edit.id for edit in kept], [edit.keyword for edit in kept]
        flags = [edit.whole_word for edit in kept]
        if await tx.execute(EDIT_KEYWORDS, own, account_id, filter_id, ids, words, flags) != len(set(ids)):
            raise NotFound("record.absent")
    if new:
        if await tx.value(COUNT_KEYWORDS, own, account_id) + len(new) > MAX_KEYWORDS:
            raise Invalid("filter.limit", limit=MAX_KEYWORDS)
        ids = [tx.ids.new(own) for _ in new]
        flags = [edit.whole_word is not False for edit in new]
        await tx.execute(ADD_KEYWORDS, own, account_id, filter_id, ids, [edit.keyword for edit in new], flags)


async def add_keyword(db: Db, account_id: AccountId, filter_id: int, edit: KeywordEdit) -> Keyword:
    """Add one keyword to a filter.

    Raises:
        NotFound: the filter is not one's own.
    """
    check_keyword(edit, new=True)
    changed = await edit_filter(db, account_id, filter_id, FilterEdit(keywords=(edit,)))
    return changed.keywords[-1]


async def edit_keyword(db: Db, account_id: AccountId, edit: KeywordEdit) -> Keyword:
    """Change or destroy the keyword with the edit's id; answers it as it is, or was.

    Raises:
        NotFound: it is not one's own.
    """
    assert edit.id is not None
    async with db.read() as reader:
        filter_, before = await require_keyword(reader, account_id, edit.id)
    changed = await edit_filter(db, account_id, filter_.id, FilterEdit(keywords=(edit,)))
    return next((keyword for keyword in changed.keywords if keyword.id == edit.id), before)


# ---------------------------------------------------------------------------------------------------- posts

ADD_POST = """
INSERT INTO filter_statuses AS s (bucket, id, filter_id, account_id, post_id) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (bucket, filter_id, post_id) DO UPDATE SET post_id = excluded.post_id
RETURNING s.id, s.post_id
"""

COUNT_POSTS = """
SELECT count(*) FROM filter_statuses WHERE bucket = $1 AND account_id = $2
"""


async def add_filtered_post(db: Db, account_id: AccountId, filter_id: int, post_id: int) -> FilteredPost:
    """Filter one post, which the account may see.

    Raises:
        NotFound: the filter is not one's own.
    """
    own = bucket_of(account_id)
    async with db.tx(own) as tx:
        await tx.value(LOCK, own, account_id)
        await require_filter(tx, account_id, filter_id)
        if await tx.value(COUNT_POSTS, own, account_id) >= MAX_POSTS:
            raise Invalid("filter.limit", limit=MAX_POSTS)
        row = await tx.row(ADD_POST, own, tx.ids.new(own), filter_id, account_id, post_id)
        assert row is not None
        _changed(tx, account_id)
    return FilteredPost(row[0], row[1])


REMOVE_POST = """
DELETE FROM filter_statuses WHERE bucket = $1 AND account_id = $2 AND id = $3
"""


async def remove_filtered_post(db: Db, account_id: AccountId, id_: int) -> None:
    """Stop filtering one post.

    Raises:
        NotFound: it is not one's own.
    """
    own = bucket_of(account_id)
    async with db.once(own) as tx:
        if not await tx.execute(REMOVE_POST, own, account_id, id_):
            raise NotFound("record.absent")
        _changed(tx, account_id)
