"""What the hub's templates show of files, and the commands by which people use them."""

from __future__ import annotations

import shlex

import msgspec

from weft.hub.model import DAY_MS, Day, File, Model
from weft.kernel.clock import rfc3339


class FileView(msgspec.Struct, frozen=True):
    file: File
    size: str
    parameters: str
    """``135 M``; empty where the file tells none."""
    url: str
    """Empty for whoever has not asked yet."""


class ModelView(msgspec.Struct, frozen=True):
    """A model for the staff, with what was counted of it on all days and how many requests wait."""

    model: Model
    total: Day
    waiting: int

    @property
    def bytes(self) -> str:
        return bytes_in_words(self.total.bytes)


class DayView(msgspec.Struct, frozen=True):
    day: Day

    @property
    def date(self) -> str:
        return rfc3339(self.day.day * DAY_MS)[:10]

    @property
    def bytes(self) -> str:
        return bytes_in_words(self.day.bytes)


class Commands(msgspec.Struct, frozen=True):
    """Lines to copy. Names of files are of a narrow alphabet and addresses are quoted, so they hold in any shell."""

    weft: str
    """Empty where no file is one that another Weft can run."""
    llama: tuple[str, ...] = ()
    ollama: tuple[str, ...] = ()
    modelfile: str = ""
    check: tuple[str, ...] = ()


def file_view(file: File, url: str) -> FileView:
    return FileView(file, bytes_in_words(file.size), count_in_words(file.facts.parameters), url)


def commands_of(files: list[FileView], name: str) -> Commands:
    """The commands for a model: of several GGUF files the first is named that runs by itself."""
    runs = (view for view in files if view.file.facts.format == "gguf" and not view.file.facts.adapter)
    gguf = next(runs, None)
    fetch = [
        # A link that is too old answers with a refusal, which must not become the file or its beginning.
        f"curl --fail --location --continue-at - --output {view.file.name} {shlex.quote(view.url)}"
        for view in files
        if view.url
    ]
    check = [f"{view.file.sha256}  {view.file.name}" for view in files]
    if gguf is None:
        return Commands("", tuple(fetch), check=tuple(check))
    source = f"{shlex.quote(gguf.url)} --sha256 {gguf.file.sha256}" if gguf.url else "…"
    file = gguf.file.name
    return Commands(
        weft=f"weft model add {source} --name {name}",
        llama=(*fetch, f"llama-server -m {file}"),
        ollama=(f"ollama create {name} -f Modelfile", f"ollama run {name}"),
        modelfile=f"FROM ./{file}",
        check=tuple(check),
    )


def bytes_in_words(size: int) -> str:
    """``98.4 MB``, in powers of a thousand as download programs show them."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{size} B" if unit == "B" else f"{value:.1f} {unit}"


def count_in_words(count: int) -> str:
    value, unit = float(count), ""
    for larger in ("k", "M", "B", "T"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}".strip() if count else ""
