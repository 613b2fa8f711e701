"""Has a file read by a process of its own, and makes of its answer the facts or a refusal.

The answer is parsed into bounded types like any input, for the process may have been taken over by what it read.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

import msgspec

from weft.hub.formats.reader import ENDINGS, ending_of
from weft.hub.formats.source import Facts
from weft.hub.formats.worker import Said
from weft.kernel.errors import Invalid, Unavailable
from weft.media.service import reaping, sandbox

PATIENCE_S: Final = 180.0
LONGEST_ANSWER: Final = 64 * 1024
_OVERUSE: Final = frozenset({-signal.SIGXCPU, -signal.SIGSEGV})

_said: Final = msgspec.json.Decoder(Said)


async def inspect(path: Path, name: str) -> Facts:
    """What the file under ``path`` says of itself; ``name`` is what it will be called.

    Raises:
        Invalid: it is none of the formats the hub holds, or does not hold together.
        Unavailable: the process was ended from outside.
    """
    ending = ending_of(name)
    if ending not in ENDINGS:
        raise Invalid("hub.file.format", field="file", name=name)
    file = await asyncio.to_thread(path.open, "rb")
    with file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-s", "-m", "weft.hub.formats.worker", ending,
            stdin=file,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=sandbox.environment(),
            cwd="/",
            start_new_session=True,
        )  # fmt: skip
    return _judge(await _answer_of(process, name), process.returncode, name)


async def _answer_of(process: asyncio.subprocess.Process, name: str) -> bytes:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            answer = await process.stdout.read(LONGEST_ANSWER)
            while more := await process.stdout.read(LONGEST_ANSWER):
                answer += more
                if len(answer) > LONGEST_ANSWER:
                    raise Invalid("hub.file.complex", field="file", name=name)
            await process.wait()
    except TimeoutError:
        raise Invalid("hub.file.complex", field="file", name=name) from None
    finally:
        reaping.kill_group(process)
        await reaping.reap(process)
    return answer


def _judge(answer: bytes, returncode: int | None, name: str) -> Facts:
    if returncode == -signal.SIGKILL:
        raise Unavailable("hub.no_reader")
    if returncode in _OVERUSE:
        raise Invalid("hub.file.complex", field="file", name=name)
    try:
        said = _said.decode(answer)
    except msgspec.MsgspecError:
        raise Invalid("hub.file.header", field="file", name=name) from None
    if said.facts is None:
        raise Invalid(f"hub.file.{said.fault or 'header'}", field="file", name=name)
    return said.facts
