"""The committed build of the web app is what its sources make: by a stamp everywhere, byte for byte where node is."""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FRONTEND = ROOT / "frontend"
BUILD = ROOT / "weft" / "web" / "static"
SOURCES = (
    "src",
    "scripts",
    "package.json",
    "package-lock.json",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
    "vite.worker.config.ts",
)
NODE = 20
STALE = "the build is behind its sources: whoever integrates runs `make web` and commits weft/web/static alone"


def files_of(path: Path) -> list[Path]:
    return [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]


def sums(folder: Path, paths: list[Path]) -> list[tuple[str, str]]:
    return sorted((one.relative_to(folder).as_posix(), hashlib.sha256(one.read_bytes()).hexdigest()) for one in paths)


def stamp() -> dict[str, object]:
    return dict(json.loads((BUILD / "stamp.json").read_bytes()))


def test_the_build_was_made_of_these_sources() -> None:
    found = sums(FRONTEND, [file for name in SOURCES for file in files_of(FRONTEND / name)])
    together = hashlib.sha256("\n".join(f"{name} {sha}" for name, sha in found).encode()).hexdigest()
    assert together == stamp()["sources"], STALE


def test_no_file_of_the_build_was_changed_or_left_over() -> None:
    found = dict(sums(BUILD, [file for file in files_of(BUILD) if file.name != "stamp.json"]))
    assert found == stamp()["files"], STALE


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the app's sources with the libraries of the lock file."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, so the app cannot be built")
    major = int(run(ROOT, "node", "--version").stdout.lstrip("v").split(".")[0])
    if major < NODE:
        pytest.skip(f"node {major} is older than {NODE}, so the app cannot be built")
    copy = tmp_path_factory.mktemp("app") / "frontend"
    shutil.copytree(FRONTEND, copy, ignore=shutil.ignore_patterns("node_modules"))
    shutil.copytree(ROOT / "tests" / "data", copy.parent / "tests" / "data")
    installed = run(copy, "npm", "ci", "--ignore-scripts")
    if installed.returncode != 0:
        pytest.skip(f"npm ci did not succeed, so the app cannot be built: {installed.stderr[-300:]}")
    return copy


def run(folder: Path, *command: str, out: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"WEFT_OUT": str(out)} if out else {})}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=400, check=False
    )


def test_a_new_build_is_the_same_to_the_byte(sources: Path, tmp_path: Path) -> None:
    built = run(sources, "npm", "run", "build", out=tmp_path)
    assert built.returncode == 0, built.stdout + built.stderr
    names = sorted(file.relative_to(BUILD).as_posix() for file in files_of(BUILD))
    assert names == sorted(file.relative_to(tmp_path).as_posix() for file in files_of(tmp_path))
    same, changed, broken = filecmp.cmpfiles(BUILD, tmp_path, names, shallow=False)
    assert (sorted(same), changed, broken) == (names, [], [])


def test_types_hold(sources: Path) -> None:
    checked = run(sources, "npm", "run", "check")
    assert checked.returncode == 0, checked.stdout


def test_the_framework_free_part_holds(sources: Path) -> None:
    tested = run(sources, "npm", "test")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_the_lock_file_names_no_address() -> None:
    lock = (FRONTEND / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') > 20
    assert "omit-lockfile-registry-resolved=true" in (FRONTEND / ".npmrc").read_text()
