"""A forgotten password: asking for a link by mail, and choosing a new one with it."""

from __future__ import annotations

import msgspec

from weft.accounts.service import check_reset, reset_password, want_reset
from weft.infra.admit import RESET_PASSWORD, SIGN_IN_ADDRESS
from weft.infra.routing.table import Call, Response, Route
from weft.kernel.errors import Invalid, NotFound
from weft.kernel.text.names import canonical_name
from weft.web.browser import Browser, browser_of, show
from weft.web.context import Web
from weft.web.page_route import page_route

MAX_EMAIL = 254


class ForgottenParams(msgspec.Struct):
    email: str = ""
    csrf: str = ""
    lang: str = ""


class ChooseParams(msgspec.Struct):
    token: str = ""
    password: str = ""
    csrf: str = ""
    lang: str = ""


async def ask(call: Call[Web, ForgottenParams]) -> Response:
    browser = await browser_of(call, call.params.lang)
    return show(call, browser, "password_new.html", {})


async def send(call: Call[Web, ForgottenParams]) -> Response:
    """Send a link, if anybody has the address: the page says the same in any case."""
    web, params = call.app, call.params
    browser = await browser_of(call, params.lang)
    browser.check_form(params.csrf)
    email = params.email.strip()
    allowed = web.admit.check(RESET_PASSWORD, canonical_name(email)).allowed
    if allowed and "@" in email and len(email) <= MAX_EMAIL:
        await want_reset(web.db, email)
    return web.pages.say(browser.look, "password.sent")


async def choose(call: Call[Web, ChooseParams]) -> Response:
    browser = await browser_of(call, call.params.lang)
    return await _page(call, browser, "")


async def _page(call: Call[Web, ChooseParams], browser: Browser, problem: str) -> Response:
    web = call.app
    try:
        async with web.db.read() as reader:
            await check_reset(reader, call.params.token, web.db.clock.now_ms())
    except NotFound:
        return web.pages.say(browser.look, "link.expired", status=404)
    values = {"token": call.params.token, "problem": problem}
    return show(call, browser, "password_edit.html", values, 422 if problem else 200)


async def change(call: Call[Web, ChooseParams]) -> Response:
    web, params = call.app, call.params
    browser = await browser_of(call, params.lang)
    browser.check_form(params.csrf)
    try:
        await reset_password(web.db, web.passwords, params.token, params.password)
    except NotFound:
        return web.pages.say(browser.look, "link.expired", status=404)
    except Invalid as error:
        return await _page(call, browser, error.code)
    return show(call, browser, "password_changed.html", {})


ROUTES: tuple[Route, ...] = (
    page_route("GET", "/auth/password/new", ask, ForgottenParams, summary="The form for a forgotten password"),
    page_route("POST", "/auth/password", send, ForgottenParams, summary="Send a link", rate=SIGN_IN_ADDRESS),
    page_route("GET", "/auth/password/edit", choose, ChooseParams, summary="The form for a new password"),
    page_route("POST", "/auth/password/edit", change, ChooseParams, summary="Set it", rate=SIGN_IN_ADDRESS),
)
