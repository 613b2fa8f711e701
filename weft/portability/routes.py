"""``/api/weft/v1/exports`` and ``/api/weft/v1/imports``: one's own things, out and in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import msgspec

from weft.infra.admit import API, MEDIA
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.clock import rfc3339
from weft.kernel.errors import Invalid, NotFound
from weft.portability import model
from weft.portability.model import MAX_IMPORT_BYTES, SHEETS, ImportKind, ImportState, Mode
from weft.portability.service import Portability

_CHUNK = 256 * 1024
_CSV = b"text/csv; charset=utf-8"


class Export(msgspec.Struct):
    id: str
    state: model.ExportState
    created_at: str
    size: int
    expires_at: str


class Import(msgspec.Struct):
    id: str
    kind: ImportKind
    mode: Mode
    state: ImportState
    total: int
    done: int
    failed: int
    created_at: str


class ImportParams(msgspec.Struct, kw_only=True):
    kind: ImportKind
    mode: Mode = "merge"


def _export(export: model.Export) -> Export:
    return Export(str(export.id), export.state, rfc3339(export.created_ms), export.size, rfc3339(export.expires_ms))


def _import(work: model.Import) -> Import:
    mode: Mode = "overwrite" if work.overwrite else "merge"
    return Import(
        str(work.id), work.kind, mode, work.state, work.total, work.done, work.failed, rfc3339(work.created_ms)
    )


def _attached(name: str) -> list[tuple[bytes, bytes]]:
    return [(b"content-disposition", f'attachment; filename="{name}"'.encode("ascii"))]


async def sheet(call: Call[Portability, None]) -> Response:
    """A sheet of one's own, by the name of its file: ``following.csv``."""
    name = call.path["name"]
    if name == "filters.json":
        return Response(200, await call.app.filters(call.user_id), headers=_attached(name))
    kind = next((each for each in SHEETS if name == f"{each}.csv"), None)
    if kind is None:
        raise NotFound("record.absent")
    return Response(200, b"", _CSV, _attached(name), call.app.sheet(call.user_id, kind))


async def list_exports(call: Call[Portability, None]) -> Response:
    return as_json([_export(each) for each in await call.app.exports(call.user_id)])


async def ask_export(call: Call[Portability, None]) -> Response:
    return as_json(_export(await call.app.ask_export(call.user_id)), 202)


async def download(call: Call[Portability, None]) -> Response:
    export, path = await call.app.open_export(call.user_id, call.id())
    headers = [*_attached(f"weft-{export.id}.zip"), (b"content-length", b"%d" % export.size)]
    return Response(200, b"", b"application/zip", headers, _read(path))


async def _read(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
    finally:
        file.close()


async def list_imports(call: Call[Portability, None]) -> Response:
    return as_json([_import(each) for each in await call.app.imports(call.user_id)])


async def show_import(call: Call[Portability, None]) -> Response:
    return as_json(_import(await call.app.require_import(call.user_id, call.id())))


async def ask_import(call: Call[Portability, ImportParams]) -> Response:
    file = call.files.get("file")
    if file is None or not file.data:
        raise Invalid("import.empty", field="file")
    asked = await call.app.ask_import(call.user_id, file.data, call.params.kind, call.params.mode)
    return as_json(_import(asked), 202)


async def failures(call: Call[Portability, None]) -> Response:
    body = await call.app.failures(call.user_id, call.id())
    return Response(200, body, _CSV, _attached("failures.csv"))


_own = partial(Route, auth=Auth.USER, sees=Sees.OWN, style=Style.WEFT, tag="portability")
_get = partial(_own, method="GET", scopes=("read",), rate=API, body=0)
_EXPORTS, _IMPORTS = "/api/weft/v1/exports", "/api/weft/v1/imports"

ROUTES: tuple[Route, ...] = (
    _get(path=_EXPORTS, handler=list_exports, returns=list[Export], summary="Archives of one's own account"),
    _own(
        method="POST", path=_EXPORTS, handler=ask_export, scopes=("write",), rate=API, body=0, returns=Export,
        statuses=(202,), summary="Have an archive built; one a day",
    ),
    _get(path=f"{_EXPORTS}/:name", handler=sheet, summary="A sheet: following.csv, lists.csv, filters.json ..."),
    _get(path=f"{_EXPORTS}/:id/file", handler=download, summary="A finished archive"),
    _get(path=_IMPORTS, handler=list_imports, returns=list[Import], summary="How far one's imports are"),
    _own(
        method="POST", path=_IMPORTS, handler=ask_import, scopes=("write",), rate=MEDIA,
        body=MAX_IMPORT_BYTES + 64 * 1024, params=ImportParams, returns=Import, statuses=(202,), files=("file",),
        summary="Bring in a sheet",
    ),
    _get(path=f"{_IMPORTS}/:id", handler=show_import, returns=Import),
    _get(path=f"{_IMPORTS}/:id/failures.csv", handler=failures, summary="The lines that were not brought in"),
)  # fmt: skip
