"""All routes of the client API."""

from __future__ import annotations

from weft.infra.routing.table import Route
from weft.mastodon import (
    account_reads,
    apps,
    credentials,
    discovery,
    document,
    filters,
    instance,
    lists,
    markers,
    media,
    oauth,
    relationships,
    search,
    sign_up,
    tags,
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
    *tags.ROUTES,
    *relationships.ROUTES,
    *markers.ROUTES,
    *lists.ROUTES,
    *filters.ROUTES,
    *account_reads.ROUTES,
)
