"""The door of portability: ask for an archive, ask for an import, read how far they are, take sheets along."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from weft.accounts.service import find_user
from weft.infra.blobs import Blobs
from weft.infra.db import Db
from weft.kernel.errors import Conflict, Invalid, NotFound
from weft.kernel.ids import AccountId, bucket_of
from weft.portability import queries
from weft.portability.archive import Archivist
from weft.portability.bringing import Bringing
from weft.portability.events import ExportWanted, ImportWanted
from weft.portability.model import MAX_IMPORTS, Export, Import, ImportKind, Mode, Places, SheetKind
from weft.portability.sheets import read_sheet, write_failures
from weft.portability.shelves import Shelves
from weft.portability.taking import Taking
from weft.portability.texts import reasons


@dataclass(frozen=True)
class Portability:
    """One per worker. ``folder`` holds the archives and is served by nothing."""

    db: Db
    folder: Path
    taking: Taking
    archivist: Archivist
    bringing: Bringing

    def sheet(self, account_id: AccountId, kind: SheetKind) -> AsyncIterator[bytes]:
        return self.taking.sheet(account_id, kind)

    async def filters(self, account_id: AccountId) -> bytes:
        return await self.taking.filters(account_id)

    # ------------------------------------------------------------------------------------------------ archives

    async def ask_export(self, account_id: AccountId) -> Export:
        """Have an archive built.

        Raises:
            Conflict: one was asked for within the last day.
        """
        own = bucket_of(account_id)
        id_ = self.db.ids.new(own)
        async with self.db.once(own) as tx:
            sealed = tx.sealed(ExportWanted(account_id=account_id, export_id=id_))
            if not await queries.ask_export(tx, account_id, id_, sealed):
                tx.withdraw()
                raise Conflict("export.recent")
        return Export(id=id_, account_id=account_id, state="building")

    async def exports(self, account_id: AccountId) -> list[Export]:
        """The account's archives, the last first."""
        async with self.db.read() as reader:
            found = await queries.load_exports(reader, account_id)
        now_ms = self.db.clock.now_ms()
        return [export for export in found if export.expires_ms > now_ms]

    async def open_export(self, account_id: AccountId, id_: int) -> tuple[Export, Path]:
        """A finished archive and its file.

        Raises:
            NotFound: it is not the account's, not ready, or gone.
        """
        export = next((each for each in await self.exports(account_id) if each.id == id_), None)
        if export is None or export.state != "ready" or "/" in export.name:
            raise NotFound("record.absent")
        path = self.folder / export.name
        if not await asyncio.to_thread(path.is_file):
            raise NotFound("record.absent")
        return export, path

    # ------------------------------------------------------------------------------------------------ imports

    async def ask_import(self, account_id: AccountId, data: bytes, kind: ImportKind, mode: Mode) -> Import:
        """Read a sheet and have it brought in.

        Raises:
            Invalid: it is no such sheet, or too many imports are under way.
        """
        rows = await asyncio.to_thread(read_sheet, data, kind)
        own = bucket_of(account_id)
        wanted = Import(
            id=self.db.ids.new(own),
            account_id=account_id,
            kind=kind,
            overwrite=mode == "overwrite",
            state="waiting",
            total=len(rows),
        )
        async with self.db.once(own) as tx:
            sealed = tx.sealed(ImportWanted(account_id=account_id, import_id=wanted.id))
            if not await queries.ask_import(tx, wanted, rows, sealed):
                tx.withdraw()
                raise Invalid("import.too_many", limit=MAX_IMPORTS)
        return wanted

    async def imports(self, account_id: AccountId) -> list[Import]:
        async with self.db.read() as reader:
            return await queries.load_imports(reader, account_id)

    async def require_import(self, account_id: AccountId, id_: int) -> Import:
        """One of the account's imports.

        Raises:
            NotFound: there is none.
        """
        async with self.db.read() as reader:
            found = await queries.load_imports(reader, account_id, id_) if id_ else []
        if not found:
            raise NotFound("record.absent")
        return found[0]

    async def failures(self, account_id: AccountId, id_: int) -> bytes:
        """The lines of an import that were not brought in, each with its reason in its owner's language.

        Raises:
            NotFound: there is no such import of the account.
        """
        asked = await self.require_import(account_id, id_)
        async with self.db.read() as reader:
            user = await find_user(reader, account_id)
            failed = await queries.failed_rows(reader, asked.id)
        words = reasons(user.locale if user is not None else "en")
        return await asyncio.to_thread(write_failures, asked.kind, failed, words)


def open_portability(db: Db, blobs: Blobs, places: Places, shelves: Shelves, folder: Path) -> Portability:
    """Everything of this slice, put together."""
    taking = Taking(db, places, shelves)
    return Portability(db, folder, taking, Archivist(db, blobs, places, taking, folder), Bringing(db, places, shelves))


__all__ = ["Places", "Portability", "Shelves", "open_portability"]
