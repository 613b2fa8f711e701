"""``/oauth/authorize``: an app asks for access, its user reads what for, and agrees or does not."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import msgspec

from weft.accounts.service import Asked, Authorization, check_authorization, create_code
from weft.infra.routing.table import Call, Response, Route
from weft.web.browser import Browser, browser_of, redirect, show
from weft.web.context import Web
from weft.web.page_route import page_route
from weft.web.sign_in import SignInParams, sign_in_page
from weft.web.texts import scopes_in_words
from weft.web.waiting import waiting_page


class ConsentParams(msgspec.Struct):
    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""
    force_login: bool = False
    lang: str = ""
    csrf: str = ""
    answer: str = ""


async def _read(call: Call[Web, ConsentParams]) -> Authorization:
    fields = {name: getattr(call.params, name) for name in Asked.__struct_fields__}
    async with call.app.db.read() as reader:
        return await check_authorization(reader, Asked(**fields))


async def ask(call: Call[Web, ConsentParams]) -> Response:
    """Show what the app asks for, after sign-in."""
    authorization = await _read(call)
    browser = await browser_of(call, call.params.lang)
    if authorization.error:
        return redirect(authorization.way_back(error=authorization.error))
    if not browser.is_signed_in or call.params.force_login:
        given = SignInParams(return_to=_without_force(call), lang=call.params.lang)
        return sign_in_page(call, browser, given)
    if browser.user is not None and browser.user.state != "active":
        return waiting_page(call, browser)
    return _consent_page(call, browser, authorization)


def _without_force(call: Call[Web, ConsentParams]) -> str:
    """This request's own address, to come back to: signing in is then done."""
    pairs = [(name, value) for name, value in parse_qsl(call.query, keep_blank_values=True) if name != "force_login"]
    return f"/oauth/authorize?{urlencode(pairs)}"


def _consent_page(call: Call[Web, ConsentParams], browser: Browser, authorization: Authorization) -> Response:
    values = {
        "app": authorization.app,
        "powers": scopes_in_words(authorization.scopes, browser.language),
        "asked": {name: getattr(call.params, name) for name in Asked.__struct_fields__},
        "return_to": _without_force(call),
        "goes_to": _place_of(authorization),
        "leaves": True,
    }
    return show(call, browser, "consent.html", values)


def _place_of(authorization: Authorization) -> str:
    """The host or scheme the answer goes to: what tells a stranger's app from the one it is named after."""
    if authorization.is_out_of_band:
        return ""
    scheme, _, rest = authorization.redirect_uri.partition(":")
    host = rest.removeprefix("//").partition("/")[0].partition("?")[0]
    return host if scheme in ("http", "https") else f"{scheme}:"


async def decide(call: Call[Web, ConsentParams]) -> Response:
    """Send the app its code, or the refusal."""
    authorization = await _read(call)
    browser = await browser_of(call, call.params.lang)
    browser.check_form(call.params.csrf)
    if authorization.error:
        return redirect(authorization.way_back(error=authorization.error))
    if browser.account is None or browser.user is None:
        given = SignInParams(return_to=_without_force(call), lang=call.params.lang)
        return sign_in_page(call, browser, given)
    if browser.user.state != "active":
        return waiting_page(call, browser)
    if call.params.answer != "allow":
        return _refused(call, browser, authorization)
    code = await create_code(call.app.db, authorization, browser.account.id)
    if authorization.is_out_of_band:
        return show(call, browser, "code.html", {"code": code, "app": authorization.app})
    return redirect(authorization.way_back(code=code))


def _refused(call: Call[Web, ConsentParams], browser: Browser, authorization: Authorization) -> Response:
    if authorization.is_out_of_band:
        return call.app.pages.say(browser.look, "consent.refused")
    return redirect(authorization.way_back(error="access_denied"))


ROUTES: tuple[Route, ...] = (
    page_route("GET", "/oauth/authorize", ask, ConsentParams, summary="What an app asks for", tag="oauth"),
    page_route("POST", "/oauth/authorize", decide, ConsentParams, summary="Let an app in, or not", tag="oauth"),
)
