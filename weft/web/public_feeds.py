"""Atom feeds (RFC 4287) of a profile and of a tag, made by an XML writer: no text can break out of its element."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from email.utils import formatdate, parsedate_to_datetime
from typing import Any
from xml.etree import ElementTree as Xml

from weft.infra.blobs import content_type
from weft.infra.routing.table import Call, Response
from weft.kernel.clock import rfc3339, to_ms
from weft.kernel.ids import MAX_ID
from weft.web.context import Web
from weft.web.looks import look_of
from weft.web.public_addresses import Addresses, key_of_tag
from weft.web.public_head import TITLE_LENGTH, cut
from weft.web.public_load import Gallery
from weft.web.public_views import PostView
from weft.web.public_words import Words

ATOM_TYPE = b"application/atom+xml; charset=utf-8"
_SPACE = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, whatever one does."""
_ANYWHERE = (b"access-control-allow-origin", b"*")
_KEPT = (b"cache-control", b"public, max-age=60")


async def profile_feed(call: Call[Web, Any], handle: str) -> Response:
    """The feed of an account's own public posts.

    Raises:
        NotFound: there is no such account.
    """
    web, at, words = call.app, Addresses(call.app.settings), Words(look_of(call).language)
    async with web.db.read() as reader:
        gallery = Gallery(reader, at, web.db.clock.now_ms())
        account = await gallery.require_account(handle)
        views = await gallery.newest(account)
    face = gallery.face(account)
    feed = _feed(face.url, f"{face.url}.atom", words.say("feed", name=face.name), _updated(views, account.created_ms))
    _text(feed, "icon", face.avatar)
    _author(feed, face.name, face.url)
    return _answer(call, feed, views, words, _updated(views, account.created_ms))


async def tag_feed(call: Call[Web, Any], name: str) -> Response:
    """The feed of public posts with a tag. A tag that nobody uses yet has an empty one."""
    web, at, words = call.app, Addresses(call.app.settings), Words(look_of(call).language)
    key = key_of_tag(name)
    async with web.db.read() as reader:
        page = await Gallery(reader, at, web.db.clock.now_ms()).tag_page(key, MAX_ID)
    url = at.tag(key)
    updated = _updated(page.views, 0)
    return _answer(
        call, _feed(url, f"{url}.atom", words.say("feed.tag", tag=name), updated), page.views, words, updated
    )


def _feed(url: str, own: str, title: str, updated_ms: int) -> Xml.Element:
    feed = Xml.Element("feed", {"xmlns": _SPACE})
    _text(feed, "id", own)
    _text(feed, "title", title)
    _text(feed, "updated", rfc3339(updated_ms))
    Xml.SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": own})
    Xml.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": url})
    generator = _text(feed, "generator", "Weft")
    generator.set("uri", url.partition("/@")[0].partition("/tags/")[0])
    return feed


def _answer(
    call: Call[Web, Any], feed: Xml.Element, views: Sequence[PostView], words: Words, updated_ms: int
) -> Response:
    """The feed, or word that nothing changed since the reader asked last."""
    for view in views:
        feed.append(_entry(call, view, words))
    body = Xml.tostring(feed, encoding="utf-8", xml_declaration=True)
    tag = b'"%b"' % hashlib.sha256(body).hexdigest()[:20].encode()
    modified = formatdate(updated_ms // 1000, usegmt=True).encode()
    headers = [(b"etag", tag), (b"last-modified", modified), (b"vary", b"cookie, accept-language"), _ANYWHERE, _KEPT]
    if _is_known(call, tag, updated_ms):
        return Response(304, b"", ATOM_TYPE, headers)
    return Response(200, body, ATOM_TYPE, headers)


def _is_known(call: Call[Web, Any], tag: bytes, updated_ms: int) -> bool:
    """What the reader holds is this very feed. An etag, where one is sent, decides alone."""
    known = call.headers.get(b"if-none-match")
    if known is not None:
        return known.strip() == b"*" or tag in {one.strip().removeprefix(b"W/") for one in known.split(b",")}
    since = call.headers.get(b"if-modified-since")
    if since is None:
        return False
    try:
        moment = parsedate_to_datetime(since.decode("latin-1"))
    except (ValueError, TypeError, OverflowError):
        return False
    return moment.tzinfo is not None and to_ms(moment) // 1000 >= updated_ms // 1000


def _entry(call: Call[Web, Any], view: PostView, words: Words) -> Xml.Element:
    post = view.post
    entry = Xml.Element("entry")
    _text(entry, "id", view.url)
    _text(entry, "title", title_of(view, words))
    _text(entry, "published", rfc3339(post.created_ms))
    _text(entry, "updated", rfc3339(post.edited_ms or post.created_ms))
    _author(entry, view.author.name, view.author.url)
    Xml.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": view.url})
    for picture in view.pictures:
        kind = content_type(picture.url.rpartition("/")[2])
        link = {"rel": "enclosure", "type": kind, "href": picture.url, "title": _clean(picture.alt)}
        Xml.SubElement(entry, "link", {name: value for name, value in link.items() if value})
    for tag in post.tags:
        Xml.SubElement(entry, "category", {"term": _clean(tag)})
    html = call.app.pages.render("public_feed_entry.html", words.language, {"view": view, "w": words})
    content = _text(entry, "content", html)
    content.set("type", "html")
    if post.language:
        content.set("xml:lang", post.language)
    return entry


def title_of(view: PostView, words: Words) -> str:
    """Posts have no titles: the warning, the first words, or what the picture shows."""
    alt = next((one.alt for one in view.pictures if one.alt and not view.veiled), "")
    text = view.post.summary or view.plain or alt or words.say("post_by", name=view.author.name)
    return cut(text, TITLE_LENGTH)


def _updated(views: Sequence[PostView], otherwise: int) -> int:
    return max((view.post.edited_ms or view.post.created_ms for view in views), default=otherwise)


def _author(parent: Xml.Element, name: str, url: str) -> None:
    author = Xml.SubElement(parent, "author")
    _text(author, "name", name)
    _text(author, "uri", url)


def _text(parent: Xml.Element, name: str, text: str) -> Xml.Element:
    element = Xml.SubElement(parent, name)
    element.text = _clean(text)
    return element


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)
