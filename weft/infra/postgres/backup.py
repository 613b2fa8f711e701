"""PostgreSQL's own dump and restore, for `weft backup` and `weft restore`."""

import os
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from weft.infra.postgres.binaries import Binaries
from weft.infra.postgres.errors import PostgresFailed


def dump(url: str, binaries: Binaries, file: Path) -> None:
    """Write the whole database to a file that only its owner may read."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        argv = [binaries.program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", "--no-password"]
        _run(argv, url, descriptor)
        os.fsync(descriptor)
    except PostgresFailed:
        file.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def restore(url: str, binaries: Binaries, file: Path) -> None:
    """Fill an empty database from a dump, wholly or not at all."""
    argv = [binaries.program("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--no-password"]
    _run([*argv, "--single-transaction", str(file)], url, subprocess.DEVNULL)


def _run(argv: list[str], url: str, output: int) -> None:
    open_url, environment = without_password(url)
    done = subprocess.run(
        [*argv[:1], f"--dbname={open_url}", *argv[1:]],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, **environment},
        check=False,
    )
    if done.returncode != 0:
        raise PostgresFailed(f"{Path(argv[0]).name} failed: {' '.join(done.stderr.split()[-60:])}")


def without_password(url: str) -> tuple[str, dict[str, str]]:
    """Part a URL from its password: arguments of a process are for everyone to read, its environment is not."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = parts.password or dict(query).get("password")
    if password is None:
        return url, {}
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user.split(':', 1)[0]}@{host}" if user else host
    rest = urlencode([(name, value) for name, value in query if name != "password"], quote_via=quote, safe="/")
    return urlunsplit((parts.scheme, netloc, parts.path, rest, "")), {"PGPASSWORD": _plain(password, parts.password)}


def _plain(password: str, from_netloc: str | None) -> str:
    """`urlsplit` leaves a password as it was written; the query's was already read."""
    return unquote(password) if from_netloc is not None else password
