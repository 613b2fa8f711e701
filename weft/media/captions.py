"""Captions of films and sounds: a strict reader of WebVTT, and what is kept of it, written anew by us.

Only times and words are kept. Tags, styles, regions, positions and notes are dropped, so that what is served holds
nothing that its author could have hidden in it. Every step is linear in the file's length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from weft.infra.blobs import Blobs
from weft.infra.db import Db
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import AccountId, MediaId, bucket_of
from weft.kernel.text.clean import clean_line, is_storable
from weft.kernel.text.language import check_language
from weft.media.events import MediaChanged
from weft.media.model import CAPTIONS, Media
from weft.media.queries import load_media

MAX_CAPTIONS_BYTES = 256_000
MAX_CUES = 5_000
MAX_CUE_TEXT = 1_000
MAX_CUE_LINES = 8
MAX_LANGUAGES = 12
_LONGEST_MS = 24 * 3_600_000
_TIMED = ("video", "gifv", "audio")

_MOMENT = r"(?:([0-9]{2,3}):)?([0-5][0-9]):([0-5][0-9])\.([0-9]{3})"
_TIMES = re.compile(rf"[ \t]*{_MOMENT}[ \t]+-->[ \t]+{_MOMENT}(?:[ \t][^\n]*)?", re.ASCII)
_TAG = re.compile(r"<[^<>]*>?")
_ASIDE = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&lrm;": "", "&rlm;": "", "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))


class Cue(msgspec.Struct, frozen=True):
    start_ms: int
    end_ms: int
    text: str


def read_captions(data: bytes) -> list[Cue]:
    """The cues of a WebVTT file, by their times.

    Raises:
        Invalid: it is no such file, too large, or says nothing.
    """
    if len(data) > MAX_CAPTIONS_BYTES:
        raise Invalid("captions.too_large", field="file", limit=MAX_CAPTIONS_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("captions.unreadable", field="file") from None
    if not is_storable(text):
        raise Invalid("captions.unreadable", field="file")
    blocks = _blocks(text.replace("\r\n", "\n").replace("\r", "\n"))
    head = next(blocks, [""])
    if head[0] != "WEBVTT" and not head[0].startswith(("WEBVTT ", "WEBVTT\t")):
        raise Invalid("captions.unreadable", field="file")
    cues = [cue for block in blocks if (cue := _cue(block)) is not None]
    if not cues or len(cues) > MAX_CUES:
        raise Invalid("captions.unreadable", field="file")
    return sorted(cues, key=lambda cue: (cue.start_ms, cue.end_ms))


def _blocks(text: str) -> Iterator[list[str]]:
    """Runs of lines that are not empty."""
    block: list[str] = []
    for line in text.split("\n"):
        if line:
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cue(block: Sequence[str]) -> Cue | None:
    """A cue; None for notes, styles and regions, and for a cue without a word.

    Raises:
        Invalid: the block is none of these.
    """
    if _ASIDE.fullmatch(block[0]) and "-->" not in block[0]:
        return None
    at = 0 if "-->" in block[0] else 1
    found = _TIMES.fullmatch(block[at]) if len(block) > at else None
    if found is None:
        raise Invalid("captions.unreadable", field="file")
    start_ms, end_ms = _ms(found.groups()[:4]), _ms(found.groups()[4:])
    if not start_ms < end_ms <= _LONGEST_MS or any("-->" in line for line in block[at + 1 :]):
        raise Invalid("captions.unreadable", field="file")
    words = _words(block[at + 1 :])
    return Cue(start_ms, end_ms, words) if words else None


def _ms(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _words(lines: Sequence[str]) -> str:
    """The text of a cue without its tags, in a few lines of bounded length."""
    plain = (_ENTITY.sub(lambda found: _ENTITIES[found[0]], _TAG.sub("", line)) for line in lines[:MAX_CUE_LINES])
    kept = [line for each in plain if (line := clean_line(each, MAX_CUE_TEXT))]
    return "\n".join(kept)[:MAX_CUE_TEXT]


def write_captions(cues: Sequence[Cue]) -> bytes:
    return ("WEBVTT\n\n" + "\n".join(_written(cue) for cue in cues)).encode()


def _written(cue: Cue) -> str:
    text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"{_moment(cue.start_ms)} --> {_moment(cue.end_ms)}\n{text}\n"


def _moment(ms: int) -> str:
    seconds, thousandths = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"


# ---------------------------------------------------------------------------------------------------- storing

PUT = """
WITH own AS (
    SELECT bucket, id, post_id FROM media WHERE bucket = $1 AND id = $2 AND account_id = $3 FOR NO KEY UPDATE
), old AS (
    SELECT f.name FROM media_files f JOIN own ON f.bucket = own.bucket AND f.media_id = own.id AND f.size = $4
), put AS (
    INSERT INTO media_files (bucket, media_id, size, name, bytes) SELECT bucket, id, $4, $5, $6 FROM own
    ON CONFLICT (bucket, media_id, size) DO UPDATE SET name = $5, bytes = $6
)
SELECT own.post_id, (SELECT name FROM old) FROM own
"""

TAKE = """
WITH own AS (
    SELECT bucket, id FROM media WHERE bucket = $1 AND id = $2 AND account_id = $3
)
DELETE FROM media_files f USING own
 WHERE f.bucket = own.bucket AND f.media_id = own.id AND f.size = ANY($4::text[])
RETURNING f.name
"""


async def _require_timed(db: Db, account_id: AccountId, id_: MediaId) -> Media:
    async with db.read() as reader:
        media = (await load_media(reader, (id_,))).get(id_)
    if media is None or media.account_id != account_id:
        raise NotFound("record.absent")
    if media.state == "processing":
        raise Invalid("media.processing", field="file")
    if media.kind not in _TIMED:
        raise Invalid("captions.not_timed", field="file")
    return media


async def set_captions(db: Db, blobs: Blobs, media_id: tuple[AccountId, MediaId], language: str, data: bytes) -> Media:
    """Give a film or sound of one's own captions in a language, in place of those it had. ``media_id``: whose, which.

    Raises:
        NotFound: there is none of this account.
        Invalid: it is a picture, still being processed, has captions in many languages, or the file cannot be read.
    """
    account_id, id_ = media_id
    code = check_language(language)
    if code is None:
        raise Invalid("captions.language", field="language")
    media = await _require_timed(db, account_id, id_)
    role = f"{CAPTIONS}{code}"
    if role not in media.files and len(media.captions) >= MAX_LANGUAGES:
        raise Invalid("captions.too_many", field="language", limit=MAX_LANGUAGES)
    written = write_captions(read_captions(data))
    name = await blobs.put(written, "vtt")
    async with db.once(bucket_of(id_)) as tx:
        row = await tx.row(PUT, bucket_of(id_), id_, account_id, role, name, len(written))
        if row is not None and row[0] is not None:
            tx.signal(MediaChanged(account_id=account_id, post_id=row[0]))
    await blobs.delete([name] if row is None else [row[1]] if row[1] else [])
    return await _require_timed(db, account_id, id_)


async def remove_captions(db: Db, blobs: Blobs, media_id: tuple[AccountId, MediaId], language: str) -> Media:
    """Take the captions of one language away, or all where none is named.

    Raises:
        NotFound: there is no such attachment of this account, or it has no captions in the language.
    """
    account_id, id_ = media_id
    media = await _require_timed(db, account_id, id_)
    roles = [f"{CAPTIONS}{code}" for code in media.captions if not language or code == language]
    if not roles:
        raise NotFound("record.absent")
    async with db.once(bucket_of(id_)) as tx:
        names = await tx.values(TAKE, bucket_of(id_), id_, account_id, roles)
        if media.post_id is not None:
            tx.signal(MediaChanged(account_id=account_id, post_id=media.post_id))
    await blobs.delete(names)
    return await _require_timed(db, account_id, id_)
