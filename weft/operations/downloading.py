"""Downloads one large file through the fetch gate, goes on after a break where it stopped, and never beyond a bound."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import msgspec

from weft.infra.http import REDIRECTS, Fetcher, FetchRequest, Streaming
from weft.kernel.errors import Unavailable
from weft.operations.hub_source import without_secrets
from weft.operations.reach import CommandFailed

MOST_REDIRECTS = 5
TRIES, PAUSE_S = 5, 1.0
WAIT_S = 30.0
SAY_EVERY = 256 << 20
RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
OUTSIDE = re.compile(r"bytes \*/(\d{1,19})")

Say = Callable[[str], None]


class Download(msgspec.Struct, frozen=True):
    url: str
    part: Path
    """Where to; what is there already is the beginning, if the server says that the file is still the same."""
    most: int


class Begun(msgspec.Struct, frozen=True):
    """What a part is a part of; lies beside it."""

    url: str
    """Without the query: a link to the same file may have another token by now, and the tag tells files apart."""
    tag: str


async def download(fetcher: Fetcher, wanted: Download, say: Say) -> None:
    """
    Raises:
        Unavailable: the fetch gate's refusals, after some tries.
        CommandFailed: the server gives no such file, or a larger one than may be.
    """
    for number in range(1, TRIES + 1):
        try:
            if await one_try(fetcher, wanted, say):
                beside(wanted).unlink(missing_ok=True)
                return
            raise Unavailable("fetch.failed", reason="length")
        except Unavailable as error:
            if number == TRIES or error.code in ("fetch.refused", "fetch.too_large"):
                raise
            say(f"The download broke off; going on in {PAUSE_S * number:.0f} s.")
            await asyncio.sleep(PAUSE_S * number)


async def one_try(fetcher: Fetcher, wanted: Download, say: Say) -> bool:
    """Whether the file is whole now."""
    url = wanted.url
    for _ in range(MOST_REDIRECTS + 1):
        have, headers = resumed(wanted)
        request = FetchRequest("GET", url, headers, max_bytes=wanted.most - have + 1, follow=False, deadline_s=WAIT_S)
        async with fetcher.streaming(request) as answer:
            if answer.status not in REDIRECTS:
                return await receive(wanted, answer, have, say)
            following = urljoin(url, answer.headers.get("location", ""))
            if urlsplit(url).scheme == "https" and urlsplit(following).scheme != "https":
                raise Unavailable("fetch.refused", reason="downgrade")
            url = following
    raise Unavailable("fetch.refused", reason="redirects")


def resumed(wanted: Download) -> tuple[int, dict[str, str]]:
    """How much is there, and the headers that ask for the rest of the very same file."""
    try:
        begun = msgspec.json.decode(beside(wanted).read_bytes(), type=Begun)
        have = wanted.part.stat().st_size
    except (OSError, msgspec.DecodeError):
        return 0, {}
    if begun.url != without_secrets(wanted.url) or not begun.tag or not have:
        return 0, {}
    return have, {"range": f"bytes={have}-", "if-range": begun.tag}


async def receive(wanted: Download, answer: Streaming, have: int, say: Say) -> bool:
    if answer.status == 416 and have:
        return is_all(wanted, answer, have)
    if answer.status == 206:
        span = RANGE.fullmatch(answer.headers.get("content-range", ""))
        if span is None or int(span[1]) != have:
            raise CommandFailed("The server answered with another part of the file than it was asked for.")
        total: int | None = int(span[3])
    elif answer.status == 200:
        have, length = 0, answer.headers.get("content-length", "")
        total = int(length) if length.isdigit() and len(length) < 20 else None
        tag = answer.headers.get("etag", "")
        begun = Begun(without_secrets(wanted.url), "" if tag.startswith("W/") else tag)
        beside(wanted).write_bytes(msgspec.json.encode(begun))
    else:
        raise CommandFailed(f"The server answered with status {answer.status}.")
    if total is not None and total > wanted.most:
        raise CommandFailed(f"The file has {total} bytes; at most {wanted.most} are taken (--most-gb).")
    wanted.part.touch(mode=0o600)
    with wanted.part.open("ab" if have else "wb") as file:
        async for piece in answer.parts:
            file.write(piece)
            if (have + len(piece)) // SAY_EVERY > have // SAY_EVERY:
                say(f"{(have + len(piece)) >> 20} MiB of {'?' if total is None else total >> 20} MiB")
            have += len(piece)
    return total is None or have == total


def is_all(wanted: Download, answer: Streaming, have: int) -> bool:
    """Whether there was no rest to ask for: a line that breaks behind the last byte leaves all of a file. Else what is
    there is too much, and the next try begins anew."""
    size = OUTSIDE.fullmatch(answer.headers.get("content-range", ""))
    if size is not None and int(size[1]) == have:
        return True
    beside(wanted).unlink(missing_ok=True)
    return False


def beside(wanted: Download) -> Path:
    return wanted.part.with_suffix(".part.json")
