"""The statements of the hub. Models and files are shared tables; requests and counts lie in the model's bucket."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from weft.hub.formats.source import Facts
from weft.hub.model import (
    Day,
    Description,
    Evaluation,
    File,
    Form,
    Model,
    ModelState,
    Request,
    RequestState,
)
from weft.infra.db import Db, Reader, Row, Tx
from weft.kernel.ids import bucket_of

SLOTS: Final = 16
_encode: Final = msgspec.json.Encoder().encode
_facts: Final = msgspec.json.Decoder(Facts)
_evaluations: Final = msgspec.json.Decoder(tuple[Evaluation, ...])

# ------------------------------------------------------------------------------------------------------------ models

# A list does without the long texts: a thousand cards are more than anybody reads.
MODELS = """
SELECT id, name, title, CASE WHEN $1::text IS NULL THEN '' ELSE card END, licence,
       CASE WHEN $1::text IS NULL THEN '' ELSE licence_text END, base, languages, tags, evaluations, approval, state,
       updated_ms
  FROM hub_models WHERE ($1::text IS NULL OR name = $1) AND (state = 'shown' OR $2)  -- shared
 ORDER BY id DESC LIMIT 1000
"""

MODEL = """
SELECT id, name, title, card, licence, licence_text, base, languages, tags, evaluations, approval, state, updated_ms
  FROM hub_models WHERE id = $1  -- shared
"""

IS_OFFERING = "SELECT EXISTS (SELECT 1 FROM hub_models WHERE state = 'shown')  -- shared"

FILES = """
SELECT model_id, name, sha256, bytes, facts FROM hub_files WHERE model_id = ANY($1::bigint[]) ORDER BY name  -- shared
"""


async def load_models(reader: Reader, name: str | None, *, hidden: bool = False) -> list[Model]:
    """Models with their files, the newest first; hidden ones where they are wanted.

    All of them without card and licence text, or the one of that name with both.
    """
    return await _with_files(reader, await reader.rows(MODELS, name, hidden))


async def find_model(reader: Reader, id_: int) -> Model | None:
    """The model of this id, hidden or not."""
    found = await _with_files(reader, await reader.rows(MODEL, id_))
    return found[0] if found else None


async def _with_files(reader: Reader, rows: Sequence[Row]) -> list[Model]:
    if not rows:
        return []
    files: dict[int, list[File]] = {}
    for row in await reader.rows(FILES, [row[0] for row in rows]):
        facts = _facts.decode(row[4])
        files.setdefault(row[0], []).append(File(name=row[1], sha256=row[2], size=row[3], facts=facts))
    return [_model(row, files.get(row[0], ())) for row in rows]


def _model(row: Row, files: Sequence[File]) -> Model:
    described = Description(
        name=row[1],
        title=row[2],
        card=row[3],
        licence=row[4],
        licence_text=row[5],
        base=row[6],
        languages=tuple(row[7]),
        tags=tuple(row[8]),
        evaluations=_evaluations.decode(row[9]),
        approval=row[10],
    )
    return Model(id=row[0], described=described, state=row[11], updated_ms=row[12], files=tuple(files))


KEEP_MODEL = """
INSERT INTO hub_models (id, name, title, card, licence, licence_text, base, languages, tags, evaluations, approval,
                        updated_ms)  -- shared
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (name) DO UPDATE SET title = excluded.title, card = excluded.card, licence = excluded.licence,
    licence_text = excluded.licence_text, base = excluded.base, languages = excluded.languages, tags = excluded.tags,
    evaluations = excluded.evaluations, approval = excluded.approval, updated_ms = excluded.updated_ms,
    state = CASE WHEN $13 THEN 'shown' ELSE hub_models.state END
RETURNING id
"""


async def keep_model(tx: Tx, id_: int, given: Description, *, shown: bool) -> int:
    """Write a description under its name; the id that the model has. A new one is shown, and a hidden one if wanted."""
    kept: int = await tx.value(
        KEEP_MODEL,
        *(id_, given.name, given.title, given.card, given.licence, given.licence_text, given.base),
        *(list(given.languages), list(given.tags), _encode(given.evaluations).decode(), given.approval, tx.now_ms),
        shown,
    )
    return kept


DROP_OTHER_FILES = "DELETE FROM hub_files WHERE model_id = $1 AND NOT name = ANY($2::text[])  -- shared"

KEEP_FILES = """
INSERT INTO hub_files (model_id, name, sha256, bytes, facts)  -- shared
SELECT $1, name, sha256, bytes, facts
  FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) AS new (name, sha256, bytes, facts)
ON CONFLICT (model_id, name) DO UPDATE SET sha256 = excluded.sha256, bytes = excluded.bytes, facts = excluded.facts
"""


async def keep_files(tx: Tx, model_id: int, files: Sequence[File], *, alone: bool) -> None:
    """Write a model's files; ``alone`` says that it has no others from now on."""
    if alone:
        await tx.execute(DROP_OTHER_FILES, model_id, [file.name for file in files])
    columns = [(file.name, file.sha256, file.size, _encode(file.facts).decode()) for file in files]
    names, hashes, sizes, facts = zip(*columns, strict=True) if columns else ((), (), (), ())
    await tx.execute(KEEP_FILES, model_id, list(names), list(hashes), list(sizes), list(facts))


SET_STATE = "UPDATE hub_models SET state = $2, updated_ms = $3 WHERE name = $1  -- shared"
SET_APPROVAL = "UPDATE hub_models SET approval = $2, updated_ms = $3 WHERE name = $1  -- shared"
DROP_FILE = "DELETE FROM hub_files WHERE model_id = $1 AND name = $2  -- shared"
HASHES = "SELECT DISTINCT sha256 FROM hub_files  -- shared"


async def set_state(tx: Tx, name: str, state: ModelState) -> bool:
    return await tx.execute(SET_STATE, name, state, tx.now_ms) > 0


# ---------------------------------------------------------------------------------------------------------- requests

ASK = """
WITH asked AS (
    INSERT INTO hub_requests (bucket, id, model_id, secret, state, name, purpose, country, email, licence,
                              decided_ms, ends_ms, language)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $15) ON CONFLICT DO NOTHING RETURNING id
), counted AS (
    INSERT INTO hub_days AS day (bucket, model_id, day, slot, requests, approved)
    SELECT $1, $3, $13, $14, 1, CASE WHEN $5 = 'approved' THEN 1 ELSE 0 END FROM asked
    ON CONFLICT (bucket, model_id, day, slot)
    DO UPDATE SET requests = day.requests + 1, approved = day.approved + excluded.approved
)
SELECT id FROM asked
"""


async def ask(db: Db, request: Request, day: int) -> bool:
    """Store a request and count it; False where another process drew the same id in the same millisecond."""
    bucket, form = bucket_of(request.id), request.form
    async with db.once(bucket) as tx:
        found = await tx.value(
            ASK,
            *(bucket, request.id, request.model_id, request.secret, request.state),
            *(form.name, form.purpose, form.country, form.email, form.licence),
            *(request.decided_ms, request.ends_ms, day, request.id % SLOTS, form.language),
        )
    return found is not None


# By the index of the queue; it stops after that many.
IS_FULL = """
SELECT EXISTS (SELECT 1 FROM hub_requests WHERE bucket = $1 AND model_id = $2 AND state = 'waiting' OFFSET $3 LIMIT 1)
"""

REQUEST = """
SELECT id, model_id, secret, state, name, purpose, country, email, reason, decided_by, decided_ms, ends_ms, language,
       licence
  FROM hub_requests WHERE bucket = $1 AND id = $2
"""

QUEUE = """
SELECT id, model_id, secret, state, name, purpose, country, email, reason, decided_by, decided_ms, ends_ms, language,
       licence
  FROM hub_requests WHERE bucket = $1 AND model_id = $2 AND state = $3 AND id < $4 ORDER BY id DESC LIMIT $5
"""

# Of each model by its own queue's index.
WAITING = """
SELECT r.id, r.model_id, r.secret, r.state, r.name, r.purpose, r.country, r.email, r.reason, r.decided_by,
       r.decided_ms, r.ends_ms, r.language, r.licence
  FROM unnest($1::smallint[], $2::bigint[]) AS of_model (bucket, model_id)  -- all buckets: of the models at hand
 CROSS JOIN LATERAL (
       SELECT id, model_id, secret, state, name, purpose, country, email, reason, decided_by, decided_ms, ends_ms,
              language, licence
         FROM hub_requests q
        WHERE q.bucket = of_model.bucket AND q.model_id = of_model.model_id AND q.state = 'waiting'
        ORDER BY q.id LIMIT $3) r
 ORDER BY r.id LIMIT $3
"""

HOW_MANY_WAIT = """
SELECT model_id, count(*) FROM hub_requests WHERE state = 'waiting'  -- all buckets: for the staff, over bounded queues
 GROUP BY model_id
"""


async def find_request(reader: Reader, id_: int) -> Request | None:
    row = await reader.row(REQUEST, bucket_of(id_), id_)
    return _request(row) if row is not None else None


async def load_queue(reader: Reader, model_id: int, state: RequestState, before: int, limit: int) -> list[Request]:
    """Requests for a model, the newest first."""
    rows = await reader.rows(QUEUE, bucket_of(model_id), model_id, state, before, limit)
    return [_request(row) for row in rows]


async def load_waiting(reader: Reader, models: Sequence[Model], limit: int) -> list[Request]:
    """The requests for these models that have waited longest."""
    ids = [model.id for model in models]
    rows = await reader.rows(WAITING, [bucket_of(id_) for id_ in ids], ids, limit) if ids else []
    return [_request(row) for row in rows]


def _request(row: Row) -> Request:
    form = Form(
        name=row[4],
        purpose=row[5],
        country=row[6],
        email=row[7],
        language=row[12],
        licence_accepted=True,
        licence=row[13],
    )
    return Request(
        id=row[0],
        model_id=row[1],
        secret=row[2],
        state=row[3],
        form=form,
        reason=row[8],
        decided_by=row[9],
        decided_ms=row[10],
        ends_ms=row[11],
    )


DECIDE = """
UPDATE hub_requests SET state = $3, reason = $4, decided_by = $5, decided_ms = $6, ends_ms = $7
 WHERE bucket = $1 AND id = $2 AND state = $8
"""

FORGET = "DELETE FROM hub_requests WHERE bucket = $1 AND id = $2"
DROP_ENDED = "DELETE FROM hub_requests WHERE ends_ms < $1  -- all buckets: a sweep"


async def decide(tx: Tx, request: Request, before: RequestState) -> bool:
    """Write the decision that a request carries; False where it is gone, or stands otherwise than ``before`` by now."""
    done = await tx.execute(
        DECIDE,
        *(bucket_of(request.id), request.id, request.state, request.reason),
        *(request.decided_by, request.decided_ms, request.ends_ms, before),
    )
    return done > 0


# ------------------------------------------------------------------------------------------------------------ counts

COUNT = """
INSERT INTO hub_days AS day (bucket, model_id, day, slot, approved, rejected, begun, completed, bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (bucket, model_id, day, slot) DO UPDATE SET
    approved = day.approved + excluded.approved, rejected = day.rejected + excluded.rejected,
    begun = day.begun + excluded.begun, completed = day.completed + excluded.completed,
    bytes = day.bytes + excluded.bytes
"""

DAYS = """
SELECT day, sum(requests)::bigint, sum(approved)::bigint, sum(rejected)::bigint, sum(begun)::bigint,
       sum(completed)::bigint, sum(bytes)::bigint
  FROM hub_days WHERE bucket = $1 AND model_id = $2 AND day >= $3 GROUP BY day ORDER BY day DESC LIMIT 1000
"""

TOTALS = """
SELECT model_id, sum(requests)::bigint, sum(approved)::bigint, sum(rejected)::bigint, sum(begun)::bigint,
       sum(completed)::bigint, sum(bytes)::bigint
  FROM hub_days GROUP BY model_id  -- all buckets: for the operator, over few models
"""


async def count(tx: Tx, model_id: int, slot: int, change: Day) -> None:
    """Add to a day. A whole number of any size is good as ``slot``."""
    await tx.execute(
        COUNT,
        *(bucket_of(model_id), model_id, change.day, slot % SLOTS),
        *(change.approved, change.rejected, change.begun, change.completed, change.bytes),
    )


async def load_days(reader: Reader, model_id: int, since: int) -> list[Day]:
    """The days from ``since`` on that anything happened on, the last first."""
    return [_day(row, row[0]) for row in await reader.rows(DAYS, bucket_of(model_id), model_id, since)]


async def load_totals(reader: Reader) -> dict[int, tuple[Day, int]]:
    """By model: what was counted on all days, and how many requests wait."""
    waiting = dict(await reader.rows(HOW_MANY_WAIT))
    counted = {row[0]: _day(row, 0) for row in await reader.rows(TOTALS)}
    return {id_: (counted.get(id_, Day(day=0)), waiting.get(id_, 0)) for id_ in counted.keys() | waiting.keys()}


def _day(row: Row, day: int) -> Day:
    return Day(day=day, requests=row[1], approved=row[2], rejected=row[3], begun=row[4], completed=row[5], bytes=row[6])
