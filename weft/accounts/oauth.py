"""OAuth 2: what an app asks of a person, the code it gets for it, and the token it exchanges the code for.

Pages and JSON are the edges' affair. Errors that belong to the asking app carry codes ``oauth.*``, which are the
standard's own names (RFC 6749, RFC 7636).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from urllib.parse import urlencode

import msgspec

from weft.accounts.apps import OUT_OF_BAND, find_app, find_app_with_secret
from weft.accounts.model import App
from weft.accounts.scopes import DEFAULT_SCOPES, all_within, read_scopes
from weft.accounts.secrets import bucket_in, digest, new_secret
from weft.accounts.tokens import IssuedToken, create_token, find_token_app, revoke_text, token_for
from weft.infra.db import Db, Reader
from weft.kernel.errors import Forbidden, Invalid, Malformed, Unauthenticated
from weft.kernel.ids import AccountId, bucket_of

CODE_MS = 60_000
OUT_OF_BAND_CODE_MS = 600_000
MAX_STATE = 4096
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a request to ``/oauth/authorize`` says, as it says it."""

    client_id: str = ""
    redirect_uri: str = ""
    response_type: str = ""
    scope: str = ""
    state: str = ""
    code_challenge: str = ""
    code_challenge_method: str = ""


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    """What an app asks for, found to be in order. With ``error`` it is not, and the app is told so."""

    app: App
    redirect_uri: str
    scopes: frozenset[str] = frozenset()
    state: str = ""
    challenge: str = ""
    error: str = ""

    @property
    def is_out_of_band(self) -> bool:
        return self.redirect_uri == OUT_OF_BAND

    def way_back(self, **values: str) -> str:
        """The redirect URI with the answer."""
        if self.state:
            values["state"] = self.state
        joint = "&" if "?" in self.redirect_uri else "?"
        return f"{self.redirect_uri}{joint}{urlencode(values)}"


async def check_authorization(reader: Reader, asked: Asked) -> Authorization:
    """Find out what an app asks for.

    Raises:
        Invalid: the app or the redirect URI is unknown: nobody can be told but the person who looks at the page.
    """
    app = await find_app(reader, asked.client_id) if asked.client_id else None
    if app is None:
        raise Invalid("oauth.invalid_client")
    if asked.redirect_uri not in app.redirect_uris:
        raise Invalid("oauth.redirect_uri")
    state = asked.state if len(asked.state) <= MAX_STATE else ""
    scopes = read_scopes(asked.scope)
    if scopes is not None:
        scopes = scopes or usual_scopes(app)
    return Authorization(
        app=app,
        redirect_uri=asked.redirect_uri,
        scopes=scopes or frozenset(),
        state=state,
        challenge=asked.code_challenge,
        error=_error_of(asked, app, scopes),
    )


def _error_of(asked: Asked, app: App, scopes: frozenset[str] | None) -> str:
    if asked.response_type != "code":
        return "unsupported_response_type"
    if scopes is None or not all_within(scopes, app.scopes):
        return "invalid_scope"
    if not asked.code_challenge and not asked.code_challenge_method:
        return ""
    # `plain` would let whoever saw the request use the code.
    right = asked.code_challenge_method == "S256" and _CHALLENGE.fullmatch(asked.code_challenge)
    return "" if right else "invalid_request"


INSERT_CODE = """
INSERT INTO oauth_codes (bucket, hash, app_id, account_id, redirect_uri, scopes, challenge, expires_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def create_code(db: Db, authorization: Authorization, account_id: AccountId) -> str:
    """The code by which the app may fetch a token that this person agreed to."""
    app = authorization.app
    bucket = bucket_of(app.id)
    text = new_secret(bucket)
    lives_ms = OUT_OF_BAND_CODE_MS if authorization.is_out_of_band else CODE_MS
    async with db.once(bucket) as run:
        await run.execute(
            INSERT_CODE,
            bucket,
            digest(text),
            app.id,
            account_id,
            authorization.redirect_uri,
            sorted(authorization.scopes),
            authorization.challenge,
            db.clock.now_ms() + lives_ms,
        )
    return text


TAKE_CODE = """
DELETE FROM oauth_codes WHERE bucket = $1 AND hash = $2 AND app_id = $3
RETURNING account_id, redirect_uri, scopes, challenge, expires_ms
"""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A request for a token in return for a code."""

    client_id: str
    client_secret: str = ""
    code: str = ""
    redirect_uri: str = ""
    code_verifier: str = ""


async def exchange_code(db: Db, asked: Exchange) -> IssuedToken:
    """A token for a code, once. An app without its secret needs the proof that it asked for the code (PKCE).

    Raises:
        Unauthenticated: the app is unknown or its secret wrong.
        Malformed: the code is unknown, used, expired, another app's, or the proof is wrong.
    """
    app = await _require_app(db, asked.client_id, asked.client_secret, may_be_public=True)
    bucket = bucket_in(asked.code)
    if bucket is None or bucket != bucket_of(app.id):
        raise Malformed("oauth.invalid_grant")
    async with db.once(bucket) as run:
        row = await run.row(TAKE_CODE, bucket, digest(asked.code), app.id)
    if row is None or row["expires_ms"] <= db.clock.now_ms() or row["redirect_uri"] != asked.redirect_uri:
        raise Malformed("oauth.invalid_grant")
    if not is_proved(row["challenge"], asked.code_verifier) or not (row["challenge"] or asked.client_secret):
        raise Malformed("oauth.invalid_grant")
    return await issue_token(db, app, AccountId(row["account_id"]), frozenset(row["scopes"]))


def is_proved(challenge: str, verifier: str) -> bool:
    """Whether the verifier belongs to the challenge. One without the other is an attempt to leave the proof out."""
    if not challenge or not verifier:
        return not challenge and not verifier
    if not _VERIFIER.fullmatch(verifier):
        return False
    made = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
    return hmac.compare_digest(made, challenge.encode())


async def issue_app_token(db: Db, client_id: str, client_secret: str, scope: str) -> IssuedToken:
    """A token for the app itself, which speaks for nobody."""
    app = await _require_app(db, client_id, client_secret)
    return await issue_token(db, app, None, require_scopes(app, scope))


async def require_app(db: Db, client_id: str, client_secret: str) -> App:
    return await _require_app(db, client_id, client_secret)


def require_scopes(app: App, scope: str) -> frozenset[str]:
    """The scopes a request names, which the app must have registered."""
    scopes = read_scopes(scope)
    if scopes is None or not all_within(scopes, app.scopes):
        raise Malformed("oauth.invalid_scope")
    return scopes or usual_scopes(app)


def usual_scopes(app: App) -> frozenset[str]:
    """What an app gets that names no scope: reading, or all it registered where that holds no reading."""
    return DEFAULT_SCOPES if all_within(DEFAULT_SCOPES, app.scopes) else app.scopes


async def issue_token(db: Db, app: App, account_id: AccountId | None, scopes: frozenset[str]) -> IssuedToken:
    new = token_for(account_id, app, scopes)
    async with db.tx(new.bucket) as tx:
        return await create_token(tx, new)


async def revoke(db: Db, client_id: str, client_secret: str, token: str) -> None:
    """End a token on behalf of the app it was made for. An unknown token is already what was asked for."""
    bucket = bucket_in(token)
    async with db.read() as reader:
        app = await find_app_with_secret(reader, client_id, client_secret)
        owner = await find_token_app(reader, bucket, token) if bucket is not None else None
    if app is None or (owner is not None and owner != app.id):
        raise Forbidden("oauth.unauthorized_client")
    if bucket is not None and owner is not None:
        async with db.tx(bucket) as tx:
            await revoke_text(tx, bucket, token, app.id)


async def _require_app(db: Db, client_id: str, client_secret: str, *, may_be_public: bool = False) -> App:
    async with db.read() as reader:
        if may_be_public and not client_secret:
            app = await find_app(reader, client_id)
        else:
            app = await find_app_with_secret(reader, client_id, client_secret)
    if app is None:
        raise Unauthenticated("oauth.invalid_client")
    return app
