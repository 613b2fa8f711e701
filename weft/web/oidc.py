"""Signing in and up with an account elsewhere: to the provider, back from it, and the form for who is new here."""

from __future__ import annotations

from typing import Any

import msgspec

from weft.accounts.service import (
    Answer,
    Attempt,
    Identity,
    Joining,
    OidcClient,
    find_account,
    find_identity,
    join,
    link_identity,
    suggest_username,
)
from weft.infra.admit import SIGN_IN_ADDRESS, SIGN_UP
from weft.infra.routing.table import Call, Response, Route
from weft.kernel.errors import Forbidden, Invalid, NotFound
from weft.kernel.ids import AccountId
from weft.web.access import AccessParams, access_page, is_proved
from weft.web.browser import (
    Browser,
    begin_session,
    browser_of,
    cookie,
    cookie_name,
    first_page,
    forget_cookies,
    redirect,
    safe_return,
    show,
    way_on,
)
from weft.web.context import Web
from weft.web.page_route import page_route
from weft.web.pages import Header
from weft.web.sign_up import in_words, problems_of

TRIP, JOINING = "weft_trip", "weft_joining"
TRIP_S, JOINING_S = 600, 900


class Trip(msgspec.Struct, frozen=True):
    """What a browser keeps while it is at the provider."""

    attempt: Attempt
    visit: str
    return_to: str
    invite: str = ""
    link_to: int = 0
    """The account that the identity is to sign in to; 0 for a sign-in or sign-up."""
    add: bool = False


class Proved(msgspec.Struct, frozen=True):
    """Who came back from the provider and has no account here yet."""

    identity: Identity
    visit: str
    return_to: str
    invite: str = ""


class StartParams(msgspec.Struct):
    csrf: str = ""
    return_to: str = ""
    invite: str = ""
    lang: str = ""
    add: bool = False


class BackParams(msgspec.Struct):
    code: str = ""
    state: str = ""
    iss: str = ""
    error: str = ""


class JoinParams(msgspec.Struct):
    csrf: str = ""
    username: str = ""
    agreement: bool = False
    reason: str = ""
    invite: str = ""
    date_of_birth: str = ""
    lang: str = ""


def _client(call: Call[Web, Any]) -> OidcClient:
    if call.app.oidc is None:
        raise NotFound("route.absent")
    return call.app.oidc


async def start(call: Call[Web, StartParams]) -> Response:
    """Send the browser to the provider."""
    browser = await browser_of(call, call.params.lang)
    browser.check_form(call.params.csrf)
    params = call.params
    return await _depart(
        call,
        browser,
        Trip(_NOWHERE, browser.visit, safe_return(params.return_to), params.invite[:64], add=params.add),
    )


_NOWHERE = Attempt("", "", "")


async def _depart(call: Call[Web, Any], browser: Browser, trip: Trip) -> Response:
    web = call.app
    address, attempt = await _client(call).begin(browser.language)
    trip = msgspec.structs.replace(trip, attempt=attempt)
    sealed = web.seal.close(trip, web.db.clock.now_ms() + TRIP_S * 1000)
    return redirect(address, (cookie(web.settings, TRIP, sealed, TRIP_S),))


async def link(call: Call[Web, AccessParams]) -> Response:
    """Let an identity elsewhere sign in to one's account: signed in, and with the password."""
    browser = await browser_of(call, call.params.lang)
    browser.check_form(call.params.csrf)
    if browser.session is None:
        return redirect("/auth/sign_in")
    if not await is_proved(call, browser):
        return await access_page(call, browser, error="access.wrong_password")
    trip = Trip(_NOWHERE, browser.visit, "/auth/access", link_to=browser.session.account_id)
    return await _depart(call, browser, trip)


async def back(call: Call[Web, BackParams]) -> Response:
    """Back from the provider: sign in, tie the identity to the account that asked for it, or go on to sign up."""
    web, params = call.app, call.params
    client = _client(call)
    browser = await browser_of(call)
    sealed = call.cookies.get(cookie_name(web.settings, TRIP), "")
    trip = web.seal.open(sealed, Trip, web.db.clock.now_ms())
    if trip is None or trip.visit != browser.visit:
        raise Forbidden("oidc.failed")
    done = forget_cookies(web.settings, TRIP)
    if params.error:
        return redirect(trip.return_to if trip.link_to else "/auth/sign_in", done)
    identity = await client.finish(trip.attempt, Answer(params.code, params.state, params.iss))
    if trip.link_to:
        return await _tie(call, browser, AccountId(trip.link_to), identity)
    async with web.db.read() as reader:
        account_id = await find_identity(reader, identity)
        account = await find_account(reader, account_id) if account_id is not None else None
    if account is not None:
        if account.gone:
            return web.pages.say(browser.look, "sign_in.gone", status=403, headers=done)
        address = await way_on(call, account.id, trip.return_to)
        return redirect(address, (*done, *await begin_session(call, account.id, beside=trip.add)))
    if web.settings.signup == "closed":
        return web.pages.say(browser.look, "sign_up.closed", status=403, headers=done)
    proved = Proved(identity, browser.visit, trip.return_to, trip.invite)
    return redirect("/auth/oidc/join", (*done, _proved_cookie(web, proved)))


def _proved_cookie(web: Web, proved: Proved) -> Header:
    sealed = web.seal.close(proved, web.db.clock.now_ms() + JOINING_S * 1000)
    return cookie(web.settings, JOINING, sealed, JOINING_S)


async def _tie(call: Call[Web, Any], browser: Browser, account_id: AccountId, identity: Identity) -> Response:
    if browser.session is None or browser.session.account_id != account_id:
        raise Forbidden("oidc.failed")
    try:
        await link_identity(call.app.db, account_id, identity)
    except Invalid:
        return call.app.pages.say(browser.look, "oidc.taken", status=422)
    return redirect("/auth/access", forget_cookies(call.app.settings, TRIP))


def _who_joins(call: Call[Web, Any], browser: Browser) -> Proved:
    web = call.app
    sealed = call.cookies.get(cookie_name(web.settings, JOINING), "")
    proved = web.seal.open(sealed, Proved, web.db.clock.now_ms())
    if proved is None or proved.visit != browser.visit:
        raise Forbidden("oidc.failed")
    return proved


async def join_form(call: Call[Web, JoinParams]) -> Response:
    browser = await browser_of(call, call.params.lang)
    proved = _who_joins(call, browser)
    suggested = suggest_username(proved.identity)
    given = msgspec.structs.replace(call.params, username=suggested, invite=proved.invite)
    return _join_page(call, browser, given, {})


def _join_page(
    call: Call[Web, JoinParams], browser: Browser, given: JoinParams, problems: dict[str, list[str]], error: str = ""
) -> Response:
    identity = _who_joins(call, browser).identity
    values = {
        "given": given,
        "problems": in_words(problems, browser.language),
        "error": "sign_up.refused" if problems else error,
        "name": identity.name or identity.username,
        "email": identity.email,
        "provider": call.app.settings.oidc_name,
        "leaves": True,
    }
    return show(call, browser, "join.html", values, 422 if problems or error else 200)


async def join_create(call: Call[Web, JoinParams]) -> Response:
    """Make the account for the identity and sign the browser in."""
    web, params = call.app, call.params
    browser = await browser_of(call, params.lang)
    browser.check_form(params.csrf)
    proved = _who_joins(call, browser)
    form = Joining(
        username=params.username.strip().removeprefix("@"),
        agreement=params.agreement,
        reason=params.reason,
        invite=params.invite.strip(),
        date_of_birth=params.date_of_birth,
        locale=browser.language,
    )
    try:
        account = await join(web.db, web.settings, proved.identity, form)
    except Invalid as error:
        return _join_page(call, browser, params, problems_of(error))
    except Forbidden as error:
        return _join_page(call, browser, params, {}, error.code)
    headers = (*forget_cookies(web.settings, JOINING), *await begin_session(call, account.id))
    return redirect(await way_on(call, account.id, first_page(web, proved.return_to)), headers)


ROUTES: tuple[Route, ...] = (
    page_route("POST", "/auth/oidc", start, StartParams, summary="Go to the provider", rate=SIGN_IN_ADDRESS),
    page_route("POST", "/auth/oidc/link", link, AccessParams, summary="Tie an identity", rate=SIGN_IN_ADDRESS),
    page_route("GET", "/auth/oidc/callback", back, BackParams, summary="Back from the provider"),
    page_route("GET", "/auth/oidc/join", join_form, JoinParams, summary="The form for who is new here"),
    page_route("POST", "/auth/oidc/join", join_create, JoinParams, summary="Sign up with it", rate=SIGN_UP),
)
