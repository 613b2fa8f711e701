"""All routes of the server-rendered pages."""

from __future__ import annotations

from weft.infra.routing.table import Route
from weft.web import (
    access,
    assets,
    consent,
    hub_pages,
    hub_staff,
    oidc,
    password,
    public_manifest,
    public_oembed,
    public_pages,
    shell,
    sign_in,
    sign_up,
    waiting,
)

ROUTES: tuple[Route, ...] = (
    *shell.ROUTES,
    *public_pages.ROUTES,
    *public_oembed.ROUTES,
    *public_manifest.ROUTES,
    *assets.ROUTES,
    *sign_in.ROUTES,
    *sign_up.ROUTES,
    *waiting.ROUTES,
    *password.ROUTES,
    *consent.ROUTES,
    *access.ROUTES,
    *oidc.ROUTES,
    *hub_pages.ROUTES,
    *hub_staff.ROUTES,
)
