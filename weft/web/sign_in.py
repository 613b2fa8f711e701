"""Signing in by password, and signing out."""

from __future__ import annotations

from typing import Any

import msgspec

from weft.accounts.service import sign_in
from weft.infra.admit import SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS
from weft.infra.routing.table import Call, Response, Route
from weft.kernel.text.names import canonical_name
from weft.web.browser import (
    Browser,
    begin_session,
    browser_of,
    leave_account,
    redirect,
    safe_return,
    show,
    way_on,
)
from weft.web.context import Web
from weft.web.page_route import page_route


class SignInParams(msgspec.Struct):
    login: str = ""
    password: str = ""
    csrf: str = ""
    return_to: str = ""
    lang: str = ""
    add: bool = False
    """Keep the account that is signed in, for switching to."""


async def form(call: Call[Web, SignInParams]) -> Response:
    browser = await browser_of(call, call.params.lang)
    return sign_in_page(call, browser, call.params)


def sign_in_page(
    call: Call[Web, Any], browser: Browser, given: SignInParams, error: str = "", status: int = 200
) -> Response:
    """The form; ``error`` is the key of a text."""
    web = call.app
    values = {
        "return_to": safe_return(given.return_to),
        "login": given.login,
        "add": given.add and browser.is_signed_in,
        "error": error,
        "oidc": web.settings.oidc_name if web.oidc is not None else "",
        "sign_up": web.settings.signup != "closed",
        # The form may end at an app, through the page that asks for consent.
        "leaves": True,
    }
    return show(call, browser, "sign_in.html", values, status)


async def enter(call: Call[Web, SignInParams]) -> Response:
    """Sign in. Unknown people and wrong passwords get the same answer in the same time."""
    web, params = call.app, call.params
    browser = await browser_of(call, params.lang)
    browser.check_form(params.csrf)
    guessed = canonical_name(params.login)
    if not web.admit.check(SIGN_IN_ACCOUNT, guessed).allowed:
        return sign_in_page(call, browser, params, "sign_in.limited", 429)
    account_id = await sign_in(web.db, web.passwords, params.login, params.password)
    if account_id is None:
        return sign_in_page(call, browser, params, "sign_in.wrong", 422)
    web.admit.forgive(SIGN_IN_ACCOUNT, guessed)
    address = await way_on(call, account_id, safe_return(params.return_to))
    return redirect(address, await begin_session(call, account_id, beside=params.add))


async def leave(call: Call[Web, SignInParams]) -> Response:
    browser = await browser_of(call)
    browser.check_form(call.params.csrf)
    return redirect("/auth/sign_in", await leave_account(call))


ROUTES: tuple[Route, ...] = (
    page_route("GET", "/auth/sign_in", form, SignInParams, summary="The form to sign in"),
    page_route("POST", "/auth/sign_in", enter, SignInParams, summary="Sign in", rate=SIGN_IN_ADDRESS),
    page_route("POST", "/auth/sign_out", leave, SignInParams, summary="Sign out"),
)
