"""The few system calls that Python does not offer: Landlock, namespaces, dropping capabilities.

Each answers whether it worked; what a refusal means is `sandbox`'s decision. Numbers are those of Linux.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from collections.abc import Sequence
from typing import Final

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same on every architecture
_NO_NEW_PRIVILEGES: Final = 38
_PARENT_DEATH_SIGNAL: Final = 1
_CAPABILITY_VERSION: Final = 0x20080522
_NEW_USER, _NEW_NETWORK, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000

_EXECUTE, _WRITE, _READ, _READ_FOLDER, _REMOVE, _MAKE_FILE, _TRUNCATE = 1, 2, 4, 8, 32, 256, 1 << 14
READ_TREE: Final = _EXECUTE | _READ | _READ_FOLDER
WRITE_TREE: Final = _WRITE | _READ | _READ_FOLDER | _REMOVE | _MAKE_FILE | _TRUNCATE
_FILE_RIGHTS: Final = _EXECUTE | _WRITE | _READ | _TRUNCATE
# Rights over files that each version of the interface knows, as masks: 1, 2 (refer), 3 (truncate), 4, 5 (ioctl).
_KNOWN_RIGHTS: Final = (0, 0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF)
_ALL_TCP: Final = 3
_ALL_SCOPES: Final = 3

_libc: Final = ctypes.CDLL(None, use_errno=True)


def landlock_version() -> int:
    """The version of the kernel's interface; 0 where there is none."""
    return max(0, int(_libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def forbid_new_privileges() -> bool:
    return int(_libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)) == 0


def die_with_parent(signal: int) -> None:
    _libc.prctl(_PARENT_DEATH_SIGNAL, signal, 0, 0, 0)


def leave_network() -> bool:
    """Move to an empty network of one's own; where that takes a user namespace, into one of those too."""
    flags = _NEW_NETWORK | _NEW_IPC
    if int(_libc.unshare(flags)) == 0:
        return True
    return int(_libc.unshare(flags | _NEW_USER)) == 0


def drop_capabilities() -> bool:
    """Give up every capability, those that a new user namespace grants included."""
    header = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION, 0))
    return int(_libc.capset(header, ctypes.create_string_buffer(24))) == 0


def restrict_files(allowed: Sequence[tuple[int, int]], version: int) -> bool:
    """Take away every file, TCP port, outside signal and abstract socket, except the open folders with their rights."""
    known = _KNOWN_RIGHTS[min(version, len(_KNOWN_RIGHTS) - 1)]
    attributes = struct.pack("=Q", known)
    if version >= 4:
        attributes += struct.pack("=Q", _ALL_TCP)
    if version >= 6:
        attributes += struct.pack("=Q", _ALL_SCOPES)
    ruleset = int(_libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)))
    if ruleset < 0:
        return False
    try:
        for descriptor, rights in allowed:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                rights &= _FILE_RIGHTS
            rule = struct.pack("=Qi", rights & known, descriptor)
            if int(_libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, ctypes.c_uint32(0))) != 0:
                return False
        return int(_libc.syscall(_LANDLOCK_RESTRICT, ruleset, ctypes.c_uint32(0))) == 0
    finally:
        os.close(ruleset)
