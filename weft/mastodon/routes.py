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
    polls,
    profile_statuses,
    relationships,
    scheduled,
    search,
    sign_up,
    status_actions,
    statuses,
    streaming,
    tags,
    timelines,
)

ROUTES: tuple[Route, ...] = (
    *account_reads.ROUTES,
    *apps.ROUTES,
    *credentials.ROUTES,
    *discovery.ROUTES,
    *document.ROUTES,
    *filters.ROUTES,
    *instance.ROUTES,
    *lists.ROUTES,
    *markers.ROUTES,
    *media.ROUTES,
    *oauth.ROUTES,
    *polls.ROUTES,
    *profile_statuses.ROUTES,
    *relationships.ROUTES,
    *scheduled.ROUTES,
    *search.ROUTES,
    *sign_up.ROUTES,
    *status_actions.ROUTES,
    *statuses.ROUTES,
    *streaming.ROUTES,
    *tags.ROUTES,
    *timelines.ROUTES,
)
