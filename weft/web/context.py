"""What the handlers of the pages work with: the ports of one worker, put together by ``wiring``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from weft.accounts.service import OidcClient, Passwords, Seal
    from weft.hub.service import Hub
    from weft.infra.admit import Admit
    from weft.infra.db import Db
    from weft.settings import Settings
    from weft.web.build import Build
    from weft.web.pages import Pages


@dataclass(frozen=True, kw_only=True)
class Web:
    """The context of every page: ``call.app``."""

    settings: Settings
    db: Db
    admit: Admit
    passwords: Passwords
    pages: Pages
    build: Build
    seal: Seal
    """Signs what a browser keeps for us between two pages."""
    hub: Hub | None = None
    """The models that may be asked for; None only where pages are tried without it."""
    oidc: OidcClient | None = None
    """The provider that people may sign in with; None without one."""


async def offers_models(web: Web) -> bool:
    """Whether pages for visitors lead to the hub: there is something in it."""
    return web.hub is not None and await web.hub.is_offering()
