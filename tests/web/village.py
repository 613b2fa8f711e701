"""People who write by the client API, and visitors who read the pages of it: the town with its public pages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import httpx

from tests.support.town import BASE, Town
from weft.accounts.model import Field, ProfileEdit
from weft.accounts.service import edit_profile, set_state
from weft.infra.admit import Admit
from weft.infra.db import Db
from weft.infra.routing.application import Application, Serving
from weft.kernel.clock import ManualClock
from weft.kernel.ids import bucket_of
from weft.settings import Settings
from weft.web.build import Build
from weft.web.pages import Pages
from weft.web.routes import ROUTES


class Village(Town):
    """A town that also has pages."""

    def __init__(self, db: Db, clock: ManualClock, **given: Any) -> None:
        super().__init__(db, clock)
        settings = Settings(base_url=BASE, title="Harbour", **given)
        admit = Admit(None, clock, False)
        web = SimpleNamespace(
            settings=settings, db=db, admit=admit, pages=Pages(settings), build=Build(settings.app), hub=None
        )
        serving = Serving(authenticate=cast(Any, None), admit=admit, clock=clock, base_url=BASE)
        transport = httpx.ASGITransport(app=cast(Any, Application(ROUTES, web, serving)))
        self.browser = httpx.AsyncClient(transport=transport, base_url=BASE)

    async def page(self, path: str, **headers: str) -> httpx.Response:
        return await self.browser.get(path, headers=headers)

    async def text(self, path: str, **headers: str) -> str:
        """A page that must be there."""
        answer = await self.page(path, **headers)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return answer.text

    async def profile(self, who: Any, **given: Any) -> None:
        if "fields" in given:
            given["fields"] = tuple(Field(name, value) for name, value in given["fields"])
        async with self.db.tx(bucket_of(who.account.id)) as tx:
            await edit_profile(tx, who.account.id, ProfileEdit(**given))

    async def state(self, who: Any, state: Any) -> None:
        async with self.db.tx(bucket_of(who.account.id)) as tx:
            await set_state(tx, who.account.id, state)
