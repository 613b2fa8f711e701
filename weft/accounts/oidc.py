"""Signing in with an account one has elsewhere: OpenID Connect, as the relying party.

Discovery, PKCE and the checks of the identity token are Authlib's; every request goes out through ``fetch``. Keys come
only from the configured issuer, and only signatures that need its private key count.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec

from weft.infra.http import Fetcher
from weft.kernel.clock import Clock
from weft.kernel.errors import Forbidden, Unavailable
from weft.settings import Settings

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

T = TypeVar("T")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
KEPT_MS = 3_600_000
LEEWAY_S = 60
MAX_SUBJECT, MAX_TEXT, MAX_PICTURE = 255, 200, 800


class Attempt(msgspec.Struct, frozen=True):
    """What a browser must still know when it comes back from the provider."""

    state: str
    nonce: str
    verifier: str


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody is elsewhere, as their provider says. Only issuer and subject identify them."""

    issuer: str
    subject: str
    email: str = ""
    email_verified: bool = False
    name: str = ""
    username: str = ""
    picture: str = ""

    @property
    def key(self) -> str:
        return f"{self.issuer}|{self.subject}"


class Provider(msgspec.Struct):
    """The parts of the provider's own description that we use (OpenID Connect Discovery)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    id_token_signing_alg_values_supported: list[str] = msgspec.field(default_factory=lambda: ["RS256"])
    token_endpoint_auth_methods_supported: list[str] = msgspec.field(default_factory=lambda: ["client_secret_basic"])
    authorization_response_iss_parameter_supported: bool = False


class Tokens(msgspec.Struct):
    id_token: str
    access_token: str = ""


class Claims(msgspec.Struct):
    sub: str
    email: str | None = None
    email_verified: bool | str | None = None
    name: str | None = None
    preferred_username: str | None = None
    nickname: str | None = None
    picture: str | None = None


class Answer(msgspec.Struct, frozen=True):
    """What the provider gave the browser to bring back."""

    code: str
    state: str
    iss: str = ""


class OidcClient:
    """Talks to the one issuer that the operator configured."""

    def __init__(self, fetcher: Fetcher, clock: Clock, settings: Settings) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._client_secret = settings.oidc_client_secret
        self._redirect_uri = f"{settings.url}/auth/oidc/callback"
        self._provider: Provider | None = None
        self._keys: KeySet | None = None
        self._read_ms = 0

    async def begin(self, language: str) -> tuple[str, Attempt]:
        """Where to send the browser, and what it must bring back."""
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        provider = await self._describe()
        attempt = Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
        address: str = prepare_grant_uri(
            provider.authorization_endpoint,
            self._client_id,
            "code",
            redirect_uri=self._redirect_uri,
            scope="openid profile email",
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.verifier),
            code_challenge_method="S256",
            ui_locales=language,
        )
        return address, attempt

    async def finish(self, attempt: Attempt, answer: Answer) -> Identity:
        """Exchange what the browser brought for an identity.

        Raises:
            Forbidden: anything about it is not as it must be; it is not said what.
        """
        provider = await self._describe()
        if not hmac.compare_digest(attempt.state.encode(), answer.state.encode()) or not answer.code:
            raise Forbidden("oidc.failed")
        # RFC 9207: a provider that names itself in its answers must be the one that was asked.
        named = answer.iss or provider.authorization_response_iss_parameter_supported
        if named and answer.iss != provider.issuer:
            raise Forbidden("oidc.failed")
        tokens = await self._exchange(provider, answer.code, attempt.verifier)
        claims = await self._check(provider, tokens, attempt.nonce)
        if provider.userinfo_endpoint and tokens.access_token and (not claims.name or not claims.email):
            claims = await self._ask_more(provider, tokens, claims)
        return identity_of(provider.issuer, claims)

    async def _describe(self) -> Provider:
        """The provider's description, read again after an hour."""
        now_ms = self._clock.now_ms()
        if self._provider is not None and now_ms - self._read_ms < KEPT_MS:
            return self._provider
        from authlib.oidc.discovery import get_well_known_url

        document = await self._fetcher.get_json(get_well_known_url(self._issuer, external=True))
        provider = _convert(document, Provider)
        if provider.issuer != self._issuer:
            raise Unavailable("oidc.provider", reason="issuer")
        self._provider, self._keys, self._read_ms = provider, None, now_ms
        return provider

    async def _exchange(self, provider: Provider, code: str, verifier: str) -> Tokens:
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
            "client_id": self._client_id,
        }
        headers = {}
        if self._client_secret and "client_secret_basic" in provider.token_endpoint_auth_methods_supported:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        elif self._client_secret:
            fields["client_secret"] = self._client_secret
        fetched = await self._fetcher.post_form(provider.token_endpoint, fields, headers)
        if not fetched.is_success:
            raise Forbidden("oidc.failed")
        return fetched.decode(Tokens)

    async def _check(self, provider: Provider, tokens: Tokens, nonce: str) -> Claims:
        """The identity token's claims, once its signature, issuer, audience, times and nonce hold."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        own = self._client_id
        try:
            token = await self._decode(provider, tokens.id_token)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {"iss": {"essential": True, "value": provider.issuer}, "aud": {"essential": True, "value": own}},
                {"nonce": nonce, "client_id": self._client_id, "access_token": tokens.access_token or None},
            )
            claims.validate(now=self._clock.now_ms() // 1000, leeway=LEEWAY_S)
        except (JoseError, ValueError):
            raise Forbidden("oidc.failed") from None
        return _convert(token.claims, Claims)

    async def _decode(self, provider: Provider, text: str) -> Any:
        """The token, its signature checked; keys are read again once when none fits, for providers change them."""
        from joserfc import jwt
        from joserfc.errors import BadSignatureError, InvalidKeyIdError
        from joserfc.jws import JWSRegistry

        offered = [name for name in provider.id_token_signing_alg_values_supported if name in ALGORITHMS]
        registry = JWSRegistry(algorithms=offered, strict_check_header=False)
        if self._keys is not None:
            try:
                return jwt.decode(text, self._keys, registry=registry)
            except (InvalidKeyIdError, BadSignatureError):
                self._keys = None
        self._keys = await self._read_keys(provider)
        return jwt.decode(text, self._keys, registry=registry)

    async def _read_keys(self, provider: Provider) -> KeySet:
        from joserfc.jwk import KeySet

        document = await self._fetcher.get_json(provider.jwks_uri)
        try:
            return KeySet.import_key_set(document)  # type: ignore[arg-type]
        except (ValueError, KeyError, TypeError):
            raise Unavailable("oidc.provider", reason="keys") from None

    async def _ask_more(self, provider: Provider, tokens: Tokens, claims: Claims) -> Claims:
        """Name, address and picture from the provider's userinfo, where it speaks of the same person."""
        headers = {"authorization": f"Bearer {tokens.access_token}"}
        more = _convert(await self._fetcher.get_json(provider.userinfo_endpoint, headers), Claims)
        if more.sub != claims.sub:
            raise Forbidden("oidc.failed")
        return more


def identity_of(issuer: str, claims: Claims) -> Identity:
    """The identity within bounds: whatever is too long to be true is left out."""
    if not 0 < len(claims.sub) <= MAX_SUBJECT:
        raise Forbidden("oidc.failed")
    return Identity(
        issuer=issuer,
        subject=claims.sub,
        email=_short(claims.email, MAX_TEXT),
        email_verified=claims.email_verified in (True, "true"),
        name=_short(claims.name, MAX_TEXT),
        username=_short(claims.preferred_username or claims.nickname, MAX_TEXT),
        picture=_short(claims.picture, MAX_PICTURE),
    )


def _short(text: str | None, limit: int) -> str:
    return text if text is not None and len(text) <= limit else ""


def _convert(document: object, kind: type[T]) -> T:
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError:
        raise Unavailable("oidc.provider", reason="document") from None
