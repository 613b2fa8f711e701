"""How other programs find this server and the people on it: WebFinger, host-meta and NodeInfo."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

import msgspec

from weft import __version__
from weft.accounts.model import Account
from weft.accounts.service import find_by_handle
from weft.infra.admit import API
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, Style, as_json
from weft.kernel.errors import Malformed, NotFound
from weft.mastodon.context import Mastodon

_CACHE = (b"cache-control", b"public, max-age=300")


class WebFingerParams(msgspec.Struct):
    resource: str = ""
    rel: tuple[str, ...] = ()


async def webfinger(call: Call[Mastodon, WebFingerParams]) -> Response:
    """A JRD for an ``acct:`` handle, a profile page or an actor (RFC 7033)."""
    account = await _resolve(call.app, call.params.resource)
    at = call.app.presenter.addresses
    links: list[dict[str, str]] = [
        {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": at.profile(account)},
        {"rel": "self", "type": "application/activity+json", "href": at.actor(account)},
        {"rel": "http://ostatus.org/schema/1.0/subscribe", "template": f"{at.base}/authorize_interaction?uri={{uri}}"},
    ]
    wanted = set(call.params.rel)
    document = {
        "subject": f"acct:{account.username}@{call.app.settings.domain}",
        "aliases": [at.profile(account), at.actor(account)],
        "links": [link for link in links if not wanted or link["rel"] in wanted],
    }
    response = as_json(document, headers=[_CACHE])
    response.content_type = b"application/jrd+json; charset=utf-8"
    return response


async def _resolve(app: Mastodon, resource: str) -> Account:
    name = local_name(resource, app.settings.domain, app.settings.url)
    async with app.db.read() as reader:
        account = await find_by_handle(reader, name)
    if account is None or account.gone:
        raise NotFound("record.absent")
    return account


def local_name(resource: str, domain: str, base: str) -> str:
    """The local user name that a resource speaks of.

    Raises:
        Malformed: it is no ``acct:`` handle and no URL.
        NotFound: it speaks of another server.
    """
    if resource.startswith("acct:"):
        name, at, host = resource[5:].removeprefix("@").partition("@")
        if not name or not at or not host:
            raise Malformed("params.unreadable")
        if host.lower() != domain.lower():
            raise NotFound("record.absent")
        return name
    if not resource.startswith(("http://", "https://")):
        raise Malformed("params.unreadable")
    if not resource.startswith(f"{base}/"):
        raise NotFound("record.absent")
    path = urlsplit(resource).path
    for prefix in ("/@", "/users/"):
        if path.startswith(prefix) and "/" not in path[len(prefix) :]:
            return path[len(prefix) :]
    raise NotFound("record.absent")


async def host_meta(call: Call[Mastodon, None]) -> Response:
    """The XRD that tells where WebFinger is (RFC 6415)."""
    template = quoteattr(f"{call.app.settings.url}/.well-known/webfinger?resource={{uri}}")
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0">\n'
        f'  <Link rel="lrdd" template={template}/>\n</XRD>\n'
    )
    return Response(200, body.encode(), content_type=b"application/xrd+xml; charset=utf-8", headers=[_CACHE])


async def nodeinfo_links(call: Call[Mastodon, None]) -> Response:
    base = call.app.settings.url
    return as_json(
        {
            "links": [
                {"rel": f"http://nodeinfo.diaspora.software/ns/schema/{version}", "href": f"{base}/nodeinfo/{version}"}
                for version in ("2.0", "2.1")
            ]
        },
        headers=[_CACHE],
    )


async def nodeinfo(call: Call[Mastodon, None]) -> Response:
    """NodeInfo 2.0 and 2.1 (FEP-f1d5)."""
    version = call.path["version"]
    if version not in ("2.0", "2.1"):
        raise NotFound("record.absent")
    counts = await call.app.census.counts()
    settings = call.app.settings
    software = {"name": "weft", "version": __version__}
    document: dict[str, Any] = {
        "version": version,
        "software": software,
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": settings.signup in ("open", "approval"),
        "usage": {
            "users": {
                "total": counts.users,
                "activeMonth": counts.active_month,
                "activeHalfyear": counts.active_half_year,
            },
            "localPosts": counts.posts,
        },
        "metadata": {
            "nodeName": settings.title,
            "nodeDescription": settings.description,
            "upstream": {"name": "mastodon", "version": "4.5.0"},
        },
    }
    response = as_json(document, headers=[_CACHE])
    response.content_type = (
        f'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/{version}#"; charset=utf-8'.encode()
    )
    return response


async def health(call: Call[Mastodon, None]) -> Response:
    """``OK`` while the database answers."""
    async with call.app.db.read() as reader:
        await reader.value("SELECT 1  -- shared")
    return Response(200, b"OK", content_type=b"text/plain; charset=utf-8")


def _open(path: str, handler: Any, params: Any = None, style: Style = Style.MASTODON) -> Route:
    return Route(
        method="GET",
        path=path,
        handler=handler,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.PUBLIC,
        rate=API,
        body=0,
        params=params,
        tag="discovery",
        style=style,
    )


ROUTES = (
    _open("/.well-known/webfinger", webfinger, WebFingerParams),
    _open("/.well-known/host-meta", host_meta),
    _open("/.well-known/nodeinfo", nodeinfo_links),
    _open("/nodeinfo/:version", nodeinfo),
    _open("/health", health),
)
