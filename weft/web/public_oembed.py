"""Posts on other people's pages: the small page that their frames show, and oEmbed, which hands out such a frame.

The embed page is the only one of ours that others may frame. It holds nothing that belongs to a session: no forms, no
script, and every link opens a tab of its own.
"""

from __future__ import annotations

import msgspec

from weft.infra.admit import API
from weft.infra.routing.table import Auth, Call, Response, Route, Sees, as_json
from weft.kernel.errors import NotFound
from weft.kernel.ids import parse_id
from weft.web.context import Web
from weft.web.looks import look_of
from weft.web.page_route import page_route
from weft.web.pages import HTML
from weft.web.public_addresses import Addresses
from weft.web.public_load import Gallery
from weft.web.public_views import PostView
from weft.web.public_words import Words

_DAY_S = 86_400
WIDTH, LEAST_WIDTH, MOST_WIDTH = 400, 220, 600
LEAST_HEIGHT, MOST_HEIGHT = 160, 1200
_PICTURE_HEIGHT, _LINE_HEIGHT, _FRAME_HEIGHT, _LETTERS_A_LINE = 300, 22, 150, 46


class EmbedParams(msgspec.Struct, kw_only=True):
    theme: str = ""


class OembedParams(msgspec.Struct, kw_only=True):
    url: str = ""
    maxwidth: int | None = None
    maxheight: int | None = None
    format: str = "json"


class Oembed(msgspec.Struct, kw_only=True):
    """The answer, as https://oembed.com describes it."""

    type: str = "rich"
    version: str = "1.0"
    title: str
    author_name: str
    author_url: str
    provider_name: str
    provider_url: str
    cache_age: int = _DAY_S
    html: str
    width: int
    height: int


async def embed(call: Call[Web, EmbedParams]) -> Response:
    """One post, to be framed by other pages."""
    web, at = call.app, Addresses(call.app.settings)
    words = Words(look_of(call).language)
    id_ = parse_id(call.path["id"])
    theme = call.params.theme if call.params.theme in ("light", "dark") else ""
    view: PostView | None = None
    if id_ is not None:
        try:
            async with web.db.read() as reader:
                view = await Gallery(reader, at, web.db.clock.now_ms()).one(id_)
        except NotFound:
            view = None
    values = {"w": words, "view": view, "theme": theme}
    body = web.pages.render("public_embed.html", words.language, values)
    kept = b"private, no-store" if call.cookies else b"public, max-age=60"
    headers = [
        (b"content-security-policy", _policy(at)),
        (b"cache-control", kept),
        (b"vary", b"cookie, accept-language"),
        (b"x-robots-tag", b"noindex"),
        (b"cross-origin-resource-policy", b"cross-origin"),
    ]
    return Response(200 if view is not None else 404, body.encode(), HTML, headers)


def _policy(at: Addresses) -> bytes:
    origin = at.media_origin
    return (
        f"default-src 'none'; style-src 'self'; img-src 'self'{origin}; media-src 'self'{origin}; base-uri 'none'; "
        "form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors *"
    ).encode("ascii", "ignore")


async def oembed(call: Call[Web, OembedParams]) -> Response:
    """How to show one of our posts elsewhere.

    Raises:
        NotFound: the address is no post of ours that anyone may see.
    """
    web, at, params = call.app, Addresses(call.app.settings), call.params
    if params.format == "xml":
        return as_json({"error": "Only JSON is offered"}, 501)
    known = at.find_post(params.url)
    if known is None:
        raise NotFound("record.absent")
    async with web.db.read() as reader:
        view = await Gallery(reader, at, web.db.clock.now_ms()).one(known[1])
    width = min(max(params.maxwidth or WIDTH, LEAST_WIDTH), MOST_WIDTH)
    height = min(max(_height(view), LEAST_HEIGHT), max(params.maxheight or MOST_HEIGHT, LEAST_HEIGHT))
    words = Words(look_of(call).language)
    values = {"view": view, "w": words, "width": width, "height": height}
    html = web.pages.render("public_frame.html", words.language, values).strip()
    answer = Oembed(
        title=words.say("post_by", name=view.author.name),
        author_name=view.author.name,
        author_url=view.author.url,
        provider_name=web.settings.title,
        provider_url=f"{at.base}/",
        html=html,
        width=width,
        height=height,
    )
    return as_json(answer, headers=[(b"cache-control", b"public, max-age=300")])


def _height(view: PostView) -> int:
    """A guess that shows most posts whole: the frame cannot tell, for no script runs in it."""
    lines = sum(1 + len(line) // _LETTERS_A_LINE for line in view.plain.splitlines())
    if view.post.summary:
        return _FRAME_HEIGHT + 2 * _LINE_HEIGHT
    pictures = _PICTURE_HEIGHT if view.pictures and not view.veiled else 0
    quote = 6 * _LINE_HEIGHT if view.quote is not None else 0
    poll = 2 * _LINE_HEIGHT * len(view.poll.choices) if view.poll is not None else 0
    return _FRAME_HEIGHT + lines * _LINE_HEIGHT + pictures + quote + poll


ROUTES: tuple[Route, ...] = (
    page_route(
        "GET", "/@:handle/:id/embed", embed, EmbedParams, sees=Sees.AUDIENCE, summary="A post for other people's pages"
    ),
    Route(
        method="GET",
        path="/api/oembed",
        handler=oembed,
        auth=Auth.NONE,
        scopes=(),
        sees=Sees.AUDIENCE,
        rate=API,
        body=0,
        params=OembedParams,
        returns=Oembed,
        refusals=(404, 501),
        summary="How to embed a post",
        tag="pages",
    ),
)
