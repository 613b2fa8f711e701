"""What has access to one's account: browsers that are signed in, apps that were let in, and the ways to sign in."""

from __future__ import annotations

import msgspec

from weft.accounts.service import (
    delete_account,
    end_session,
    find_password_hash,
    list_sessions,
    list_tokens,
    revoke_token,
    set_password,
)
from weft.infra.admit import SIGN_IN_ACCOUNT, SIGN_IN_ADDRESS
from weft.infra.routing.table import Call, Response, Route
from weft.kernel.errors import Invalid
from weft.kernel.ids import bucket_of, parse_id
from weft.kernel.text.agents import agent_of
from weft.web.browser import Browser, browser_of, leave_account, redirect, show
from weft.web.context import Web
from weft.web.page_route import page_route
from weft.web.public_words import Words
from weft.web.texts import scopes_in_words, texts_in
from weft.web.waiting import waiting_page

DAY_MS = 86_400_000


class AccessParams(msgspec.Struct):
    csrf: str = ""
    lang: str = ""
    token: str = ""
    """An app's access, as listed."""
    session: str = ""
    """A browser, as listed."""
    password: str = ""
    """The present one: proof for what cannot be undone."""
    new_password: str = ""


async def overview(call: Call[Web, AccessParams]) -> Response:
    browser = await browser_of(call, call.params.lang)
    if browser.session is None:
        return redirect("/auth/sign_in?return_to=/auth/access")
    if browser.user is not None and browser.user.state != "active":
        return waiting_page(call, browser)
    return await access_page(call, browser)


async def access_page(call: Call[Web, AccessParams], browser: Browser, said: str = "", error: str = "") -> Response:
    """The lists, with what was just done (``said``) or what was wrong."""
    assert browser.session is not None
    web, account_id = call.app, browser.session.account_id
    async with web.db.read() as reader:
        apps = await list_tokens(reader, account_id)
        sessions = await list_sessions(reader, account_id)
    language = browser.language
    powers = [scopes_in_words(frozenset(app.scopes), language) for app in apps]
    day_of = Words(language).day
    values = {
        "apps": [
            (app, can, day_of(app.created_ms), day_of(app.used_day * DAY_MS))
            for app, can in zip(apps, powers, strict=True)
        ],
        "sessions": [
            (found, browser_name(found.user_agent, language), day_of(found.used_ms), found.id == browser.session.id)
            for found in sessions
        ],
        "said": said,
        "error": error,
        "has_password": browser.user is not None and browser.user.has_password,
        "oidc": web.settings.oidc_name if web.oidc is not None else "",
        "leaves": web.oidc is not None,
    }
    return show(call, browser, "access.html", values, 422 if error else 200)


def browser_name(user_agent: str, language: str) -> str:
    """What somebody calls the browser they look at: ``Firefox on Linux``."""
    agent, texts = agent_of(user_agent), texts_in(language)
    if agent.browser and agent.system:
        return texts["access.browser_on"].format(browser=agent.browser, system=agent.system)
    return agent.browser or agent.system or texts["access.unknown"]


async def _signed_in(call: Call[Web, AccessParams]) -> Browser | None:
    """The browser behind a form of this page; None where it is signed out by now."""
    browser = await browser_of(call, call.params.lang)
    browser.check_form(call.params.csrf)
    return browser if browser.session is not None else None


async def end_app(call: Call[Web, AccessParams]) -> Response:
    browser = await _signed_in(call)
    token_id = parse_id(call.params.token)
    if browser is not None and browser.session is not None and token_id is not None:
        account_id = browser.session.account_id
        async with call.app.db.tx(bucket_of(account_id)) as tx:
            await revoke_token(tx, account_id, token_id)
    return redirect("/auth/access")


async def end_browser(call: Call[Web, AccessParams]) -> Response:
    browser = await _signed_in(call)
    session_id = parse_id(call.params.session)
    if browser is not None and browser.session is not None and session_id is not None:
        account_id = browser.session.account_id
        async with call.app.db.tx(bucket_of(account_id)) as tx:
            await end_session(tx, account_id, session_id)
    return redirect("/auth/access")


async def is_proved(call: Call[Web, AccessParams], browser: Browser) -> bool:
    """Whether the form holds the account's present password. Guesses are counted like those at sign-in."""
    assert browser.session is not None
    web, account_id = call.app, browser.session.account_id
    if not web.admit.check(SIGN_IN_ACCOUNT, account_id).allowed:
        return False
    async with web.db.read() as reader:
        hashed = await find_password_hash(reader, account_id)
    if not await web.passwords.verify(hashed, call.params.password):
        return False
    web.admit.forgive(SIGN_IN_ACCOUNT, account_id)
    return True


async def change_password(call: Call[Web, AccessParams]) -> Response:
    """Change it; this browser stays signed in and nothing else does."""
    web = call.app
    browser = await _signed_in(call)
    if browser is None or browser.session is None:
        return redirect("/auth/sign_in")
    if not await is_proved(call, browser):
        return await access_page(call, browser, error="access.wrong_password")
    try:
        web.passwords.check_password(call.params.new_password)
    except Invalid as error:
        return await access_page(call, browser, error=error.code)
    hashed = await web.passwords.hash(call.params.new_password)
    account_id = browser.session.account_id
    async with web.db.tx(bucket_of(account_id)) as tx:
        await set_password(tx, account_id, hashed, keep_session=browser.session.hash)
    return await access_page(call, browser, said="access.password_changed")


async def delete(call: Call[Web, AccessParams]) -> Response:
    """Delete the account, with its password as proof."""
    browser = await _signed_in(call)
    if browser is None or browser.session is None:
        return redirect("/auth/sign_in")
    if not await is_proved(call, browser):
        return await access_page(call, browser, error="access.wrong_password")
    await delete_account(call.app.db, browser.session.account_id)
    headers = await leave_account(call)
    return call.app.pages.say(browser.look, "access.deleted", headers=headers)


ROUTES: tuple[Route, ...] = (
    page_route("GET", "/auth/access", overview, AccessParams, summary="What has access to one's account"),
    page_route("POST", "/auth/access/app", end_app, AccessParams, summary="End an app's access"),
    page_route("POST", "/auth/access/browser", end_browser, AccessParams, summary="Sign a browser out"),
    page_route(
        "POST", "/auth/access/password", change_password, AccessParams, summary="Change it", rate=SIGN_IN_ADDRESS
    ),
    page_route("POST", "/auth/access/delete", delete, AccessParams, summary="Delete it all", rate=SIGN_IN_ADDRESS),
)
