"""What a tree of processes has used: CPU time and memory, as Linux counts them.

CPU of children that ended is in their parent's ``cutime``, so nothing is lost when PostgreSQL ends a backend.
"""

from __future__ import annotations

import os
from pathlib import Path

PROC = Path("/proc")
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


class NotOnThisSystem(Exception):
    """There is no /proc to read CPU times from."""


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the command's name, which may hold spaces itself."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _name(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def tree(root: int) -> list[int]:
    """The process and everything below it."""
    if not PROC.is_dir():
        raise NotOnThisSystem
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))) is not None:
            children.setdefault(int(stat[1]), []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_us(root: int, without: frozenset[int] = frozenset(), *, named: str = "") -> float:
    """Microseconds of CPU that the tree has used (its processes of that name), but for some processes that serve the
    measurement itself."""
    ticks = 0
    for pid in tree(root):
        stat = _stat(pid)
        if stat is not None and pid not in without and (not named or _name(pid) == named):
            ticks += sum(map(int, stat[11:15]))  # utime, stime, cutime, cstime
    return ticks * TICK_US


def pss_mb(root: int, without: frozenset[int] = frozenset()) -> float:
    """The tree's memory, shared pages counted once."""
    total = 0
    for pid in tree(root):
        if pid in without:
            continue
        try:
            lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024
