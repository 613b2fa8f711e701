"""Filing a report, and working off the queue of them. Whoever decides says why, and the record keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from weft.accounts.events import ReportFiled
from weft.infra.db import Db, DuplicateKey, Reader, Row, Tx
from weft.kernel.errors import Conflict, NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.kernel.paging import Page
from weft.moderation.audit import record
from weft.moderation.model import (
    MAX_PASSAGES,
    MAX_POSTS,
    Complaint,
    Outcome,
    Passage,
    Report,
    State,
    check_complaint,
    check_note,
)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Passage]).decode

# What is reported again while it is open is added to it: the newest words first, and no more posts than one may name.
FILE = """
INSERT INTO reports AS r  -- shared
       (id, reporter_id, account_id, category, comment, post_ids, rule_ids, forwarded, chat)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb)
ON CONFLICT (reporter_id, account_id) WHERE state = 'open' DO UPDATE
   SET category = excluded.category,
       comment = CASE WHEN excluded.comment = '' OR position(excluded.comment IN r.comment) > 0 THEN r.comment
                      WHEN r.comment = '' THEN excluded.comment
                      ELSE left(excluded.comment || E'\\n\\n' || r.comment, 4000) END,
       post_ids = (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM (
                      SELECT DISTINCT id FROM unnest(r.post_ids || excluded.post_ids) AS id
                       ORDER BY id DESC LIMIT $10) newest),
       rule_ids = (SELECT coalesce(array_agg(DISTINCT id), '{}') FROM unnest(r.rule_ids || excluded.rule_ids) AS id),
       chat = excluded.chat || (SELECT coalesce(jsonb_agg(passage), '[]') FROM (
                  SELECT passage FROM jsonb_array_elements(r.chat) AS passage
                   WHERE passage->>'turn_id' IS DISTINCT FROM excluded.chat->0->>'turn_id' LIMIT $11) earlier),
       forwarded = r.forwarded OR excluded.forwarded
RETURNING id, reporter_id, account_id, category, comment, post_ids, rule_ids, forwarded,
          state, note, resolved_ms, outcome, chat
"""


async def file_report(db: Db, reporter_id: AccountId, complaint: Complaint, known_rules: Sequence[str]) -> Report:
    """Tell the staff of an account; what the reporter told them of it and is still open grows by this.

    Raises:
        Invalid: see ``check_complaint``.
    """
    check_complaint(complaint, reporter_id, known_rules)
    bucket = bucket_of(reporter_id)
    async with db.tx(bucket) as tx:
        row = await tx.row(
            FILE,
            tx.ids.new(bucket),
            reporter_id,
            complaint.account_id,
            complaint.category,
            complaint.comment,
            list(complaint.post_ids),
            list(complaint.rule_ids),
            complaint.forward,
            _encode([complaint.passage] if complaint.passage else []).decode(),
            MAX_POSTS,
            MAX_PASSAGES - 1,
        )
        assert row is not None
        report = _report(row)
        tx.emit(ReportFiled(account_id=reporter_id, target_id=complaint.account_id, report_id=report.id))
    return report


# ------------------------------------------------------------------------------------------------ the queue

QUEUE = """
SELECT id, reporter_id, account_id, category, comment, post_ids, rule_ids, forwarded,
       state, note, resolved_ms, outcome, chat
  FROM reports WHERE state = $1 AND id < $2 AND id > $3 ORDER BY id DESC LIMIT $4  -- shared: reports_queue
"""

QUEUE_UP = """
SELECT id, reporter_id, account_id, category, comment, post_ids, rule_ids, forwarded,
       state, note, resolved_ms, outcome, chat
  FROM reports WHERE state = $1 AND id < $2 AND id > $3 ORDER BY id LIMIT $4  -- shared: reports_queue
"""

FIND = """
SELECT id, reporter_id, account_id, category, comment, post_ids, rule_ids, forwarded,
       state, note, resolved_ms, outcome, chat
  FROM reports WHERE id = $1  -- shared
"""

FIND_OPEN = """
SELECT id, reporter_id, account_id, category, comment, post_ids, rule_ids, forwarded,
       state, note, resolved_ms, outcome, chat
  FROM reports WHERE reporter_id = $1 AND account_id = $2 AND state = 'open'  -- shared: reports_open_once
"""

COUNT_OPEN = """
SELECT count(*) FROM reports WHERE state = 'open'  -- shared: reports_queue
"""


async def reports_page(reader: Reader, state: State, page: Page) -> list[Report]:
    """The queue, the newest first."""
    rows = await reader.rows(QUEUE_UP if page.upwards else QUEUE, state, page.before, page.after, page.limit)
    return [_report(row) for row in (reversed(rows) if page.upwards else rows)]


async def require_report(reader: Reader, id_: int) -> Report:
    """A report by its id.

    Raises:
        NotFound: there is none.
    """
    row = await reader.row(FIND, id_)
    if row is None:
        raise NotFound("record.absent")
    return _report(row)


async def find_open_report(reader: Reader, reporter_id: AccountId, account_id: AccountId) -> Report | None:
    """The report that grows when this reporter tells of this account again."""
    row = await reader.row(FIND_OPEN, reporter_id, account_id)
    return _report(row) if row is not None else None


NAMED = """
SELECT DISTINCT p.id FROM reports r, unnest(r.post_ids) AS p (id)  -- shared: reports_posts
 WHERE r.post_ids && $1::bigint[] AND p.id = ANY ($1::bigint[])
"""


async def named_posts(reader: Reader, post_ids: Iterable[int]) -> frozenset[int]:
    """Those of the posts that some report names, open or resolved: somebody looks at them, or did."""
    return frozenset(await reader.values(NAMED, list(post_ids)))


UNFOUNDED = """
SELECT EXISTS (
    SELECT FROM reports r WHERE r.post_ids && $1::bigint[] AND r.outcome = 'unfounded'  -- shared: reports_posts
)
"""


async def is_unfounded(reader: Reader, post_ids: Iterable[int]) -> bool:
    """Whether a report of any of the posts was decided to be unfounded."""
    return bool(await reader.value(UNFOUNDED, list(post_ids)))


async def count_open(reader: Reader) -> int:
    return int(await reader.value(COUNT_OPEN))


RESOLVE = """
UPDATE reports SET state = 'resolved', note = $2, resolved_ms = $3, outcome = $4, chat = '[]'  -- shared
 WHERE id = $1 AND state = 'open'
"""

REOPEN = """
UPDATE reports SET state = 'open', resolved_ms = NULL, outcome = '' WHERE id = $1 AND state = 'resolved'  -- shared
"""


FORGET_CHATS = """
UPDATE reports SET chat = '[]' WHERE reporter_id = ANY ($1::bigint[]) AND state = 'open'  -- shared: reports_open_once
"""


async def forget_chats(tx: Tx, reporter_ids: Sequence[int]) -> None:
    """Forget what these accounts passed on of their chats."""
    await tx.execute(FORGET_CHATS, list(reporter_ids))


async def resolve_report(db: Db, actor_id: AccountId, id_: int, note: str, outcome: Outcome = "") -> Report:
    """Close a report with the reason and whether it was right; one that is closed stays as it is. What it holds of a
    chat is forgotten.

    Raises:
        Invalid: there is no reason, or too long a one.
        NotFound: there is no such report.
    """
    check_note(note)
    async with db.tx(bucket_of(actor_id)) as tx:
        await require_report(tx, id_)
        if await tx.execute(RESOLVE, id_, note, tx.now_ms, outcome):
            await record(tx, actor_id, f"report.{outcome or 'resolve'}", f"report:{id_}", note)
        return await require_report(tx, id_)


async def reopen_report(db: Db, actor_id: AccountId, id_: int, note: str) -> Report:
    """Open a closed report again, with the reason; one that is open stays as it is.

    Raises:
        Conflict: the reporter told of the same account meanwhile, and that is open.
        Invalid: there is no reason, or too long a one.
        NotFound: there is no such report.
    """
    check_note(note)
    try:
        async with db.tx(bucket_of(actor_id)) as tx:
            await require_report(tx, id_)
            if await tx.execute(REOPEN, id_):
                await record(tx, actor_id, "report.reopen", f"report:{id_}", note)
            return await require_report(tx, id_)
    except DuplicateKey:
        raise Conflict("report.open_already") from None


def _report(row: Row) -> Report:
    return Report(
        id=row[0],
        reporter_id=row[1],
        account_id=row[2],
        category=row[3],
        comment=row[4],
        post_ids=tuple(row[5]),
        rule_ids=tuple(row[6]),
        forwarded=row[7],
        state=row[8],
        note=row[9],
        resolved_ms=row[10],
        outcome=row[11],
        chat=tuple(_decode(row[12])),
    )
