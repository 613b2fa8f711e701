"""What a link card is, which link of a post gets one, and under which id it is kept."""

from __future__ import annotations

import hashlib

import msgspec

from weft.kernel.text.entities import find_urls

DAY_MS = 86_400_000
REFRESHED_MS = DAY_MS
"""A card is fetched again when a post uses it and it is older than this."""
RETRIED_MS = 3_600_000
"""The same for one that could not be fetched."""


class Page(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a page says of itself. Everything is plain text, cleaned and cut; ``url`` is where the page was found."""

    url: str
    title: str = ""
    description: str = ""
    site: str = ""
    site_url: str = ""
    author: str = ""
    author_url: str = ""
    language: str = ""
    published_ms: int | None = None
    picture_text: str = ""
    width: int = 0
    height: int = 0
    blurhash: str | None = None


class Card(msgspec.Struct, frozen=True):
    """A page as it is shown with a post; ``picture`` is a blob's name or empty."""

    page: Page
    picture: str = ""


class Trend(msgspec.Struct, frozen=True):
    """A link that several people shared lately: by day since 1970 how many accounts did, and how often."""

    card: Card
    days: dict[int, tuple[int, int]]


def first_link(text: str) -> str | None:
    """The link of a post that its card is made of: the first one. What follows ``#`` names a part of the same page."""
    for span in find_urls(text):
        return span.url.partition("#")[0]
    return None


def card_id(url: str) -> int:
    """The id of a URL's card, which says its bucket, too. Two URLs may share one; the URL is compared besides."""
    return int.from_bytes(hashlib.sha256(url.encode()).digest()[:8]) >> 1
