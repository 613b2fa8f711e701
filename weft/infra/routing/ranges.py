"""Which bytes of a file a request asks for, and whether the caller holds that very file already (RFC 9110, 13-14)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

CHUNK = 256 * 1024
MOST_DIGITS = 18


def parse_range(header: bytes, size: int) -> tuple[int, int]:
    """First and last byte to send; ``(-1, -1)`` for a range outside the file. Several ranges are answered whole."""
    unit, _, given = header.partition(b"=")
    start, dash, end = given.strip().partition(b"-")
    if unit.strip() != b"bytes" or not dash or b"," in given or not (start + end).isdigit():
        return 0, size - 1
    if max(len(start), len(end)) > MOST_DIGITS:
        return 0, size - 1
    if not start:
        return (max(size - int(end), 0), size - 1) if int(end) and size else (-1, -1)
    if end and int(end) < int(start):
        return 0, size - 1
    first, last = int(start), min(int(end), size - 1) if end else size - 1
    return (first, last) if first <= last else (-1, -1)


def holds_tag(header: bytes, tag: bytes) -> bool:
    """Whether ``If-None-Match`` names this tag, or any."""
    return header.strip() == b"*" or any(part.strip().removeprefix(b"W/") == tag for part in header.split(b","))


async def read_range(path: Path, first: int, last: int) -> AsyncIterator[bytes]:
    """The bytes from ``first`` to ``last``, a piece at a time; however large the file, one piece is in memory."""
    file = await asyncio.to_thread(path.open, "rb")
    try:
        file.seek(first)
        left = last - first + 1
        while left > 0:
            piece = await asyncio.to_thread(file.read, min(CHUNK, left))
            if not piece:
                return
            left -= len(piece)
            yield piece
    finally:
        file.close()
