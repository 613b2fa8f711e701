"""Where the parts of an embedded cluster lie, for a given Weft data folder.

Normally everything is inside the data folder. When the user that runs PostgreSQL cannot reach that, the cluster lies
under /var/lib/weft, and the file `pg.place` in the data folder says where, so that moving the folder loses nothing.
"""

import hashlib
import os
import stat
from pathlib import Path

import msgspec

from weft.infra.postgres.errors import PostgresFailed
from weft.infra.postgres.people import SystemUser, can_enter, choose_user, name_of

FAR = Path("/var/lib/weft")
PORT = 5432


class Layout(msgspec.Struct, frozen=True):
    data: Path
    place: Path
    user: SystemUser

    @property
    def pg(self) -> Path:
        return self.place / "pg"

    @property
    def unfinished(self) -> Path:
        return self.place / "pg.new"

    @property
    def major_file(self) -> Path:
        return self.data / "pg.major"

    @property
    def log(self) -> Path:
        return self.data / "log" / "postgres.log"

    @property
    def sockets(self) -> Path:
        return socket_folder(self.data)

    @property
    def url(self) -> str:
        return url_at(self.sockets)


def resolve(data: Path) -> Path:
    return Path(os.path.realpath(data))


def fingerprint(data: Path) -> str:
    return hashlib.sha256(os.fsencode(resolve(data))).hexdigest()[:16]


def socket_folder(data: Path) -> Path:
    """A short path of our own: a Unix socket's path ends at 107 bytes, and a data folder may lie deeper than that."""
    return Path("/tmp") / f"weft-{fingerprint(data)}"  # noqa: S108 - the folder is checked to be ours, and closed


def url_at(sockets: Path) -> str:
    return f"postgresql://weft@/weft?host={sockets}&port={PORT}"


def make_data_folder(data: Path) -> Path:
    """The data folder itself, made when absent: others may pass through it, and not look into it."""
    folder = resolve(data)
    try:
        if not folder.exists():
            folder.mkdir(parents=True)
            # Root's PostgreSQL runs as somebody who must pass through; chmod, since a umask may have closed it.
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        probe = folder / f".writable.{os.getpid()}"
        probe.touch()
        probe.unlink()
    except (FileExistsError, NotADirectoryError):
        raise PostgresFailed(
            f"Weft needs a folder for its data at {folder}, but that, or something above it, is a file."
        ) from None
    except OSError as problem:
        raise PostgresFailed(
            f"Weft cannot write in its data folder {folder}: {problem.strerror}. "
            f"Give it to user {name_of(os.geteuid())}, or choose another one with --data."
        ) from problem
    return folder


def existing_place(data: Path) -> Path | None:
    """The folder holding the cluster of this data folder, or None when there is none yet."""
    folder = resolve(data)
    note = folder / "pg.place"
    if note.is_file():
        return Path(note.read_text().strip())
    return folder if (folder / "pg").exists() else None


def find_layout(data: Path) -> Layout:
    """Say where everything lies or will lie; writes nothing."""
    folder = resolve(data)
    place = existing_place(folder)
    if place is not None:
        cluster = place / "pg"
        user = choose_user(cluster if cluster.exists() else None)
        if cluster.exists() and place == folder and not can_enter(folder, user):
            raise PostgresFailed(
                f"The database in {cluster} runs as user {user.name}, who may no longer pass through {folder} or a "
                f"folder above it. Open them to that user (chmod o+x), or move the data folder to an open place."
            )
        return Layout(data=folder, place=place, user=user)
    user = choose_user(None)
    near = can_enter(folder, user)
    return Layout(data=folder, place=folder if near else FAR / fingerprint(folder), user=user)


def claim_place(layout: Layout) -> None:
    """Make the far folder of a new cluster and note it in the data folder."""
    if layout.place == layout.data:
        return
    noted = (layout.data / "pg.place").exists()
    if noted and layout.pg.exists():
        return
    if noted and layout.major_file.exists():
        raise PostgresFailed(
            f"The database of {layout.data} lay in {layout.place}, as its file pg.place says, and is not there. "
            f"Bring it back, or restore a backup into a new folder: weft restore FILE --data NEW_FOLDER."
        )
    if layout.pg.exists():
        raise PostgresFailed(
            f"{layout.data} is new, but an earlier folder of that path left its database in {layout.pg}. To use it "
            f"again, write {layout.place} into {layout.data / 'pg.place'}; to start empty, delete {layout.place}."
        )
    try:
        layout.place.mkdir(mode=0o711, parents=True, exist_ok=True)
        if not can_enter(layout.place, layout.user):
            raise PostgresFailed(f"User {layout.user.name}, who runs PostgreSQL, cannot enter {layout.place}.")
    except OSError as problem:
        raise PostgresFailed(f"The folder {layout.place} cannot be made: {problem.strerror}.") from problem
    (layout.data / "pg.place").write_text(f"{layout.place}\n")


def make_socket_folder(layout: Layout) -> None:
    """Make the closed socket folder; one that another user put there first is refused, not used."""
    folder, user = layout.sockets, layout.user
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        entry = folder.lstat()
        if entry.st_uid == os.geteuid() and user.foreign and stat.S_ISDIR(entry.st_mode):
            os.chown(folder, user.uid, user.gid, follow_symlinks=False)
            entry = folder.lstat()
    except OSError as problem:
        raise PostgresFailed(f"The folder {folder} for PostgreSQL's socket cannot be made: {problem}.") from problem
    if not stat.S_ISDIR(entry.st_mode) or entry.st_uid != user.uid or entry.st_mode & 0o077:
        raise PostgresFailed(
            f"{folder}, where PostgreSQL's socket belongs, is not a closed folder of user {user.name}. "
            f"Somebody else may have put it there: look at it, delete it, and start again."
        )
