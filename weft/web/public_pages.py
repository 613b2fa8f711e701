"""Profiles, posts and tags as pages that need no script: what visitors and search engines read. The app takes over when
it has loaded. Everybody is shown what anyone may see; what is not for everyone is absent here, or left to the app.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import msgspec

from weft.accounts.model import Account, AccountCounts
from weft.accounts.service import load_account_counts
from weft.infra.routing.cookies import SESSION
from weft.infra.routing.table import Call, Response, Route, Sees
from weft.kernel.errors import NotFound
from weft.kernel.ids import MAX_ID, parse_id
from weft.kernel.text.render import plain_text, render_bio, render_field, with_emojis
from weft.web.browser import cookie_name, redirect
from weft.web.context import Web, offers_models
from weft.web.looks import look_of
from weft.web.page_route import page_route
from weft.web.pages import Header
from weft.web.public_addresses import Addresses, key_of_tag
from weft.web.public_feeds import profile_feed, tag_feed
from weft.web.public_head import About, about_post, about_profile, about_tag
from weft.web.public_load import Gallery
from weft.web.public_words import Words
from weft.web.shell import shell

ATOM = ".atom"
_VISITORS = (b"cache-control", b"public, max-age=30")


class PublicParams(msgspec.Struct, kw_only=True):
    max_id: str = ""


class FieldView(msgspec.Struct, frozen=True):
    name: str
    html: str
    verified_ms: int | None


async def profile(call: Call[Web, PublicParams]) -> Response:
    """Somebody and what they posted last; with ``.atom`` the feed of it."""
    handle = call.path["handle"]
    if handle.endswith(ATOM):
        return await profile_feed(call, handle.removesuffix(ATOM))
    try:
        return await _profile(call, handle)
    except NotFound:
        return _absent(call)


async def _profile(call: Call[Web, PublicParams], handle: str) -> Response:
    web, at, words = call.app, Addresses(call.app.settings), Words(look_of(call).language)
    before = parse_id(call.params.max_id) or MAX_ID
    async with web.db.read() as reader:
        gallery = Gallery(reader, at, web.db.clock.now_ms())
        account = await gallery.require_account(handle)
        tally = (await load_account_counts(reader, (account.id,))).get(account.id, AccountCounts())
        page = await gallery.profile_page(account, before)
    face = gallery.face(account)
    older = f"{face.url}?max_id={page.next_id}" if page.next_id is not None else ""
    bio = render_bio(account.bio, mentions={}, tag_base=at.tag_base)
    pinned = [msgspec.structs.replace(view, pinned=True) for view in page.beside]
    kept = {view.id for view in pinned}
    values = {
        "account": account,
        "face": face,
        "bar": face.name,
        "handle": at.whole_handle(account),
        "banner": at.header(account),
        "bio": with_emojis(bio, gallery.emojis),
        "fields": _fields(account, gallery.emojis),
        "emojis": gallery.emojis,
        "tally": tally,
        "views": [*pinned, *(view for view in page.views if view.id not in kept or view.reposted_by is not None)],
        "older": older,
        "newest": face.url if before != MAX_ID else "",
    }
    about = about_profile(face, at, words, plain_text(bio), older)
    return await _page(call, "public_profile.html", words, values, about)


def _fields(account: Account, emojis: Mapping[str, str]) -> list[FieldView]:
    return [
        FieldView(field.name, with_emojis(render_field(field.value), emojis), field.verified_ms)
        for field in account.fields
    ]


async def post(call: Call[Web, None]) -> Response:
    """One post in its thread."""
    id_ = parse_id(call.path["id"])
    if id_ is None:
        return _absent(call)
    web, at, words = call.app, Addresses(call.app.settings), Words(look_of(call).language)
    try:
        async with web.db.read() as reader:
            thread = await Gallery(reader, at, web.db.clock.now_ms()).thread(id_)
    except NotFound:
        return _absent(call)
    view = thread.view
    if view.id != id_ or call.path["handle"].lower() != view.author.handle.lower():
        return redirect(view.url)
    values = {"view": view, "above": thread.above, "below": thread.below, "emojis": view.emojis}
    return await _page(call, "public_thread.html", words, values, about_post(view, at, words))


async def tag(call: Call[Web, PublicParams]) -> Response:
    """The newest posts with a tag; with ``.atom`` the feed of it."""
    name = call.path["tag"].strip().removeprefix("#")
    if name.endswith(ATOM):
        return await tag_feed(call, name.removesuffix(ATOM))
    web, at, words = call.app, Addresses(call.app.settings), Words(look_of(call).language)
    key = key_of_tag(name)
    if not key:
        return _absent(call)
    before = parse_id(call.params.max_id) or MAX_ID
    async with web.db.read() as reader:
        page = await Gallery(reader, at, web.db.clock.now_ms()).tag_page(key, before)
    older = f"{at.tag(key)}?max_id={page.next_id}" if page.next_id is not None else ""
    newest = at.tag(key) if before != MAX_ID else ""
    values = {"tag": name, "views": page.views, "older": older, "newest": newest}
    return await _page(call, "public_tag.html", words, values, about_tag(name, at, words, key, older))


async def _page(call: Call[Web, Any], template: str, words: Words, values: dict[str, Any], about: About) -> Response:
    """A page within the app's frame. Visitors without any cookie all get the same one, which may be kept a moment."""
    render = call.app.pages.render
    head = render("public_head.html", words.language, {"about": about})
    main = render(template, words.language, {"w": words, "bar": about.title, "emojis": {}, **values})
    if await offers_models(call.app):
        main += render("public_foot.html", words.language, {"w": words})
    headers: tuple[Header, ...] = () if call.cookies else (_VISITORS,)
    return shell(call, title=about.title, head=head, main=main, headers=headers)


def _absent(call: Call[Web, Any]) -> Response:
    """There is nothing that anyone may see. Whoever is signed in may see more than that: the app finds out."""
    if cookie_name(call.app.settings, SESSION) in call.cookies and call.app.build.exists:
        return shell(call)
    words = Words(look_of(call).language)
    render = call.app.pages.render
    bar = words.say("absent.title")
    values = {"w": words, "bar": bar, "emojis": {}, "back": call.url_path}
    main = render("public_absent.html", words.language, values)
    head = f'<link rel="stylesheet" href="{call.app.pages.assets.address("public.css")}">'
    return shell(call, title=bar, head=head, main=main, status=404)


_public = partial(page_route, "GET", sees=Sees.AUDIENCE)
_FEED = (200, 304)

ROUTES: tuple[Route, ...] = (
    _public("/@:handle", profile, PublicParams, summary="A profile, or with .atom its feed", statuses=_FEED),
    _public("/@:handle/:id", post, None, summary="A post in its thread"),
    _public("/tags/:tag", tag, PublicParams, summary="Posts with a tag, or with .atom their feed", statuses=_FEED),
)
