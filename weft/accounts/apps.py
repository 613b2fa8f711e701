"""Apps: programs that registered to act for people. Anybody may register one; it can do nothing until somebody agrees
to it.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import urlsplit

import msgspec

from weft.accounts.model import App
from weft.accounts.scopes import DEFAULT_SCOPES, read_scopes
from weft.accounts.secrets import digest
from weft.infra.db import Db, Reader, Row
from weft.kernel.errors import Invalid
from weft.kernel.ids import bucket_of, bucket_of_name

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
MAX_NAME, MAX_URI, MAX_URIS = 60, 2000, 20
# Opening one of these would run or show what somebody else wrote, or read a file.
_UNSAFE_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "about", "blob", "filesystem", "view-source"})


class NewApp(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    redirect_uris: tuple[str, ...]
    scopes: str = ""
    website: str = ""


def check_app(new: NewApp) -> frozenset[str]:
    """Refuse an app that cannot be registered; gives back the scopes it asks for."""
    if not new.name.strip():
        raise Invalid("app.name_blank", field="client_name")
    if len(new.name) > MAX_NAME:
        raise Invalid("app.name_too_long", field="client_name", limit=MAX_NAME)
    if not new.redirect_uris or len(new.redirect_uris) > MAX_URIS or not all(map(is_redirect_uri, new.redirect_uris)):
        raise Invalid("app.redirect_uri", field="redirect_uris")
    if new.website and not is_web_address(new.website):
        raise Invalid("app.website", field="website")
    scopes = read_scopes(new.scopes)
    if scopes is None:
        raise Invalid("app.scopes", field="scopes")
    return scopes or DEFAULT_SCOPES


def is_redirect_uri(uri: str) -> bool:
    """An absolute URI without a fragment, of any scheme that an app of the system may own."""
    if uri == OUT_OF_BAND:
        return True
    if not _is_plain(uri) or "#" in uri:
        return False
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and parts.username is None
    return bool(parts.scheme) and parts.scheme not in _UNSAFE_SCHEMES and ":" in uri


def is_web_address(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
    except ValueError:
        return False
    return _is_plain(uri) and parts.scheme in ("http", "https") and bool(parts.hostname)


def _is_plain(uri: str) -> bool:
    """Printable ASCII without blanks: what can stand in a header and on a page as it is."""
    return 0 < len(uri) <= MAX_URI and uri.isascii() and uri.isprintable() and not set(uri) & set(" \"'<>\\^`{|}")


INSERT = """
INSERT INTO apps (bucket, id, client_id, secret_hash, name, website, redirect_uris, scopes, created_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def create_app(db: Db, new: NewApp) -> tuple[App, str]:
    """Register an app; its secret is told once."""
    scopes = check_app(new)
    client_id, secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    bucket = bucket_of_name(client_id)
    id_ = db.ids.new(bucket)
    uris = tuple(dict.fromkeys(new.redirect_uris))
    async with db.once(bucket) as run:
        await run.execute(
            INSERT,
            bucket,
            id_,
            client_id,
            digest(secret),
            new.name,
            new.website,
            uris,
            sorted(scopes),
            db.clock.now_ms(),
        )
    app = App(id=id_, client_id=client_id, name=new.name, website=new.website, redirect_uris=uris, scopes=scopes)
    return app, secret


BY_CLIENT_ID = """
SELECT id, client_id, name, website, redirect_uris, scopes, secret_hash FROM apps
 WHERE bucket = $1 AND client_id = $2
"""
BY_ID = (
    "SELECT id, client_id, name, website, redirect_uris, scopes, secret_hash FROM apps WHERE bucket = $1 AND id = $2"
)


async def find_app(reader: Reader, client_id: str) -> App | None:
    row = await reader.row(BY_CLIENT_ID, bucket_of_name(client_id), client_id)
    return _app_of(row) if row is not None else None


async def find_app_by_id(reader: Reader, app_id: int) -> App | None:
    row = await reader.row(BY_ID, bucket_of(app_id), app_id)
    return _app_of(row) if row is not None else None


async def find_app_with_secret(reader: Reader, client_id: str, secret: str) -> App | None:
    """The app, where the secret is its own."""
    row = await reader.row(BY_CLIENT_ID, bucket_of_name(client_id), client_id)
    if row is None or not hmac.compare_digest(row["secret_hash"], digest(secret)):
        return None
    return _app_of(row)


def _app_of(row: Row) -> App:
    return App(
        id=row["id"],
        client_id=row["client_id"],
        name=row["name"],
        website=row["website"],
        redirect_uris=tuple(row["redirect_uris"]),
        scopes=frozenset(row["scopes"]),
    )
