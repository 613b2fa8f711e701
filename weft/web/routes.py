"""All routes of the server-rendered pages."""

from __future__ import annotations

from weft.infra.routing.table import Route
from weft.web import access, assets, consent, oidc, password, shell, sign_in, sign_up, waiting

ROUTES: tuple[Route, ...] = (
    *shell.ROUTES,
    *assets.ROUTES,
    *sign_in.ROUTES,
    *sign_up.ROUTES,
    *waiting.ROUTES,
    *password.ROUTES,
    *consent.ROUTES,
    *access.ROUTES,
    *oidc.ROUTES,
)
