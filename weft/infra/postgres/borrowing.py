"""The database for command-line tools, whether the server runs at that moment or not."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from weft.infra.postgres.binaries import Notice, silent
from weft.infra.postgres.cluster import Cluster
from weft.infra.postgres.errors import PostgresFailed
from weft.infra.postgres.layout import existing_place, make_data_folder, url_at
from weft.infra.postgres.lock import COMMAND, read_holder, try_lock, write_holder
from weft.infra.postgres.process import PAUSE, read_postmaster, serves

PATIENCE = 30.0


@contextlib.contextmanager
def borrow(data: Path, notice: Notice = silent) -> Iterator[str]:
    """Yield the URL of the folder's running cluster, or start one and stop it after the last borrower left.

    Two files are locked: `weft.lock` by whoever runs the processes, `pg.users` (shared) by every command that uses
    them, so that the command which started a cluster does not stop it under another.
    """
    folder = make_data_folder(data)
    owner = _open(folder / "weft.lock")
    users = _open(folder / "pg.users")
    try:
        url = _running_or_mine(folder, owner, users)
        if url is not None:
            yield url
        else:
            yield from _own(folder, users, notice)
    finally:
        os.close(users)
        os.close(owner)


def _own(folder: Path, users: int, notice: Notice) -> Iterator[str]:
    cluster = Cluster(folder, notice)
    try:
        yield cluster.start()
    finally:
        fcntl.flock(users, fcntl.LOCK_EX)
        cluster.stop()


def _running_or_mine(folder: Path, owner: int, users: int) -> str | None:
    """A running cluster's URL, or None once the folder's lock is ours. Either way we are among its users."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if try_lock(users, fcntl.LOCK_SH):
            if try_lock(owner, fcntl.LOCK_EX):
                write_holder(owner, COMMAND)
                return None
            url = running_url(folder)
            if url is not None:
                return url
            fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(PAUSE * 2)
    pid, holder = read_holder(folder)
    raise PostgresFailed(
        f"The data folder {folder} is held by {holder}, process {pid}, whose database does not answer. "
        f"If that server uses --database, pass the same to this command; otherwise stop it and try again."
    )


def running_url(data: Path) -> str | None:
    """The URL of the cluster that answers for this folder now, or None."""
    place = existing_place(data)
    if place is None:
        return None
    server = read_postmaster(place / "pg")
    if server is None or not server.ready or not serves(server.pid, place / "pg"):
        return None
    return url_at(Path(server.sockets))


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as problem:
        raise PostgresFailed(f"{path} cannot be opened: {problem.strerror}.") from problem
