"""One supervisor or command at a time owns a data folder's processes.

The lock is the kernel's (flock), so it never outlives its holders; the file's text only says who they are.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from weft.infra.postgres.errors import PostgresFailed
from weft.infra.postgres.layout import make_data_folder
from weft.infra.postgres.process import PAUSE

SERVER = "weft up"
COMMAND = "a weft command"
PATIENCE = 10.0


@contextlib.contextmanager
def lock_data_folder(data: Path, purpose: str = SERVER) -> Iterator[None]:
    """Own the folder, or raise naming the process that does.

    A short command is waited for, and so are workers that outlive a killed supervisor for a moment: they inherited
    its lock, and the process it names is gone.
    """
    folder = make_data_folder(data)
    descriptor = _open(folder)
    try:
        deadline = time.monotonic() + PATIENCE
        while not try_lock(descriptor, fcntl.LOCK_EX):
            pid, holder = read_holder(folder)
            passing = holder != SERVER or not alive(pid)
            if not passing or time.monotonic() > deadline:
                raise PostgresFailed(
                    f"The data folder {folder} is in use by {holder}, process {pid}. "
                    f"Stop that process first, or choose another folder with --data."
                )
            time.sleep(PAUSE * 2)
        write_holder(descriptor, purpose)
        yield
    finally:
        os.close(descriptor)


def _open(folder: Path) -> int:
    try:
        return os.open(folder / "weft.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as problem:
        raise PostgresFailed(f"{folder / 'weft.lock'} cannot be opened: {problem.strerror}.") from problem


def try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_holder(descriptor: int, purpose: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} {purpose}\n".encode(), 0)


def read_holder(folder: Path) -> tuple[int, str]:
    """The process and purpose last written; between lock and text it may be the previous holder's."""
    number, _, purpose = (folder / "weft.lock").read_text().strip().partition(" ")
    return (int(number) if number.isdigit() else 0), purpose or COMMAND


def alive(pid: int) -> bool:
    if pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
