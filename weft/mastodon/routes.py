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
    *apps.ROUTES,
    *oauth.ROUTES,
    *sign_up.ROUTES,
    *credentials.ROUTES,
    *instance.ROUTES,
    *discovery.ROUTES,
    *document.ROUTES,
    *media.ROUTES,
    *search.ROUTES,
    *streaming.ROUTES,
    *tags.ROUTES,
    *relationships.ROUTES,
    *markers.ROUTES,
    *lists.ROUTES,
    *filters.ROUTES,
    *account_reads.ROUTES,
    *polls.ROUTES,
    *profile_statuses.ROUTES,
    *scheduled.ROUTES,
    *status_actions.ROUTES,
    *statuses.ROUTES,
    *timelines.ROUTES,
)
