"""Giving up rights before touching hostile bytes: limits, an unprivileged uid, no network, no files.

Limits and the uid are required everywhere; network and files go where the kernel allows, and `Walls` says whether
they did. A process enters once and cannot come back.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

import weft
from weft.kernel.errors import Unavailable
from weft.media.processing import kernel_calls

# Not `nobody`, and not the database's: what decodes hostile bytes shares its uid with nothing that can be harmed.
SANDBOX_UID: Final = 64_321
_OVERFLOW_UID: Final = 65_534
MEBIBYTE: Final = 1024 * 1024
_ROOT: Final = Path(weft.__file__).parent.parent


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one process may use. `processes` is left alone when None."""

    memory: int = 1024 * MEBIBYTE
    cpu_seconds: int = 60
    file_bytes: int = 0
    descriptors: int = 16
    processes: int | None = 0


class Walls(msgspec.Struct, frozen=True, kw_only=True):
    """Which walls stand around a process that entered."""

    uid: int
    memory: int
    network_closed: bool
    files_closed: bool
    landlock_version: int


def close_network() -> bool:
    """Call this while there is one thread; where a user namespace is needed the kernel asks for that."""
    return kernel_calls.leave_network()


def enter(limits: Limits, *, network_closed: bool, readable: Sequence[Path] = (), folder: Path | None = None) -> Walls:
    """Give everything up, except reading and running below `readable` and writing in `folder`."""
    opened = _open_allowed(readable, folder)
    _set_limits(limits)
    _drop_user()
    kernel_calls.drop_capabilities()
    if not kernel_calls.forbid_new_privileges():
        raise PermissionError("the kernel refused to forbid new privileges")
    kernel_calls.die_with_parent(signal.SIGKILL)
    version = kernel_calls.landlock_version()
    files_closed = version > 0 and kernel_calls.restrict_files(opened, version)
    for descriptor, _ in opened:
        os.close(descriptor)
    return Walls(
        uid=os.getuid(),
        memory=limits.memory,
        network_closed=network_closed,
        files_closed=files_closed,
        landlock_version=version,
    )


def start_cpu_budget(seconds: int) -> None:
    """Give the next job so many seconds of CPU; the limit set on entry still holds for all jobs together."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (min(soft, hard), hard))


def give_away(path: Path) -> None:
    """Make a file the sandbox's; as an ordinary user that is ourselves."""
    if os.geteuid() != 0:
        return
    for uid in (SANDBOX_UID, _OVERFLOW_UID):
        with contextlib.suppress(OSError):
            os.chown(path, uid, uid, follow_symlinks=False)
            return
    raise Unavailable("media.no_worker")


def environment() -> dict[str, str]:
    """What a sandboxed process is told: where our code is, and to stay single-threaded."""
    return {
        "PYTHONPATH": os.pathsep.join([str(_ROOT), *(path for path in sys.path if os.path.isabs(path))]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        # Where the C library may otherwise map 64 MiB for each thread.
        "MALLOC_ARENA_MAX": "1",
    } | {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}


def _open_allowed(readable: Sequence[Path], folder: Path | None) -> list[tuple[int, int]]:
    flags = os.O_PATH | os.O_CLOEXEC
    allowed = [(os.open(path, flags), kernel_calls.READ_TREE) for path in readable if path.exists()]
    if folder is not None:
        allowed.append((os.open(folder, flags | os.O_DIRECTORY), kernel_calls.WRITE_TREE))
    return allowed


def _set_limits(limits: Limits) -> None:
    wanted = {
        resource.RLIMIT_AS: limits.memory,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.descriptors,
        resource.RLIMIT_CORE: 0,
    }
    if limits.processes is not None:
        wanted[resource.RLIMIT_NPROC] = limits.processes
    for kind, value in wanted.items():
        _, hard = resource.getrlimit(kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def _drop_user() -> None:
    if os.getuid() != 0 and os.geteuid() != 0:
        return
    for uid in (SANDBOX_UID, _OVERFLOW_UID):
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        except OSError:
            continue
        return
    raise PermissionError("a worker could not become an unprivileged user")
