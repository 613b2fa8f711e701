"""All routes of the client API."""

from __future__ import annotations

from weft.infra.routing.table import Route
from weft.mastodon import (
    apps,
    credentials,
    discovery,
    document,
    instance,
    media,
    oauth,
    search,
    sign_up,
)

ROUTES: tuple[Route, ...] = (
    *apps.ROUTES,
    *oauth.ROUTES,
    *sign_up.ROUTES,
    *credentials.ROUTES,
    *instance.ROUTES,
    *discovery.ROUTES,
    *document.ROUTES,
    *media.ROUTES,
    *search.ROUTES,
)
