"""The app's page: the frame that the server paints before any script runs, and the app's own files. What stands inside
``<main>`` is a skeleton, or what another page gives it; the app takes over when it has loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from weft.infra.admit import MEDIA_FILE
from weft.infra.routing.table import Call, Response, Route, Sees
from weft.kernel.errors import NotFound
from weft.settings import Settings
from weft.web.browser import SESSION, cookie_name
from weft.web.build import ENTRY
from weft.web.context import Web, offers_models
from weft.web.front import FrontParams, front
from weft.web.looks import look_of
from weft.web.page_route import page_route
from weft.web.pages import Header

HOME = "src/screens/home/Home.svelte"
FRAME = "app/icons-"
"""The beginning of the name of the file that holds all icons."""
_PUBLIC = (b"cache-control", b"no-cache")
_LEFT_TO_THE_APP = (
    "/for-you",
    "/local",
    "/search",
    "/activity",
    "/activity/:tab",
    "/messages",
    "/messages/:id",
    "/@:handle/replies",
    "/@:handle/media",
    "/@:handle/about",
    "/@:handle/followers",
    "/@:handle/following",
    "/@:handle/:id/likes",
    "/@:handle/:id/reposts",
    "/@:handle/:id/quotes",
    "/@:handle/:id/history",
    "/tags",
    "/lists",
    "/lists/:id",
    "/saved",
    "/likes",
    "/scheduled",
    "/drafts",
    "/compose",
    "/settings",
    "/settings/*page",
    "/start",
    "/requests",
    "/reports",
    "/worlds",
    "/assistant",
    "/assistant/:id",
)


class Place(msgspec.Struct, frozen=True):
    """A place of the navigation, as the app draws it too."""

    path: str
    label: str
    icon: str


_PLACES = (
    Place("/", "shell.welcome", "house"),
    Place("/local", "shell.local", "globe"),
    Place("/search", "shell.search", "search"),
)
_OWN_PLACES = (
    Place("/", "shell.home", "house"),
    Place("/search", "shell.search", "search"),
    Place("/activity", "shell.activity", "bell"),
    Place("/messages", "shell.messages", "mail"),
    Place("/lists", "shell.lists", "list"),
    Place("/saved", "shell.saved_posts", "bookmark"),
)
_BAR = (*_PLACES[:2], Place("/auth/sign_in", "nav.sign_in", "user"), _PLACES[2])
_OWN_BAR = (
    *_OWN_PLACES[:2],
    Place("/compose", "shell.write", "plus"),
    _OWN_PLACES[2],
    Place("/auth/access", "access.title", "user"),
)


def policy(settings: Settings) -> bytes:
    """The page's content security policy: its own files, its own server, and where pictures and films lie."""
    media = settings.media_url.partition("://")
    origin = f" {media[0]}://{media[2].partition('/')[0]}" if media[1] else ""
    sockets = ("wss://" if settings.scheme == "https" else "ws://") + settings.domain
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
        f"img-src 'self' data: blob:{origin}; media-src 'self' blob:{origin}; connect-src 'self' {sockets}{origin}; "
        "frame-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ).encode("ascii", "ignore")


def shell(
    call: Call[Web, Any],
    *,
    title: str = "",
    head: str = "",
    main: str = "",
    status: int = 200,
    preload: Sequence[str] = (),
    headers: Sequence[Header] = (),
    offers: bool = False,
) -> Response:
    """The app's page. ``head`` and ``main`` are HTML that a template made; without ``main`` there is a skeleton.
    ``preload`` names chunks of the build, such as a screen's, that the browser may fetch right away. ``offers`` says
    that there are models to ask for."""
    web, look = call.app, look_of(call)
    build = web.build
    has_session = cookie_name(web.settings, SESSION) in call.cookies
    needs = build.needs(ENTRY, f"src/text/{look.language}/core.json", *preload) if build.exists else build.needs()
    values = {
        "look": look,
        "heading": title,
        "head": head,
        "main": main,
        "scripts": needs.scripts,
        "styles": needs.styles,
        "icons": build.address_of(FRAME),
        "places": _OWN_PLACES if has_session else _PLACES,
        "bar": _OWN_BAR if has_session else _BAR,
        "has_session": has_session,
        "offers_models": offers,
        "path": call.url_path,
    }
    body = web.pages.render("app.html", look.language, values).encode()
    told = [(b"content-security-policy", policy(web.settings)), (b"vary", b"cookie, accept-language"), *headers]
    return Response(status, body, b"text/html; charset=utf-8", told)


async def home(call: Call[Web, FrontParams]) -> Response:
    """The app where it is built, else a page that says what this server is."""
    if not call.app.build.exists:
        return await front(call)
    return shell(call, preload=(HOME,), offers=await offers_models(call.app))


async def screen(call: Call[Web, None]) -> Response:
    """A path that only the app knows what to do with."""
    if not call.app.build.exists:
        raise NotFound("route.absent")
    return shell(call)


async def app_file(call: Call[Web, None]) -> Response:
    found = call.app.build.file(call.path["name"])
    if found is None:
        raise NotFound("route.absent")
    return found.answer(call.headers)


async def worker_script(call: Call[Web, None]) -> Response:
    """The service worker, whose own policy says what it may fetch."""
    script = call.app.build.worker
    if script is None:
        raise NotFound("route.absent")
    answer = script.answer(call.headers, _PUBLIC)
    answer.headers += [(b"service-worker-allowed", b"/"), (b"content-security-policy", policy(call.app.settings))]
    return answer


ROUTES: tuple[Route, ...] = (
    page_route("GET", "/", home, FrontParams, summary="The app, or the front page where it is not built"),
    *(page_route("GET", path, screen, None, summary="A screen of the app") for path in _LEFT_TO_THE_APP),
    page_route("GET", "/app/*name", app_file, None, sees=Sees.PUBLIC, rate=MEDIA_FILE, summary="A file of the app"),
    page_route("GET", "/sw.js", worker_script, None, sees=Sees.PUBLIC, rate=MEDIA_FILE, summary="The service worker"),
)
