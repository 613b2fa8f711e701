"""The repository's own files hold together: pins, licences, the commands and the scripts behind them.

Nothing here installs or starts anything; that is what `make up` and `make test` themselves show.
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements"
LOCKS = [REQUIREMENTS / "runtime.lock", REQUIREMENTS / "dev.lock", REQUIREMENTS / "models.lock"]
PIN = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.M)
FRAGMENT = re.compile(r"^\d+(\.[a-z-]+)?\.(added|changed|fixed|removed|security)\.md$")
# Licences that would bind those who pass Weft on, or forbid selling.
UNWANTED = re.compile(r"\b(A?GPL|SSPL|BUSL|NonCommercial|Non-Commercial|Commons Clause)", re.I)


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(lock: Path) -> set[tuple[str, str]]:
    return {(canonical(name), version) for name, version in PIN.findall(lock.read_text(encoding="utf-8"))}


def wanted(name: str) -> set[str]:
    lines = (REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
    return {canonical(re.split(r"[=<>~\[; ]", line)[0]) for line in lines if line and line[0] not in "#-"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_file_names_no_address_and_no_machine(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)", text, re.M), "only hashes may follow a pin"
    assert not re.search(r"(^|[\s'\"=])/(home|root|tmp|work|opt|Users)/", text)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_pin_carries_its_hashes(lock: Path) -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9_.-]+==)", lock.read_text(encoding="utf-8"), flags=re.M)[1:]
    bare = [block.split("\n", 1)[0] for block in blocks if "--hash=sha256:" not in block]
    assert blocks
    assert not bare


def test_everything_wanted_is_pinned() -> None:
    assert wanted("runtime.in") <= {name for name, _ in pins(LOCKS[0])}
    assert wanted("dev.in") <= {name for name, _ in pins(LOCKS[1])}
    assert wanted("models.in") == {name for name, _ in pins(LOCKS[2])}


def test_the_tests_run_the_versions_that_people_run() -> None:
    assert pins(LOCKS[0]) <= pins(LOCKS[1])


def test_the_node_lock_file_names_no_download_address() -> None:
    tracked = [path for path in ROOT.glob("*/**/package-lock.json") if "node_modules" not in path.parts]
    for lock in tracked:
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
        assert not [name for name, package in packages.items() if "resolved" in package], lock
        assert all("integrity" in package for name, package in packages.items() if name), lock


def test_every_library_is_named_with_a_licence_that_allows_any_use() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES").read_text(encoding="utf-8")
    named = dict(re.findall(r"^([a-z0-9._-]+): (.+)$", notices, re.M))
    missing = {name for name, _ in pins(LOCKS[0])} - {canonical(name) for name in named}
    assert not missing, f"run `make lock`: {missing}"
    assert not {name: licence for name, licence in named.items() if UNWANTED.search(licence)}


def test_the_licence_is_apache_2() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["license"] == "Apache-2.0"


def test_changelog_fragments_are_named_after_their_issue_and_kind() -> None:
    names = [path.name for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert not [name for name in names if not FRAGMENT.match(name)]


def test_what_begins_as_a_script_can_be_run() -> None:
    files = [path for path in (*(ROOT / "scripts").iterdir(), ROOT / ".ci" / "run") if path.is_file()]
    scripts = [path for path in files if path.read_bytes().startswith(b"#!")]
    assert scripts
    assert not [path.name for path in scripts if not os.access(path, os.X_OK)]


@pytest.mark.parametrize("target", ["up", "demo", "test", "drill", "check", "bench", "lock", "format"])
def test_the_makefile_offers_the_command(target: str) -> None:
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    done = subprocess.run([make, "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_old_python_is_refused_in_one_clear_line(tmp_path: Path) -> None:
    """The check runs before anything is made, in a copy without an environment."""
    for part in ("scripts", "requirements"):
        shutil.copytree(ROOT / part, tmp_path / part)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    old = tmp_path / "python-of-old"
    old.write_text(
        "#!/bin/sh\n"
        f'exec "{shutil.which("python3")}" -c "import sys; sys.version_info = (3, 9, 2); exec(sys.stdin.read())"\n'
    )
    old.chmod(0o755)
    done = subprocess.run(
        [tmp_path / "scripts" / "env", "runtime"],
        env={**os.environ, "PYTHON": str(old)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Weft needs Python 3.11 or newer; this is Python 3.9.2. Name another one: make up PYTHON=python3.12"
    ]
    assert not (tmp_path / ".venv").exists()


def test_a_missing_python_is_named(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copytree(REQUIREMENTS, tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = subprocess.run(
        [tmp_path / "scripts" / "env", "runtime"],
        env={**os.environ, "PYTHON": "no-such-python"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "Weft needs Python 3.11 or newer; no no-such-python was found.\n"


def test_no_tracked_file_names_a_package_index() -> None:
    """Whoever clones this uses the index of their own machine."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("this is not a git checkout")
    address = r"https?://[a-z0-9.-]*(pypi|pythonhosted|npmjs|registry)[a-z0-9.-]*"
    command = [git, "grep", "-I", "-l", "-i", "-E", address, "--", ".", ":!LICENSE"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.split() == []
