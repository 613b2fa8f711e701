"""Ending a child process so that nothing of it is left, neither in the system nor in the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import Final

DRAIN_SECONDS: Final = 2.0


def kill_group(process: asyncio.subprocess.Process) -> None:
    """Kill a process that was started in a session of its own, and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


async def reap(process: asyncio.subprocess.Process) -> None:
    """Wait for a killed process and for the ends of its pipes; nobody else may be reading from it."""
    await process.wait()
    if process.stdin is not None:
        process.stdin.close()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await process.stdin.wait_closed()
    if process.stdout is not None:
        # Something that escaped its group may hold the pipe open; it is not worth waiting for.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while await process.stdout.read(65_536):
                    pass
