"""OAuth for apps: tokens, their end, who the user is, and where all this is found. The pages that people see while an
app asks for access belong to the web pages; the rules of both are the accounts'.
"""

from __future__ import annotations

import base64
import binascii
from urllib.parse import unquote_plus

import msgspec

from weft.accounts.service import (
    SCOPES,
    Exchange,
    IssuedToken,
    exchange_code,
    find_account,
    find_user,
    issue_app_token,
    issue_token,
    require_app,
    require_scopes,
    revoke,
    sign_in,
)
from weft.infra.admit import API, SIGN_IN_ACCOUNT, TOKEN
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import Malformed, NotFound
from weft.kernel.text.names import canonical_name
from weft.mastodon.context import Mastodon


class TokenParams(msgspec.Struct):
    grant_type: str = ""
    client_id: str = ""
    client_secret: str = ""
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""
    scope: str = ""
    username: str = ""
    password: str = ""


class RevokeParams(msgspec.Struct):
    client_id: str = ""
    client_secret: str = ""
    token: str = ""


class Token(msgspec.Struct):
    access_token: str
    token_type: str
    scope: str
    created_at: int


class UserInfo(msgspec.Struct):
    iss: str
    sub: str
    name: str
    preferred_username: str
    profile: str
    picture: str


class ServerMetadata(msgspec.Struct):
    """RFC 8414."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    userinfo_endpoint: str
    app_registration_endpoint: str
    service_documentation: str
    scopes_supported: tuple[str, ...]
    response_types_supported: tuple[str, ...]
    response_modes_supported: tuple[str, ...]
    grant_types_supported: tuple[str, ...]
    token_endpoint_auth_methods_supported: tuple[str, ...]
    code_challenge_methods_supported: tuple[str, ...]


def present_token(issued: IssuedToken) -> Token:
    return Token(issued.text, "Bearer", " ".join(sorted(issued.scopes)), issued.created_ms // 1000)


async def token(call: Call[Mastodon, TokenParams]) -> Response:
    """Give a token for a code, for the app itself, or (where the operator allows it) for a password."""
    params = call.params
    client_id, client_secret = client_of(call.headers, params.client_id, params.client_secret)
    db = call.app.db
    match params.grant_type:
        case "authorization_code":
            exchange = Exchange(
                client_id=client_id,
                client_secret=client_secret,
                code=params.code,
                redirect_uri=params.redirect_uri,
                code_verifier=params.code_verifier,
            )
            return as_json(present_token(await exchange_code(db, exchange)))
        case "client_credentials":
            return as_json(present_token(await issue_app_token(db, client_id, client_secret, params.scope)))
        case "password" if call.app.settings.password_grant:
            return await _token_for_password(call, client_id, client_secret)
        case _:
            raise Malformed("oauth.unsupported_grant_type")


async def _token_for_password(call: Call[Mastodon, TokenParams], client_id: str, client_secret: str) -> Response:
    context, params = call.app, call.params
    app = await require_app(context.db, client_id, client_secret)
    scopes = require_scopes(app, params.scope)
    guessed = canonical_name(params.username)
    verdict = context.admit.check(SIGN_IN_ACCOUNT, guessed)
    if not verdict.allowed:
        return as_json({"error": "Too many requests"}, 429, context.admit.headers(verdict))
    account_id = await sign_in(context.db, context.passwords, params.username, params.password)
    if account_id is None:
        raise Malformed("oauth.invalid_grant")
    context.admit.forgive(SIGN_IN_ACCOUNT, guessed)
    async with context.db.read() as reader:
        user = await find_user(reader, account_id)
    if user is None or user.state == "disabled":
        raise Malformed("oauth.invalid_grant")
    return as_json(present_token(await issue_token(context.db, app, account_id, scopes)))


def client_of(headers: object, client_id: str, client_secret: str) -> tuple[str, str]:
    """The client's id and secret from the parameters or, where it is used, HTTP Basic authentication."""
    given = headers.get(b"authorization", b"") if isinstance(headers, dict) else b""
    scheme, _, text = given.partition(b" ")
    if scheme.lower() != b"basic":
        return client_id, client_secret
    try:
        name, colon, secret = base64.b64decode(text.strip(), validate=True).decode("ascii").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return client_id, client_secret
    return (unquote_plus(name), unquote_plus(secret)) if colon else (client_id, client_secret)


async def end(call: Call[Mastodon, RevokeParams]) -> Response:
    """End a token, for the app it was made for."""
    params = call.params
    client_id, client_secret = client_of(call.headers, params.client_id, params.client_secret)
    await revoke(call.app.db, client_id, client_secret, params.token)
    return as_json({})


async def user_info(call: Call[Mastodon, None]) -> Response:
    """Who the user is, in the words of OpenID Connect."""
    addresses = call.app.presenter.addresses
    async with call.app.db.read() as reader:
        account = await find_account(reader, call.user_id)
    if account is None:
        raise NotFound("record.absent")
    info = UserInfo(
        iss=call.app.settings.url,
        sub=addresses.actor(account),
        name=account.display_name,
        preferred_username=account.username,
        profile=addresses.profile(account),
        picture=addresses.file(account.avatar) if account.avatar else addresses.missing_avatar,
    )
    return as_json(info)


async def metadata(call: Call[Mastodon, None]) -> Response:
    """Where the parts of OAuth are found, and which forms of it are spoken."""
    settings = call.app.settings
    grants = ("authorization_code", "client_credentials")
    return as_json(
        ServerMetadata(
            issuer=f"{settings.url}/",
            authorization_endpoint=f"{settings.url}/oauth/authorize",
            token_endpoint=f"{settings.url}/oauth/token",
            revocation_endpoint=f"{settings.url}/oauth/revoke",
            userinfo_endpoint=f"{settings.url}/oauth/userinfo",
            app_registration_endpoint=f"{settings.url}/api/v1/apps",
            service_documentation="https://docs.joinmastodon.org/",
            scopes_supported=SCOPES,
            response_types_supported=("code",),
            response_modes_supported=("query",),
            grant_types_supported=(*grants, "password") if settings.password_grant else grants,
            token_endpoint_auth_methods_supported=("client_secret_basic", "client_secret_post", "none"),
            code_challenge_methods_supported=("S256",),
        )
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/oauth/token",
        handler=token,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.NOTHING,
        rate=TOKEN,
        body=SMALL_BODY,
        params=TokenParams,
        returns=Token,
        summary="Get a token",
        tag="oauth",
    ),
    Route(
        method="POST",
        path="/oauth/revoke",
        handler=end,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.NOTHING,
        rate=TOKEN,
        body=SMALL_BODY,
        params=RevokeParams,
        summary="End a token",
        tag="oauth",
    ),
    *(
        Route(
            method=method,
            path="/oauth/userinfo",
            handler=user_info,
            auth=Auth.USER,
            scopes=("profile",),
            sees=Sees.OWN,
            rate=API,
            body=0,
            returns=UserInfo,
            summary="Who the user is",
            tag="oauth",
        )
        for method in ("GET", "POST")
    ),
    Route(
        method="GET",
        path="/.well-known/oauth-authorization-server",
        handler=metadata,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.PUBLIC,
        rate=API,
        body=0,
        returns=ServerMetadata,
        summary="Where the parts of OAuth are found",
        tag="oauth",
    ),
)
