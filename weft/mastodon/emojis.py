"""Keeps the presenter's custom emojis as they are in the database: loaded at the start and whenever they changed."""

from __future__ import annotations

import asyncio

from weft.infra.db import Db
from weft.infra.signals import Signals
from weft.kernel.errors import Unavailable
from weft.mastodon.entities import CustomEmoji
from weft.mastodon.presenter import Presenter
from weft.media.events import EmojisChanged
from weft.media.service import load_emojis

_AGAIN_S = 2.0


class Emojis:
    """One per worker."""

    def __init__(self, db: Db, presenter: Presenter) -> None:
        self._db = db
        self._presenter = presenter
        self._changed = asyncio.Event()

    def listen(self, signals: Signals) -> None:
        signals.on(EmojisChanged, lambda event: self._changed.set())
        signals.on_reset(self._changed.set)

    async def load(self) -> None:
        """Read the emojis; where they are others than those known, what was rendered with these is dropped."""
        async with self._db.read() as reader:
            rows = await load_emojis(reader)
        file = self._presenter.addresses.file
        emojis = [
            CustomEmoji(row.shortcode, file(row.name), file(row.static_name), row.visible, row.category or None)
            for row in rows
        ]
        if emojis != self._presenter.emojis:
            self._presenter.set_emojis(emojis)

    async def keep(self) -> None:
        """Load them again after each change, until cancelled."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self.load()
            except Unavailable:
                self._changed.set()
                await asyncio.sleep(_AGAIN_S)
