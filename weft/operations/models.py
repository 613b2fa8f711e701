"""Adding model files from a disk or an address, listing them, and choosing which is used.

What comes from elsewhere is read by a walled process before it is kept, and is served only as long as it has the
SHA-256 that it had then.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from weft import __version__
from weft.hub.service import inspect_file
from weft.infra.engine.files import (
    CAME_ALONG,
    DEFAULTS,
    NAME,
    Catalogue,
    FileRefused,
    Model,
    ModelFiles,
    Task,
    sha256_of,
    why_off,
)
from weft.infra.http import Fetcher
from weft.kernel.clock import Clock, rfc3339
from weft.operations.downloading import Download, download
from weft.operations.hub_source import Source, look_up, without_secrets
from weft.operations.reach import CommandFailed, notice
from weft.settings import Settings

# Architectures that make vectors instead of words.
EMBEDDING = re.compile(r"bert|^t5encoder|embedding", re.I)
CONTEXT: dict[Task, int] = {"chat": 4096, "embed": 2048}


class Wanted(msgspec.Struct, frozen=True):
    """What the operator says of a model that is added; empty values are found out."""

    source: str
    name: str = ""
    sha256: str = ""
    most_bytes: int = 32 << 30


def add(settings: Settings, wanted: Wanted) -> dict[str, object]:
    """Bring a GGUF file into DATA/models; a download that was cut off goes on where it stopped.

    Raises:
        CommandFailed: the name is taken or cannot be one, or the file is not the one meant.
        WeftError: it could not be fetched, or is no GGUF.
    """
    files = ModelFiles(settings.folder / "models")
    if wanted.source.startswith(("http://", "https://")):
        part, found = asyncio.run(bring(settings, files, wanted))
    else:
        part, found = part_for(files, wanted.name or name_from(wanted.source)), Source(wanted.source)
        copy(Path(wanted.source), part, wanted.most_bytes)
    model = examined(part, wanted, found)
    added = msgspec.structs.replace(model, added_at=rfc3339(Clock(settings.clock_offset).now_ms()))
    part.replace(files.folder / added.file)
    catalogue = read(files)
    files.keep(Catalogue([*catalogue.models, added], catalogue.uses))
    return shown(added, is_used=False)


def part_for(files: ModelFiles, name: str) -> Path:
    """Where the file of a new model is put together.

    Raises:
        CommandFailed: no model can have this name, or one has it.
    """
    if not NAME.fullmatch(name):
        raise CommandFailed(f"{name!r} cannot be a model's name: small letters, digits, and . _ - in between.")
    if name in CAME_ALONG or any(model.name == name for model in read(files).models):
        raise CommandFailed(f"There is a model {name} already.")
    files.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return files.folder / f"{name}.part"


async def bring(settings: Settings, files: ModelFiles, wanted: Wanted) -> tuple[Path, Source]:
    """Download what an address means, and what its hub says of it."""
    fetcher = Fetcher(frozenset(settings.fetch_allow), settings.dns or None, f"Weft/{__version__}")
    try:
        found = await look_up(fetcher, wanted.source)
        if wanted.sha256 and found.sha256 not in ("", wanted.sha256.lower()):
            raise CommandFailed(f"The card gives the file SHA-256 {found.sha256}, not {wanted.sha256}.")
        part = part_for(files, wanted.name or found.name or name_from(found.url))
        await download(fetcher, Download(found.url, part, wanted.most_bytes), notice)
        return part, found
    finally:
        await fetcher.aclose()


def copy(source: Path, part: Path, most: int) -> None:
    if not source.is_file():
        raise CommandFailed(f"There is no file {source}.")
    if source.stat().st_size > most:
        raise CommandFailed(f"{source} is larger than {most} bytes (--most-gb).")
    shutil.copyfile(source, part)
    part.chmod(0o600)


def examined(part: Path, wanted: Wanted, found: Source) -> Model:
    """The model that a file holds. One that is not accepted is removed."""
    name, expected = part.name.removesuffix(".part"), (wanted.sha256 or found.sha256).lower()
    try:
        sha256 = sha256_of(part)
        if expected and sha256 != expected:
            raise CommandFailed(f"The file has SHA-256 {sha256}, not {expected}.")
        facts = asyncio.run(inspect_file(part, f"{name}.gguf"))
        if not facts.tensors or not facts.architecture:
            raise CommandFailed("The file holds no model: it has no tensors, or does not say of which kind it is.")
        if facts.adapter:
            raise CommandFailed("The file holds an adapter, which is only added to a model: add the model instead.")
    except BaseException:
        with suppress(FileNotFoundError):
            part.unlink()
        raise
    task: Task = "embed" if EMBEDDING.search(facts.architecture) else "chat"
    return Model(
        name=name,
        task=task,
        sha256=sha256,
        file=f"{name}.gguf",
        bytes=part.stat().st_size,
        context=max(min(facts.context or CONTEXT[task], CONTEXT[task]), 128),
        architecture=facts.architecture[:64],
        license=found.licence[:200],
        source=(without_secrets(wanted.source) if "://" in wanted.source else wanted.source)[:500],
    )


def use(settings: Settings, name: str, task: str) -> dict[str, object]:
    """Let a model do a task; running engines change to it at the next call."""
    files = ModelFiles(settings.folder / "models")
    model = find(files, name)
    if task and task != model.task:
        raise CommandFailed(f"{name} is for {model.task}, not for {task}.")
    catalogue = read(files)
    files.keep(Catalogue(catalogue.models, catalogue.uses | {model.task: name}))
    return shown(model, is_used=True)


def remove(settings: Settings, name: str) -> dict[str, object]:
    """Remove an added model and its file; what it did is done by the one that came along."""
    files = ModelFiles(settings.folder / "models")
    model = find(files, name)
    if not model.file:
        raise CommandFailed(f"{name} came along with the installation; it cannot be removed.")
    catalogue = read(files)
    uses = {task: used for task, used in catalogue.uses.items() if used != name}
    files.keep(Catalogue([kept for kept in catalogue.models if kept.name != name], uses))
    with suppress(FileNotFoundError):
        (files.folder / model.file).unlink()
    return shown(model, is_used=False)


def list_all(settings: Settings) -> dict[str, object]:
    files = ModelFiles(settings.folder / "models")
    uses = DEFAULTS | read(files).uses
    found = [shown(model, is_used=uses[model.task] == model.name) for model in files.all()]
    return {"models": found, "engine": why_off() or "installed"}


def print_list(answer: dict[str, object]) -> None:
    models = msgspec.convert(answer["models"], list[dict[str, object]])
    for model in models:
        mark = "*" if model["used"] else " "
        print(f"{mark} {model['name']!s:<28} {model['for']!s:<6} {str(model['sha256'])[:12]}  {model['source']}")
    if not models:
        print("There are no models.")
    if answer["engine"] != "installed":
        print(f"Our own engine cannot run: {answer['engine']}")


def shown(model: Model, *, is_used: bool) -> dict[str, object]:
    return {
        "name": model.name,
        "for": model.task,
        "used": is_used,
        "sha256": model.sha256,
        "bytes": model.bytes,
        "context": model.context,
        "architecture": model.architecture,
        "source": model.source,
    }


def find(files: ModelFiles, name: str) -> Model:
    model = files.find(name)
    if model is None:
        raise CommandFailed(f"There is no model {name}; `weft model list` shows those there are.")
    return model


def read(files: ModelFiles) -> Catalogue:
    try:
        return files.catalogue()
    except FileRefused as error:
        raise CommandFailed(str(error)) from None


def name_from(source: str) -> str:
    """A name from the last part of a path or an address."""
    last = unquote(urlsplit(source).path if "://" in source else source).rpartition("/")[2]
    return re.sub(r"[^a-z0-9._-]+", "-", last.lower().removesuffix(".gguf")).strip("-._")[:64]
