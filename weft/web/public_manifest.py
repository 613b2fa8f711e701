"""The web app's manifest: what a phone needs to know to install it, in the reader's language."""

from __future__ import annotations

from typing import Any

from weft.infra.admit import MEDIA_FILE
from weft.infra.routing.table import Call, Response, Route, Sees, as_json
from weft.web.context import Web
from weft.web.looks import look_of
from weft.web.page_route import page_route
from weft.web.public_words import Words

PAPER = {"": "#FCFBF8", "light": "#FCFBF8", "dark": "#131315"}
SHORT_NAME_LENGTH = 12
_SIZES = (192, 512)
_SHORTCUTS = (("compose", "/compose"), ("activity", "/activity"), ("messages", "/messages"), ("search", "/search"))


async def manifest(call: Call[Web, None]) -> Response:
    settings, look = call.app.settings, look_of(call)
    words = Words(look.language)
    document: dict[str, Any] = {
        "id": "/",
        "name": settings.title,
        "short_name": settings.title if len(settings.title) <= SHORT_NAME_LENGTH else settings.title.split()[0],
        "description": settings.description,
        "lang": look.language,
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "display_override": ["standalone", "minimal-ui"],
        "launch_handler": {"client_mode": ["navigate-existing", "auto"]},
        "theme_color": PAPER[look.theme],
        "background_color": PAPER[look.theme],
        "categories": ["social"],
        "icons": _icons(),
        "share_target": {
            "action": "/compose",
            "method": "GET",
            "params": {"title": "title", "text": "text", "url": "url"},
        },
        "shortcuts": [
            {"name": words.say(f"shortcut.{name}"), "url": path, "icons": _icons()[:1]} for name, path in _SHORTCUTS
        ],
    }
    answer = as_json(document, headers=[(b"cache-control", b"private, no-cache")])
    answer.content_type = b"application/manifest+json"
    return answer


def _icons() -> list[dict[str, str]]:
    """The mark fills its square and keeps clear of its edges, so the same picture may be cut into any shape."""
    return [
        {"src": f"/assets/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for purpose in ("any", "maskable")
        for size in _SIZES
    ]


ROUTES: tuple[Route, ...] = (
    page_route(
        "GET", "/manifest.webmanifest", manifest, None, sees=Sees.PUBLIC, rate=MEDIA_FILE, summary="The app's manifest"
    ),
)
