"""Ids: 64 bits that hold a time, an owner's bucket and a tail, so that an id alone tells where its row lies.

``unix ms (48) | bucket (10) | tail (6)``. Ids sort by time; the time part is the one Mastodon uses, so tools that
compute ids from dates work. See ``docs/architecture.md`` for what a bucket is for.
"""

from __future__ import annotations

import secrets
import zlib
from typing import NewType

from weft.kernel.clock import Clock

AccountId = NewType("AccountId", int)
PostId = NewType("PostId", int)
MediaId = NewType("MediaId", int)
ListId = NewType("ListId", int)

BUCKETS = 1024
MAX_ID = (1 << 63) - 1
_TAILS = 64


def bucket_of(id_: int) -> int:
    return (id_ >> 6) & (BUCKETS - 1)


def ms_of(id_: int) -> int:
    return id_ >> 16


def make_id(ms: int, bucket: int, tail: int = 0) -> int:
    return (ms << 16) | (bucket << 6) | tail


def next_after(last: int) -> int:
    """The first id one millisecond after ``last``, in the same bucket."""
    return make_id(ms_of(last) + 1, bucket_of(last), last & (_TAILS - 1))


def bucket_of_name(name: str) -> int:
    """Where a name (a handle, a tag, a client id) lies in a directory table. Stable for ever."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) & (BUCKETS - 1)


def random_bucket() -> int:
    return secrets.randbelow(BUCKETS)


def parse_id(text: str) -> int | None:
    """The id in a decimal string, or None where the text is no id: ids are opaque, a bad one is merely unknown."""
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    value = int(text)
    return value if 0 < value <= MAX_ID else None


class IdMaker:
    """Makes ids that only grow within one process. Two processes may rarely collide; the primary key says so."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ms = 0
        self._tail = 0
        self._left = 0

    def new(self, bucket: int) -> int:
        now = self._clock.now_ms()
        if now > self._ms:
            self._ms, self._tail, self._left = now, secrets.randbelow(_TAILS // 2), _TAILS // 2
        elif self._left == 0 or self._tail == _TAILS - 1:
            self._ms, self._tail, self._left = self._ms + 1, 0, _TAILS
        else:
            self._tail += 1
        self._left -= 1
        return (self._ms << 16) | (bucket << 6) | self._tail
