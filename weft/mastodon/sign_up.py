"""Sign-up from an app: an app's own token makes an account, and gets one for it that
works once the address is confirmed.
"""

from __future__ import annotations

import msgspec

from weft.accounts.service import (
    NewToken,
    SignUp,
    check_email,
    create_token,
    find_user,
    sign_up,
    want_confirmation,
)
from weft.infra.admit import API, CONFIRM_MAIL, SIGN_UP
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import Forbidden, Invalid, Unauthenticated
from weft.kernel.ids import bucket_of
from weft.mastodon.context import Mastodon
from weft.mastodon.oauth import Token, present_token

# Which sentence goes with which code; clients show it after the field's name.
DESCRIPTIONS = {
    "ERR_BLANK": "can't be blank",
    "ERR_INVALID": "is invalid",
    "ERR_TAKEN": "has already been taken",
    "ERR_TOO_LONG": "is too long",
    "ERR_TOO_SHORT": "is too short",
    "ERR_RESERVED": "is reserved",
    "ERR_ACCEPTED": "must be accepted",
    "ERR_BELOW_LIMIT": "is below the age limit",
    "ERR_BREACHED": "is known to those who guess passwords",
}
# Codes of our own, as the documented one that comes closest.
_DOCUMENTED = {"ERR_BREACHED": "ERR_INVALID"}


class SignUpParams(msgspec.Struct):
    username: str = ""
    email: str = ""
    password: str = ""
    agreement: bool = False
    locale: str = "en"
    reason: str | None = None
    date_of_birth: str | None = None
    invite_code: str | None = None


class ConfirmationParams(msgspec.Struct):
    email: str | None = None


class ErrorDetail(msgspec.Struct):
    error: str
    description: str


async def create(call: Call[Mastodon, SignUpParams]) -> Response:
    """Make an account; the token is for the app that asked."""
    grant, params, context = call.grant, call.params, call.app
    assert grant is not None
    if grant.account_id is not None:
        raise Forbidden("action.forbidden")
    form = SignUp(
        username=params.username,
        email=params.email,
        password=params.password,
        agreement=params.agreement,
        locale=params.locale.partition("-")[0],
        reason=params.reason or "",
        invite=params.invite_code or "",
        date_of_birth=params.date_of_birth or "",
    )
    try:
        account = await sign_up(context.db, context.passwords, context.settings, form)
    except Invalid as error:
        raise with_details(error) from None
    async with context.db.tx(bucket_of(account.id)) as tx:
        new = NewToken(account.id, grant.app_id, grant.app_name, grant.app_website, grant.scopes)
        issued = await create_token(tx, new)
    return as_json(present_token(issued))


def with_details(error: Invalid) -> Invalid:
    """A refused form in the words of the client API: per field the codes, and one sentence of all."""
    problems = error.values.get("problems")
    if not isinstance(problems, dict):
        return error
    details = {
        field: [ErrorDetail(_DOCUMENTED.get(code, code), DESCRIPTIONS[code]) for code in codes]
        for field, codes in problems.items()
    }
    summary = ", ".join(
        f"{field.replace('_', ' ').capitalize()} {DESCRIPTIONS[code]}"
        for field, codes in problems.items()
        for code in codes
    )
    return Invalid("sign_up.refused", details=details, summary=summary)


async def confirm_again(call: Call[Mastodon, ConfirmationParams]) -> Response:
    """Send the link again, to another address if one is given."""
    account_id = call.grant.account_id if call.grant is not None else None
    if account_id is None:
        raise Unauthenticated("token.no_user")
    email = check_email(call.params.email.strip()) if call.params.email else None
    async with call.app.db.tx(bucket_of(account_id)) as tx:
        user = await find_user(tx, account_id)
        if user is None or user.confirmed_ms is not None:
            raise Forbidden("email.confirmed")
        await want_confirmation(tx, user, email)
    return as_json({})


async def check_confirmation(call: Call[Mastodon, None]) -> Response:
    """Whether the address is confirmed: apps ask while people look for the mail."""
    account_id = call.grant.account_id if call.grant is not None else None
    if account_id is None:
        raise Unauthenticated("token.no_user")
    async with call.app.db.read() as reader:
        user = await find_user(reader, account_id)
    return as_json(user is not None and user.state != "unconfirmed")


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/v1/accounts",
        handler=create,
        auth=Auth.APP,
        scopes=("write:accounts",),
        sees=Sees.NOTHING,
        rate=SIGN_UP,
        body=SMALL_BODY,
        params=SignUpParams,
        returns=Token,
        summary="Sign up",
        tag="accounts",
    ),
    Route(
        method="POST",
        path="/api/v1/emails/confirmations",
        handler=confirm_again,
        auth=Auth.APP,
        scopes=("write:accounts",),
        sees=Sees.OWN,
        rate=CONFIRM_MAIL,
        body=SMALL_BODY,
        params=ConfirmationParams,
        summary="Send the mail to confirm one's address again",
        tag="accounts",
    ),
    Route(
        method="GET",
        path="/api/v1/emails/check_confirmation",
        handler=check_confirmation,
        auth=Auth.APP,
        scopes=("read:accounts",),
        sees=Sees.OWN,
        rate=API,
        body=0,
        refusals=(422,),
        returns=bool,
        summary="Whether one's address is confirmed",
        tag="accounts",
    ),
)
