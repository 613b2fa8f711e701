"""What people see who are signed in and may not act yet: the mail is not read, or nobody approved them so far."""

from __future__ import annotations

from typing import Any

import msgspec

from weft.accounts.service import check_email, want_confirmation
from weft.infra.admit import CONFIRM_MAIL
from weft.infra.routing.table import Call, Response, Route
from weft.kernel.errors import Invalid
from weft.kernel.ids import bucket_of
from weft.web.browser import Browser, browser_of, redirect, show
from weft.web.context import Web
from weft.web.page_route import page_route


class ResendParams(msgspec.Struct):
    csrf: str = ""
    email: str = ""


def waiting_page(call: Call[Web, Any], browser: Browser, *, sent: bool = False, error: str = "") -> Response:
    """Why the login cannot be used yet, and what to do about it."""
    assert browser.user is not None
    values = {"state": browser.user.state, "email": browser.user.email, "sent": sent, "error": error}
    return show(call, browser, "waiting.html", values, 422 if error else 200)


async def resend(call: Call[Web, ResendParams]) -> Response:
    """Send the mail again, to another address if one is given."""
    browser = await browser_of(call)
    browser.check_form(call.params.csrf)
    user = browser.user
    if user is None or user.state != "unconfirmed":
        return redirect("/auth/access")
    given = call.params.email.strip()
    try:
        email = check_email(given) if given and given != user.email else None
    except Invalid:
        return waiting_page(call, browser, error="ERR_INVALID")
    async with call.app.db.tx(bucket_of(user.account_id)) as tx:
        await want_confirmation(tx, user, email)
    changed = msgspec.structs.replace(user, email=email or user.email)
    return waiting_page(call, msgspec.structs.replace(browser, user=changed), sent=True)


ROUTES: tuple[Route, ...] = (
    page_route("POST", "/auth/confirm/again", resend, ResendParams, summary="Send the mail again", rate=CONFIRM_MAIL),
)
