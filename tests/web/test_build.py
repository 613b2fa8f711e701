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


def test_a_new_build_is_the_same_to_the_byte(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed, so the build cannot be made again")
    modules = tmp_path / "frontend"
    shutil.copytree(FRONTEND, modules, ignore=shutil.ignore_patterns("node_modules"))
    installed = subprocess.run(
        ["npm", "ci", "--ignore-scripts"], cwd=modules, capture_output=True, text=True, timeout=400, check=False
    )
    if installed.returncode != 0:
        pytest.skip(f"npm ci did not succeed, so the build cannot be made again: {installed.stderr[-300:]}")
    out = tmp_path / "built"
    environment = {**os.environ, "WEFT_OUT": str(out)}
    subprocess.run(["npm", "run", "build"], cwd=modules, env=environment, capture_output=True, timeout=400, check=True)
    names = [file.relative_to(BUILD).as_posix() for file in files_of(BUILD)]
    assert sorted(names) == sorted(file.relative_to(out).as_posix() for file in files_of(out))
    same, changed, broken = filecmp.cmpfiles(BUILD, out, names, shallow=False)
    assert (sorted(same), changed, broken) == (sorted(names), [], [])
