"""The server's own log: kept in the data folder, and kept small."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from weft.infra.postgres.errors import PostgresFailed

LARGEST = 10 * 1024 * 1024
TELLING = re.compile(
    r"(?:FATAL|PANIC|ERROR|HINT): .*|LOG: .*(?:invalid|unrecognized|syntax|could not).*|.*error while loading.*"
)


@contextmanager
def open_log(path: Path) -> Iterator[FileIO]:
    """Open for appending, so that several processes and a trimming do not write over each other."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        trim_log(path)
        handle = FileIO(path, "a")
        path.chmod(0o600)
    except OSError as problem:
        raise PostgresFailed(f"PostgreSQL's log {path} cannot be written: {problem.strerror}.") from problem
    with handle:
        handle.seek(0, 2)
        yield handle


def trim_log(path: Path) -> None:
    """Keep one older part. The server holds the file open, so it is copied and emptied, not renamed."""
    if path.exists() and path.stat().st_size > LARGEST:
        shutil.copyfile(path, path.with_suffix(".log.1"))
        with path.open("r+b") as handle:
            handle.truncate(0)


def last_words(path: Path, start: int) -> str:
    """What the server complained of since that position, in one line."""
    try:
        with path.open("rb") as handle:
            handle.seek(start)
            lines = handle.read(100_000).decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    telling = [found.group() for found in map(TELLING.search, lines) if found is not None]
    return " ".join((telling or lines)[-3:])[:600]
