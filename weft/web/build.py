"""The web app's build as it lies on the disk: its manifest, and its files held in memory under the names that browsers
keep for ever. Without a build the server works as before; it then serves no app.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

import msgspec
import structlog

from weft.infra.routing.table import Response

MANIFEST = ".vite/manifest.json"
FOLDER = "app"
ENTRY = "src/main.ts"
COMPRESS_LEVEL = 6
_TYPES = {
    "js": b"text/javascript; charset=utf-8",
    "css": b"text/css; charset=utf-8",
    "svg": b"image/svg+xml",
    "woff2": b"font/woff2",
    "json": b"application/json; charset=utf-8",
    "txt": b"text/plain; charset=utf-8",
    "wasm": b"application/wasm",
}
_PACKED = frozenset({"js", "css", "svg", "json", "txt", "wasm"})
_FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")
_VARY = (b"vary", b"accept-encoding")

log = structlog.get_logger("weft.web")


class Chunk(msgspec.Struct, frozen=True):
    """One entry of the manifest: a file, its styles and what it imports, by key."""

    file: str
    css: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


class Needs(msgspec.Struct, frozen=True):
    """What a page must load for some chunks: their addresses, each once, in order."""

    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()


class BuiltFile:
    """A file of the build, packed when somebody first asks for the packed form."""

    __slots__ = ("_packed", "_packs", "body", "content_type", "tag")

    def __init__(self, name: str, body: bytes) -> None:
        suffix = name.rpartition(".")[2]
        guessed = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self.body = body
        self.content_type = _TYPES.get(suffix, guessed.encode())
        self.tag = b'"%b"' % hashlib.sha256(body).hexdigest()[:20].encode()
        self._packs = suffix in _PACKED
        self._packed = b""

    def packed(self) -> bytes:
        """The gzip form; empty where packing gains nothing."""
        if self._packs and not self._packed:
            self._packed = gzip.compress(self.body, COMPRESS_LEVEL, mtime=0)
        return self._packed if len(self._packed) < len(self.body) else b""

    def answer(self, headers: Mapping[bytes, bytes], keep: tuple[bytes, bytes] = _FOR_EVER) -> Response:
        """The file as this browser takes it, or word that it has it already."""
        told = [keep, (b"etag", self.tag), _VARY]
        if headers.get(b"if-none-match") == self.tag:
            return Response(304, b"", self.content_type, told)
        if b"gzip" in headers.get(b"accept-encoding", b"") and (packed := self.packed()):
            return Response(200, packed, self.content_type, [*told, (b"content-encoding", b"gzip")])
        return Response(200, self.body, self.content_type, told)


class Build:
    """One build, read once. A developer's own folder (``WEFT_APP``) is read again when its manifest changes."""

    def __init__(self, folder: str = "") -> None:
        self._own = bool(folder)
        self._root = Path(folder).absolute() if folder else Path(str(files("weft.web").joinpath("static")))
        self._made_ns = 0
        self._chunks: Mapping[str, Chunk] = {}
        self._files: Mapping[str, BuiltFile] = {}
        self._worker: BuiltFile | None = None
        self._read()

    @property
    def exists(self) -> bool:
        if self._own:
            self._read()
        return ENTRY in self._chunks

    def file(self, name: str) -> BuiltFile | None:
        """A file by its name below ``/app/``."""
        return self._files.get(name)

    def address_of(self, beginning: str) -> str:
        """Where the first file lies whose name begins so; empty where there is none."""
        name = beginning.removeprefix(f"{FOLDER}/")
        return next((f"/{FOLDER}/{known}" for known in self._files if known.startswith(name)), "")

    @property
    def worker(self) -> BuiltFile | None:
        """The service worker's script."""
        return self._worker

    def needs(self, *keys: str) -> Needs:
        """Everything that these chunks load before they run, themselves included; unknown ones need nothing."""
        seen: dict[str, Chunk] = {}
        waiting = [key for key in reversed(keys) if key in self._chunks]
        while waiting:
            key = waiting.pop()
            if key not in seen:
                seen[key] = chunk = self._chunks[key]
                waiting += [name for name in reversed(chunk.imports) if name in self._chunks]
        return Needs(
            _addresses(chunk.file for chunk in seen.values()),
            _addresses(style for chunk in seen.values() for style in chunk.css),
        )

    def _read(self) -> None:
        manifest = self._root / MANIFEST
        try:
            made_ns = manifest.stat().st_mtime_ns
            if made_ns == self._made_ns:
                return
            chunks = msgspec.json.decode(manifest.read_bytes(), type=dict[str, Chunk])
            self._files = {
                path.relative_to(self._root / FOLDER).as_posix(): BuiltFile(path.name, path.read_bytes())
                for path in sorted((self._root / FOLDER).rglob("*"))
                if path.is_file()
            }
            worker = self._root / "sw.js"
            self._worker = BuiltFile("sw.js", worker.read_bytes()) if worker.is_file() else None
        except FileNotFoundError:
            return  # no build, or one that is being written
        except (OSError, msgspec.DecodeError):
            log.warning("app.unreadable", folder=str(self._root))
            return
        self._chunks, self._made_ns = chunks, made_ns


def _addresses(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"/{name}" for name in names))
