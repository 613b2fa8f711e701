"""Starting PostgreSQL's programs as the right user, and finding the ones an earlier supervisor left behind."""

import ctypes
import functools
import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

import msgspec

from weft.infra.postgres.errors import PostgresFailed
from weft.infra.postgres.people import SystemUser

PROC = Path("/proc")
PR_SET_PDEATHSIG = 1
# Loaded at import: the code between fork and exec must not look libraries up.
LIBC = ctypes.CDLL(None)
PROGRAMS = ("postgres", "initdb")
PAUSE = 0.01


class Postmaster(msgspec.Struct, frozen=True):
    """What a running server says of itself in `postmaster.pid`."""

    pid: int
    sockets: str
    ready: bool


def _die_with(parent: int) -> None:
    """In the child, after its user is set (which would clear this): when the supervisor dies, shut down fast."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _environment() -> dict[str, str]:
    """Only what PostgreSQL needs: no PG* variable of the operator's shell may steer our own cluster."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def spawn(argv: list[str], user: SystemUser, folder: Path, output: int) -> subprocess.Popen[bytes]:
    """Start a server that dies with us, in a session of its own so that Ctrl-C reaches only the supervisor."""
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=_environment(),
            user=user.uid if user.foreign else None,
            group=user.gid if user.foreign else None,
            extra_groups=[] if user.foreign else None,
            umask=0o077,
            start_new_session=True,
            preexec_fn=functools.partial(_die_with, os.getpid()),
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise PostgresFailed(f"{argv[0]} cannot be started as user {user.name}: {problem}") from problem


def run_tool(argv: list[str], user: SystemUser, folder: Path, text: str = "") -> str:
    """Run a short program as that user and give back what it said; a failure is a PostgresFailed with its words."""
    try:
        done = subprocess.run(
            argv,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            cwd=folder,
            env=_environment(),
            user=user.uid if user.foreign else None,
            group=user.gid if user.foreign else None,
            extra_groups=[] if user.foreign else None,
            umask=0o077,
            timeout=120,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise PostgresFailed(f"{argv[0]} does not run: {problem}") from problem
    if done.returncode != 0:
        words = " ".join(done.stdout.split()[-60:]) or f"it ended with code {done.returncode}"
        raise PostgresFailed(f"{argv[0]} failed: {words}")
    return done.stdout


def read_postmaster(pg: Path) -> Postmaster | None:
    """The server named in the cluster's pid file, whether it still lives or not."""
    try:
        lines = (pg / "postmaster.pid").read_text().splitlines()
        pid = abs(int(lines[0]))
    except (OSError, ValueError, IndexError):
        return None
    sockets = lines[4] if len(lines) > 4 else ""
    return Postmaster(pid=pid, sockets=sockets, ready=len(lines) > 7 and lines[7].strip() == "ready")


def cluster_name(pg: Path) -> str:
    """A name that the server puts into the title of each of its processes."""
    return "weft-" + hashlib.sha256(os.fsencode(os.path.realpath(pg))).hexdigest()[:16]


def serves(pid: int, pg: Path) -> bool:
    """Whether this process is a PostgreSQL of this very folder, and not a stranger who inherited the number."""
    entry = PROC / str(pid)
    try:
        if (entry / "comm").read_text().strip() not in PROGRAMS:
            return False
        try:
            return os.readlink(entry / "cwd") == os.path.realpath(pg)
        except PermissionError:
            # Root without CAP_SYS_PTRACE, as in a container, may read a stranger's command line and no more.
            return entry.stat().st_uid == pg.stat().st_uid and _names(entry, pg)
    except OSError:
        return False


def _names(entry: Path, pg: Path) -> bool:
    words = (entry / "cmdline").read_bytes().split(b"\0")
    return os.fsencode(pg) in words or words[0].startswith(f"postgres: {cluster_name(pg)}: ".encode())


def servers_of(pg: Path) -> list[int]:
    """Every PostgreSQL process of this folder, orphans of a killed server included."""
    numbers = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in numbers if serves(pid, pg)]


def end_leftovers(pg: Path) -> None:
    """Stop what an earlier supervisor left running here, gently first, and remove a pid file that lies.

    The caller holds the data folder's lock, so no living supervisor wants these processes.
    """
    server = read_postmaster(pg)
    if server is not None and serves(server.pid, pg):
        _signal([server.pid], signal.SIGINT)
        _await_end(pg, seconds=8)
    for name, seconds in ((signal.SIGQUIT, 6.0), (signal.SIGKILL, 2.0)):
        left = servers_of(pg)
        if not left:
            break
        _signal(left, name)
        _await_end(pg, seconds=seconds)
    if servers_of(pg):
        raise PostgresFailed(f"PostgreSQL processes of an earlier run still use {pg} and cannot be ended.")
    if server is not None:
        (pg / "postmaster.pid").unlink(missing_ok=True)


def _signal(pids: list[int], name: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, name)
        except ProcessLookupError:
            continue


def _await_end(pg: Path, *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while servers_of(pg) and time.monotonic() < deadline:
        time.sleep(PAUSE * 2)
