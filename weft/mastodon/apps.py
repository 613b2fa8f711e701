"""Registering apps, and what an app may ask about itself."""

from __future__ import annotations

import msgspec

from weft.accounts.model import App
from weft.accounts.service import NewApp, create_app, find_app_by_id
from weft.infra.admit import API, REGISTER_APP
from weft.infra.routing.table import SMALL_BODY, Auth, Call, Response, Route, Sees, as_json
from weft.kernel.text.clean import clean_line
from weft.mastodon.context import Mastodon

_LONG = 200


class AppParams(msgspec.Struct):
    client_name: str = ""
    redirect_uris: str | list[str] = ""
    scopes: str = ""
    website: str | None = None


class AppDetails(msgspec.Struct, kw_only=True):
    """An app as it sees itself; in a post it is only a name and a website."""

    id: str
    name: str
    website: str | None
    scopes: list[str]
    redirect_uris: list[str]
    redirect_uri: str
    vapid_key: str


class CredentialApplication(AppDetails, kw_only=True):
    client_id: str
    client_secret: str
    client_secret_expires_at: int = 0


async def register(call: Call[Mastodon, AppParams]) -> Response:
    """Register an app. Its secret is told once, here."""
    params = call.params
    uris = params.redirect_uris
    new = NewApp(
        name=clean_line(params.client_name, _LONG),  # what is too long is refused, not cut
        redirect_uris=tuple(uris.split() if isinstance(uris, str) else [uri.strip() for uri in uris]),
        scopes=params.scopes,
        website=(params.website or "").strip(),
    )
    app, secret = await create_app(call.app.db, new)
    details = present_app(app, call.app.vapid_key)
    fields = msgspec.structs.asdict(details)
    return as_json(CredentialApplication(**fields, client_id=app.client_id, client_secret=secret))


async def verify(call: Call[Mastodon, None]) -> Response:
    """The app that a token was made for."""
    assert call.grant is not None
    async with call.app.db.read() as reader:
        app = await find_app_by_id(reader, call.grant.app_id)
    if app is not None:
        return as_json(present_app(app, call.app.vapid_key))
    # A token of the command line was made for no registered app.
    grant = call.grant
    return as_json(
        AppDetails(
            id=str(grant.app_id),
            name=grant.app_name,
            website=grant.app_website or None,
            scopes=sorted(grant.scopes),
            redirect_uris=[],
            redirect_uri="",
            vapid_key=call.app.vapid_key,
        )
    )


def present_app(app: App, vapid_key: str) -> AppDetails:
    return AppDetails(
        id=str(app.id),
        name=app.name,
        website=app.website or None,
        scopes=sorted(app.scopes),
        redirect_uris=list(app.redirect_uris),
        redirect_uri="\n".join(app.redirect_uris),
        vapid_key=vapid_key,
    )


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/v1/apps",
        handler=register,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.NOTHING,
        rate=REGISTER_APP,
        body=SMALL_BODY,
        params=AppParams,
        returns=CredentialApplication,
        summary="Register an app",
        tag="apps",
    ),
    Route(
        method="GET",
        path="/api/v1/apps/verify_credentials",
        handler=verify,
        auth=Auth.APP,
        scopes=(),
        sees=Sees.OWN,
        rate=API,
        body=0,
        returns=AppDetails,
        summary="The app that the token was made for",
        tag="apps",
    ),
)
