"""Reads the head of an HTML page: Open Graph, Twitter cards, title, description, and where its oEmbed answer lies.

The page is hostile until shown otherwise. It is scanned once from front to back, every step bounded and none going
back, so the time is linear in its length; no tree is built, and no markup of it goes any further.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

import msgspec

from weft.kernel.clock import to_ms
from weft.kernel.text.clean import clean_line
from weft.kernel.text.decoding import decoded_page
from weft.previews.model import Page

MOST_TAGS = 2000
MOST_ATTRIBUTES = 30
LONGEST_TAG = 16_384
LONGEST_VALUE = 4000
MOST_TITLE, MOST_DESCRIPTION, MOST_NAME, MOST_URL = 200, 500, 100, 2048

_OPENING = re.compile(
    r"<(?:(meta|link|title|html|script|style|noscript|template|svg)(?=[\s/>])|!--|body[\s/>]|/head\s?>)", re.IGNORECASE
)
_CLOSING = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("title", "script", "style", "noscript", "template", "svg")
}
_SPACE = re.compile(r"[\s/]*+")
_NAME = re.compile(r"[^\s=>/\"'<]++")
_EQUALS = re.compile(r"\s*+=\s*+")
_BARE = re.compile(r"[^\s>\"']++")
_MARKUP = re.compile(r"</?[a-zA-Z!][^<>]*+>")
_LANGUAGE = re.compile(r"([a-zA-Z]{2,3})(?![a-zA-Z])")


class Found(msgspec.Struct, frozen=True):
    """A page as read, with the addresses that it names for more."""

    page: Page
    picture_url: str = ""
    oembed_url: str = ""


def read_page(body: bytes, content_type: str, url: str) -> Found:
    """What the page found at ``url`` says of itself; without a title it says nothing worth a card."""
    said = _Said()
    for name, attributes, text in _tags(decoded_page(body, content_type)):
        said.take(name, attributes, text)
    return said.found(url)


class _Said:
    """What was read so far: of several values of one name, the first that says anything."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.oembed = ""

    def take(self, name: str, attributes: dict[str, str], text: str) -> None:
        match name:
            case "title":
                self._keep("<title>", text)
            case "html":
                self._keep("<lang>", attributes.get("lang", ""))
            case "meta":
                key = (attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or "").lower()
                self._keep(key, attributes.get("content", ""))
            case "link" if "oembed" in attributes.get("type", "").lower() and "json" in attributes["type"].lower():
                self.oembed = self.oembed or attributes.get("href", "")

    def _keep(self, key: str, value: str) -> None:
        if key and value.strip() and key not in self.values:
            self.values[key] = value

    def _first(self, limit: int, *keys: str) -> str:
        return next((text for key in keys if (text := plain(self.values.get(key, ""), limit))), "")

    def found(self, url: str) -> Found:
        parts = urlsplit(url)
        robots = self.values.get("robots", "").lower()
        description = self._first(MOST_DESCRIPTION, "og:description", "twitter:description", "description")
        author_url = self.values.get("article:author", "")
        page = Page(
            url=url,
            title=self._first(MOST_TITLE, "og:title", "twitter:title", "<title>"),
            description="" if "nosnippet" in robots else description,
            site=self._first(MOST_NAME, "og:site_name", "application-name") or (parts.hostname or ""),
            site_url=f"{parts.scheme}://{parts.netloc}",
            author="" if (named := self._first(MOST_NAME, "author", "article:author")).startswith("http") else named,
            author_url=author_url if author_url == web_url(url, author_url) else "",
            language=_language(self.values.get("<lang>") or self.values.get("og:locale", "")),
            published_ms=_moment(self.values.get("article:published_time") or self.values.get("datepublished", "")),
            picture_text=self._first(MOST_DESCRIPTION, "og:image:alt", "twitter:image:alt"),
        )
        pictures = "og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src"
        picture = next((self.values[key] for key in pictures if key in self.values), "")
        picture_url = web_url(url, picture) if "noimageindex" not in robots else ""
        return Found(page, picture_url, web_url(url, self.oembed))


def plain(text: str, limit: int) -> str:
    """One line of text for readers: references resolved, markup gone, cleaned and cut."""
    return clean_line(_MARKUP.sub(" ", html.unescape(text[:LONGEST_VALUE])), limit)


def web_url(base: str, address: str) -> str:
    """An address that the page names, in full; empty where it is none of the web's."""
    address = html.unescape(address[:LONGEST_VALUE]).strip()
    if not address:
        return ""
    try:
        whole = urljoin(base, address)
        parts = urlsplit(whole)
    except ValueError:
        return ""
    known = parts.scheme in ("http", "https") and bool(parts.netloc) and "@" not in parts.netloc
    return whole if known and len(whole) <= MOST_URL else ""


def _tags(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """The tags of the head that say something: name, attributes and, of a title, the text."""
    at = 0
    for _ in range(MOST_TAGS):
        found = _OPENING.search(text, at)
        if found is None:
            return
        name, at = (found[1] or found[0]).lower(), found.end()
        if name == "<!--":
            at = text.find("-->", at)
        elif name in ("meta", "link", "html"):
            attributes, at = _attributes(text, at)
            yield name, attributes, ""
        elif name in _CLOSING:
            closing = _CLOSING[name].search(text, at)
            if closing is not None and name == "title":
                yield name, {}, text[text.find(">", at) + 1 : closing.start()][:LONGEST_VALUE]
            at = closing.end() if closing is not None else -1
        else:  # the head ends here
            return
        if at < 0:
            return


def _attributes(text: str, at: int) -> tuple[dict[str, str], int]:
    """The attributes of a tag, by lower-case name, and where it ends."""
    found: dict[str, str] = {}
    stop = min(len(text), at + LONGEST_TAG)
    for _ in range(MOST_ATTRIBUTES):
        at = _end(_SPACE.match(text, at, stop), at)
        if at >= stop or text[at] in "<>":
            break
        name = _NAME.match(text, at, stop)
        if name is None:
            at += 1
            continue
        at = name.end()
        equals = _EQUALS.match(text, at, stop)
        value = ""
        if equals is not None:
            value, at = _value(text, equals.end(), stop)
        found.setdefault(name[0].lower(), value[:LONGEST_VALUE])
    return found, at


def _value(text: str, at: int, stop: int) -> tuple[str, int]:
    if at < stop and text[at] in "\"'":
        end = text.find(text[at], at + 1, stop)
        return (text[at + 1 : end], end + 1) if end >= 0 else ("", stop)
    bare = _BARE.match(text, at, stop)
    return (bare[0], bare.end()) if bare is not None else ("", at)


def _end(match: re.Match[str] | None, default: int) -> int:
    return match.end() if match is not None else default


def _language(text: str) -> str:
    found = _LANGUAGE.match(text.strip())
    return found[1].lower() if found is not None else ""


def _moment(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip()[:40])
        return to_ms(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        return None
