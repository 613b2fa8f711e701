"""A program of someone else's, run behind the same walls as our workers, with one private folder to work in.

As a module this is the launcher: it enters the sandbox and becomes the program. As an import it starts the launcher.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from weft.kernel.errors import Invalid, Unavailable
from weft.media.processing import reaping, sandbox, sniff

OUTPUT_BYTES: Final = 16 * 1024 * 1024
# What a dynamically linked program reads to start; none of it is ours.
_SYSTEM: Final = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/dev/null", "/dev/urandom")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the launcher is to do, as the JSON in its only argument."""

    program: list[str]
    folder: str
    limits: sandbox.Limits


def main() -> None:
    order = msgspec.json.decode(sys.argv[1], type=Order)
    network_closed = sandbox.close_network()
    os.chdir(order.folder)
    os.nice(10)
    readable = [Path(path) for path in (*_SYSTEM, os.path.dirname(order.program[0]))]
    sandbox.enter(order.limits, network_closed=network_closed, readable=readable, folder=Path())
    os.execv(order.program[0], order.program)  # noqa: S606


@contextlib.contextmanager
def private_folder(scratch: Path) -> Iterator[Path]:
    """A folder that only the sandbox's user and we can enter, and that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="jail-", dir=scratch))
    try:
        sandbox.give_away(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def run_jailed(program: Sequence[str], folder: Path, limits: sandbox.Limits, seconds: float) -> bytes:
    """Run a program to its end and return its standard output; any other ending is a refusal of the file."""
    order = Order(program=list(program), folder=str(folder), limits=limits)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-s", "-m", "weft.media.processing.jail", msgspec.json.encode(order).decode(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=sandbox.environment(),
        cwd="/",
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(seconds):
            output = await _read_bounded(process.stdout)
            returncode = await process.wait()
    except TimeoutError as error:
        raise Invalid("media.too_complex") from error
    finally:
        reaping.kill_group(process)
        await reaping.reap(process)
    _judge(returncode)
    return output


async def _read_bounded(pipe: asyncio.StreamReader) -> bytes:
    output = bytearray()
    while chunk := await pipe.read(65_536):
        output += chunk
        if len(output) > OUTPUT_BYTES:
            raise Invalid("media.too_complex")
    return bytes(output)


def _judge(returncode: int) -> None:
    match -returncode:
        case 0:
            return
        case signal.SIGXFSZ:
            raise Invalid("media.too_large", limit=sniff.VIDEO_BYTES)
        case signal.SIGXCPU:
            raise Invalid("media.too_complex")
        case signal.SIGKILL:
            raise Unavailable("media.worker_lost")
    raise Invalid("media.broken")


if __name__ == "__main__":
    main()
