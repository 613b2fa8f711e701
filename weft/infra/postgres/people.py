"""Which system user runs PostgreSQL, and which folders that user can reach.

PostgreSQL refuses to run as root, so a root supervisor lends it an unprivileged user; anyone else runs it
as themselves.
"""

import os
import pwd
import stat
from pathlib import Path

import msgspec

from weft.infra.postgres.errors import PostgresFailed

UNPRIVILEGED = ("postgres", "nobody")


class SystemUser(msgspec.Struct, frozen=True):
    """A user of the operating system; `foreign` is true when running as them means giving up root first."""

    uid: int
    gid: int
    name: str
    foreign: bool


def choose_user(cluster: Path | None) -> SystemUser:
    """The user to run PostgreSQL as: the owner of the existing cluster folder, or the first fitting one for a new."""
    me = os.geteuid()
    owner = cluster.stat().st_uid if cluster is not None else None
    if me != 0:
        if owner is not None and owner != me:
            raise PostgresFailed(
                f"The database in {cluster} belongs to user {name_of(owner)}, and this is user {name_of(me)}. "
                f"Run Weft as {name_of(owner)} or as root."
            )
        return _known(pwd_of(me), foreign=False)
    if owner is not None and owner != 0:
        return _known(pwd_of(owner), foreign=True)
    for name in UNPRIVILEGED:
        try:
            return _known(pwd.getpwnam(name), foreign=True)
        except KeyError:
            continue
    raise PostgresFailed(
        "PostgreSQL must not run as root, and this machine has neither a user 'postgres' nor 'nobody' to lend it. "
        "Add one (useradd --system postgres), run Weft as an ordinary user, or pass --database URL."
    )


def myself() -> SystemUser:
    """Whoever runs this, named or not: good enough to ask a program its version."""
    return SystemUser(uid=os.geteuid(), gid=os.getegid(), name=name_of(os.geteuid()), foreign=False)


def pwd_of(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise PostgresFailed(
            f"User number {uid} has no name on this machine, and PostgreSQL refuses to run as a nameless user. "
            f"Add a line for {uid} to /etc/passwd, run Weft as another user, or pass --database URL."
        ) from None


def name_of(uid: int) -> str:
    """A name for messages, where a number without one is no error."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _known(entry: pwd.struct_passwd, *, foreign: bool) -> SystemUser:
    return SystemUser(uid=entry.pw_uid, gid=entry.pw_gid, name=entry.pw_name, foreign=foreign)


def give_cluster(cluster: Path, user: SystemUser) -> bool:
    """Hand a cluster that root copied or unpacked back to its user; true when there was something to hand over."""
    if not user.foreign or cluster.stat().st_uid == user.uid:
        return False
    for folder, _folders, files in os.walk(cluster):
        for path in (folder, *(os.path.join(folder, name) for name in files)):
            os.chown(path, user.uid, user.gid, follow_symlinks=False)
    cluster.chmod(0o700)
    return True


def can_enter(folder: Path, user: SystemUser) -> bool:
    """Whether the user may pass through this folder and every one above it."""
    if not user.foreign:
        return True
    return all(_open_to(step, user) for step in (folder, *folder.parents))


def _open_to(folder: Path, user: SystemUser) -> bool:
    entry = folder.stat()
    if entry.st_uid == user.uid:
        return bool(entry.st_mode & stat.S_IXUSR)
    if entry.st_gid == user.gid:
        return bool(entry.st_mode & stat.S_IXGRP)
    return bool(entry.st_mode & stat.S_IXOTH)
