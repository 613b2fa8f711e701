"""Signing up by password, confirming the address, and the owner's one-time page."""

from __future__ import annotations

from typing import Any

import msgspec

from weft.accounts.service import SignUp, confirm_email, create_owner, find_user, is_owner_link, sign_up
from weft.infra.admit import SIGN_IN_ADDRESS, SIGN_UP
from weft.infra.routing.table import Call, Response, Route
from weft.kernel.errors import Forbidden, Invalid, NotFound
from weft.web.browser import Browser, begin_session, browser_of, first_page, redirect, safe_return, show, way_on
from weft.web.context import Web
from weft.web.page_route import page_route
from weft.web.texts import texts_in


class SignUpParams(msgspec.Struct):
    username: str = ""
    email: str = ""
    password: str = ""
    agreement: bool = False
    reason: str = ""
    invite: str = ""
    date_of_birth: str = ""
    return_to: str = ""
    csrf: str = ""
    lang: str = ""


def form_of(params: SignUpParams, language: str) -> SignUp:
    return SignUp(
        username=params.username.strip().removeprefix("@"),
        email=params.email,
        password=params.password,
        agreement=params.agreement,
        locale=language,
        reason=params.reason,
        invite=params.invite.strip(),
        date_of_birth=params.date_of_birth,
    )


def problems_of(error: Invalid) -> dict[str, list[str]]:
    """What was wrong with a form, by field; a refusal of another kind goes on its way."""
    problems = error.values.get("problems")
    if not isinstance(problems, dict):
        raise error
    return problems


FIELDS = ("username", "email", "password", "agreement", "reason", "invite", "date_of_birth")


def in_words(problems: dict[str, list[str]], language: str) -> dict[str, str]:
    """What to say beside each field; an empty text where it is in order."""
    texts = texts_in(language)
    return {name: texts[problems[name][0]] if name in problems else "" for name in FIELDS}


async def form(call: Call[Web, SignUpParams]) -> Response:
    browser = await browser_of(call, call.params.lang)
    if call.app.settings.signup == "closed":
        return call.app.pages.say(browser.look, "sign_up.closed", status=403)
    return _page(call, browser, {})


def _page(call: Call[Web, SignUpParams], browser: Browser, problems: dict[str, list[str]], error: str = "") -> Response:
    web, params = call.app, call.params
    values = {
        "given": params,
        "problems": in_words(problems, browser.language),
        "error": "sign_up.refused" if problems else error,
        "return_to": safe_return(params.return_to),
        "oidc": web.settings.oidc_name if web.oidc is not None else "",
        "leaves": web.oidc is not None,
    }
    return show(call, browser, "sign_up.html", values, 422 if problems or error else 200)


async def create(call: Call[Web, SignUpParams]) -> Response:
    """Make the account and sign the browser in: what it may do is shown from there."""
    web, params = call.app, call.params
    browser = await browser_of(call, params.lang)
    browser.check_form(params.csrf)
    try:
        account = await sign_up(web.db, web.passwords, web.settings, form_of(params, browser.language))
    except Invalid as error:
        return _page(call, browser, problems_of(error))
    except Forbidden as error:
        if error.code == "sign_up.closed":
            return web.pages.say(browser.look, "sign_up.closed", status=403)
        return _page(call, browser, {}, error.code)
    address = await way_on(call, account.id, first_page(web, params.return_to))
    return redirect(address, await begin_session(call, account.id))


class LinkParams(msgspec.Struct):
    token: str = ""
    csrf: str = ""
    lang: str = ""


async def ask_confirm(call: Call[Web, LinkParams]) -> Response:
    """A page with a button: programs that look at the links in mails confirm nothing."""
    browser = await browser_of(call, call.params.lang)
    return show(call, browser, "confirm.html", {"token": call.params.token})


async def confirm(call: Call[Web, LinkParams]) -> Response:
    web = call.app
    browser = await browser_of(call, call.params.lang)
    browser.check_form(call.params.csrf)
    try:
        account_id = await confirm_email(web.db, web.settings, call.params.token)
    except NotFound:
        return web.pages.say(browser.look, "link.expired", status=404)
    except Invalid:
        return web.pages.say(browser.look, "link.address_used", status=422)
    async with web.db.read() as reader:
        user = await find_user(reader, account_id)
    return show(call, browser, "confirmed.html", {"waits": user is not None and user.state == "pending"})


async def owner_form(call: Call[Web, SignUpParams]) -> Response:
    browser = await browser_of(call, call.params.lang)
    return await _owner_page(call, browser, {})


async def _owner_page(call: Call[Web, SignUpParams], browser: Browser, problems: dict[str, Any]) -> Response:
    async with call.app.db.read() as reader:
        valid = await is_owner_link(reader, call.path["token"])
    if not valid:
        return call.app.pages.say(browser.look, "link.expired", status=404)
    values = {
        "given": call.params,
        "problems": in_words(problems, browser.language),
        "error": "sign_up.refused" if problems else "",
        "token": call.path["token"],
    }
    return show(call, browser, "owner.html", values, 422 if problems else 200)


async def owner_create(call: Call[Web, SignUpParams]) -> Response:
    web, params = call.app, call.params
    browser = await browser_of(call, params.lang)
    browser.check_form(params.csrf)
    try:
        owner = await create_owner(web.db, web.passwords, call.path["token"], form_of(params, browser.language))
    except NotFound:
        return web.pages.say(browser.look, "link.expired", status=404)
    except Invalid as error:
        return await _owner_page(call, browser, problems_of(error))
    return redirect(first_page(web, ""), await begin_session(call, owner.id))


ROUTES: tuple[Route, ...] = (
    page_route("GET", "/auth/sign_up", form, SignUpParams, summary="The form to sign up"),
    page_route("POST", "/auth/sign_up", create, SignUpParams, summary="Sign up", rate=SIGN_UP),
    page_route("GET", "/auth/confirm", ask_confirm, LinkParams, summary="Ask to confirm an address"),
    page_route("POST", "/auth/confirm", confirm, LinkParams, summary="Confirm an address"),
    page_route("GET", "/auth/owner/:token", owner_form, SignUpParams, summary="The form to become the owner"),
    page_route("POST", "/auth/owner/:token", owner_create, SignUpParams, summary="Own it", rate=SIGN_IN_ADDRESS),
)
