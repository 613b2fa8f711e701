"""Publishing: a description and files become a model, or take the place of what a model was before.

Files are copied, read and hashed before any row is written, so that a model never names a file that is not there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from weft.hub import queries
from weft.hub.model import (
    MOST_FILES,
    Approval,
    Description,
    File,
    Model,
    ModelState,
    check_description,
    check_file_name,
)
from weft.hub.shelf import Shelf
from weft.infra.db import Db
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.ids import random_bucket


@dataclass(frozen=True)
class Publishing:
    """For the staff who may publish, and for commands."""

    db: Db
    shelf: Shelf

    async def publish(self, given: Description, sources: Sequence[Path] | None) -> Model:
        """Publish a model with exactly these files; without ``sources`` it keeps its own, and stays hidden if it is.

        Raises:
            Invalid: a field or a file cannot be accepted. Nothing has changed then.
        """
        described = check_description(given)
        files = await self._take(sources) if sources is not None else None
        async with self.db.tx(0) as tx:
            id_ = await queries.keep_model(tx, self.db.ids.new(random_bucket()), described, shown=files is not None)
            if files is not None:
                await queries.keep_files(tx, id_, files, alone=True)
        return await self._require(described.name)

    async def _take(self, sources: Sequence[Path]) -> list[File]:
        names = [check_file_name(source.name) for source in sources]
        if not names or len(set(names)) != len(names):
            raise Invalid("hub.no_files", field="file")
        if len(names) > MOST_FILES:
            raise Invalid("hub.too_many", field="file", limit=MOST_FILES)
        return [await self.shelf.take(source, name) for source, name in zip(sources, names, strict=True)]

    async def add_piece(self, name: str, file_name: str, offset: int, data: bytes) -> int:
        """A piece of an upload to a model; how much of the file is here now."""
        model = await self._require(name)
        return await self.shelf.add_piece(model.id, file_name, offset, data)

    async def finish(self, name: str, file_name: str, sha256: str) -> Model:
        """Accept an upload as a file of the model, in place of one of the same name.

        Raises:
            Invalid: it is not whole, or cannot be accepted.
        """
        model = await self._require(name)
        if len(model.files) >= MOST_FILES and model.file(file_name) is None:
            raise Invalid("hub.too_many", field="file", limit=MOST_FILES)
        file = await self.shelf.finish(model.id, file_name, sha256)
        async with self.db.tx(0) as tx:
            await queries.keep_files(tx, model.id, [file], alone=False)
        return await self._require(name)

    async def drop_file(self, name: str, file_name: str) -> None:
        model = await self._require(name)
        async with self.db.tx(0) as tx:
            if not await tx.execute(queries.DROP_FILE, model.id, file_name):
                raise NotFound("record.absent")

    async def set_state(self, name: str, state: ModelState) -> None:
        """Show or hide a model. While it is hidden its links lead nowhere.

        Raises:
            NotFound: there is no such model.
        """
        async with self.db.tx(0) as tx:
            if not await queries.set_state(tx, name, state):
                raise NotFound("record.absent")

    async def set_approval(self, name: str, approval: Approval) -> None:
        """Have requests approved by themselves from now on, or by somebody."""
        async with self.db.tx(0) as tx:
            if not await tx.execute(queries.SET_APPROVAL, name, approval, tx.now_ms):
                raise NotFound("record.absent")

    async def _require(self, name: str) -> Model:
        async with self.db.read() as reader:
            found = await queries.load_models(reader, name, hidden=True)
        if not found:
            raise NotFound("record.absent")
        return found[0]
