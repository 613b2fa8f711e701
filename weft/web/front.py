"""The front page: what this server is and where to go. The web app takes its place where it is built (``shell``)."""

from __future__ import annotations

import msgspec

from weft.infra.routing.table import Call, Response
from weft.web.browser import browser_of, show
from weft.web.context import Web, offers_models


class FrontParams(msgspec.Struct):
    lang: str = ""


async def front(call: Call[Web, FrontParams]) -> Response:
    browser = await browser_of(call, call.params.lang)
    return show(call, browser, "front.html", {"offers_models": await offers_models(call.app)})
