"""Finds links, mentions and hashtags in plain text.

Spans never overlap and come in the order of the text; where two would overlap, the link wins. Whether a mentioned
account exists is not known here.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec
import regex

MAX_URL: Final = 2048
MAX_TAG: Final = 100
MAX_HANDLE: Final = 320

# Quantifiers are possessive or bounded, so that no pattern can go back over hostile text.
# The last label is in one script: in `example.com에서` the host ends before the Korean particle.
_LABEL = r"[\p{L}\p{M}\p{N}_](?:[\p{L}\p{M}\p{N}_-]{0,62})"
_TLD = r"(?:xn--[a-z0-9-]{1,59}+|[a-z]{2,63}+(?![0-9_-]|\.[a-z0-9])|(?:(?![\x00-\x7f])[\p{L}\p{M}]){1,63}+)"
_IPV4 = r"(?:[0-9]{1,3}+\.){3}[0-9]{1,3}+(?![\p{L}\p{N}_-]|\.[a-z0-9])"
_HOST = rf"(?:{_IPV4}|(?:(?>{_LABEL})\.){{1,10}}{_TLD}|localhost(?![\p{{L}}\p{{N}}_.-]))"
_PATH = r"[/?\#][^\s\p{C}<>\"\\`「」『』（）《》【】、。]*+"
_PORT = r":[0-9]{2,5}+(?![\p{L}\p{N}_])"
_FLAGS = regex.IGNORECASE | regex.VERSION0

_URL = regex.compile(
    rf"(?<![a-z0-9_@])https?://(?P<host>{_HOST}|\[[0-9a-f:.]{{2,45}}+\])(?:{_PORT})?+(?![@:])(?:{_PATH})?+", _FLAGS
)
_MENTION = regex.compile(
    r"@(?<![\w/]@)(?P<user>[a-z0-9_]++(?:[.-][a-z0-9_]++)*+)(?![\u00c0-\u024f\u1e00-\u1eff])"
    rf"(?:@(?P<host>(?:{_HOST}|[a-z0-9][a-z0-9-]{{0,62}}+)(?:{_PORT})?+))?+",
    _FLAGS,
)
# Inside a tag the middle dots join Catalan and Japanese words, the joiners Persian and Sinhala ones.
_TAG = regex.compile(
    r"[#＃](?<![\w/&][#＃])(?P<name>[\p{L}\p{M}\p{N}_]++(?:[·・\u200c\u200d]++[\p{L}\p{M}\p{N}_]++)*+)",
    regex.VERSION0,
)
_ANY_LETTER = regex.compile(r"[\p{L}\p{M}]|[\p{N}]_|_[\p{N}]")

_TRAILING = frozenset(".,;:!?'*…’”»›")
_CLOSING = {")": "(", "]": "[", "}": "{"}


class UrlSpan(msgspec.Struct, frozen=True, gc=False):
    start: int
    end: int
    text: str
    host: str

    @property
    def url(self) -> str:
        return self.text


class MentionSpan(msgspec.Struct, frozen=True, gc=False):
    start: int
    end: int
    text: str
    username: str
    host: str | None

    @property
    def handle(self) -> str:
        """Key for looking the account up: lower-case, without the leading @."""
        return self.text[1:].lower()


class TagSpan(msgspec.Struct, frozen=True, gc=False):
    start: int
    end: int
    text: str
    name: str

    @property
    def key(self) -> str:
        return tag_key(self.name)


class Entities(msgspec.Struct, frozen=True):
    urls: list[UrlSpan]
    mentions: list[MentionSpan]
    tags: list[TagSpan]


def find_entities(text: str) -> Entities:
    """All links, mentions and tags of a text."""
    urls = find_urls(text)
    mentions = _find_mentions(text) if "@" in text else []
    tags = _find_tags(text) if "#" in text or "＃" in text else []
    if urls:
        mentions = [span for span in mentions if not _inside(urls, span.start, span.end)]
        tags = [span for span in tags if not _inside(urls, span.start, span.end)]
    return Entities(urls, mentions, tags)


def tag_key(name: str) -> str:
    """The form under which a tag is stored and compared: width and case fold, marks stay."""
    if name.isascii():
        return name.lower()
    name = name[: MAX_TAG * 4]
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def find_urls(text: str) -> list[UrlSpan]:
    """Only the links of a text."""
    if "://" not in text:
        return []
    found = []
    for match in _URL.finditer(text):
        start, end = match.start(), _trimmed_end(text, match.end("host"), match.end())
        if end - start <= MAX_URL:
            found.append(UrlSpan(start, end, text[start:end], match["host"]))
    return found


def _trimmed_end(text: str, least: int, end: int) -> int:
    """Leave out punctuation that belongs to the sentence, and closing brackets that the link does not open."""
    surplus = {
        closing: text.count(closing, least, end) - text.count(opening, least, end)
        for closing, opening in _CLOSING.items()
    }
    while end > least:
        last = text[end - 1]
        if last in surplus:
            if surplus[last] <= 0:
                break
            surplus[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return end


def _find_mentions(text: str) -> list[MentionSpan]:
    return [
        MentionSpan(match.start(), match.end(), match[0], match["user"], match["host"])
        for match in _MENTION.finditer(text)
        if match.end() - match.start() <= MAX_HANDLE
    ]


def _find_tags(text: str) -> list[TagSpan]:
    return [
        TagSpan(match.start(), match.end(), match[0], match["name"])
        for match in _TAG.finditer(text)
        if match.end() - match.start() <= MAX_TAG + 1 and _ANY_LETTER.search(match["name"])
    ]


def _inside(urls: Sequence[UrlSpan], start: int, end: int) -> bool:
    after = bisect_right(urls, start, key=lambda url: url.start)
    return (after > 0 and urls[after - 1].end > start) or (after < len(urls) and urls[after].start < end)
