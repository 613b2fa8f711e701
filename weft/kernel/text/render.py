"""The `render` gate: the only place where untrusted text becomes HTML.

Own text is escaped and linked here, foreign HTML goes through `sanitise`. Every piece of HTML is made by one small
function from escaped parts; the shapes are those that Mastodon clients parse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec
from markupsafe import escape

from weft.kernel.text.clean import cap_marks
from weft.kernel.text.emojis import CODE
from weft.kernel.text.entities import Entities, MentionSpan, TagSpan, UrlSpan, find_entities, tag_key
from weft.kernel.text.markdown import render_markdown
from weft.kernel.text.sanitise import plain_text, sanitise_remote

__all__ = [
    "MentionLink",
    "plain_text",
    "render_bio",
    "render_field",
    "render_markdown",
    "render_post",
    "render_words",
    "sanitise_remote",
    "with_emojis",
    "with_quote_link",
]

SHOWN_LENGTH: Final = 30
_LINKS_TAGS_CODES = re.compile(f"<a\\b[^>]*>.*?</a>|<[^>]*>|{CODE}", re.DOTALL)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*+\n)++")
_LINK_REL: Final = "nofollow noopener"
_OWN_LINK_REL: Final = "me nofollow noopener"


class MentionLink(msgspec.Struct, frozen=True):
    """Where a mention leads: the name to show and the profile's address."""

    username: str
    url: str


def render_post(
    text: str, *, mentions: Mapping[str, MentionLink], tag_base: str, entities: Entities | None = None
) -> str:
    """A post's HTML. `mentions` is keyed by `MentionSpan.handle`; who is not in it stays text."""
    if entities is None:
        entities = find_entities(text)
    if not (entities.tags or entities.urls or entities.mentions):
        return _paragraphs(_words(text))
    parts: list[str] = []
    at = 0
    for span in _in_order(entities):
        parts.append(_words(text[at : span.start]))
        parts.append(_span(span, mentions, tag_base))
        at = span.end
    parts.append(_words(text[at:]))
    return _paragraphs("".join(parts))


def render_bio(
    text: str, *, mentions: Mapping[str, MentionLink], tag_base: str, entities: Entities | None = None
) -> str:
    """An account's note: the same shape as a post."""
    return render_post(text, mentions=mentions, tag_base=tag_base, entities=entities)


def render_field(value: str) -> str:
    """A profile field: a value that is one URL becomes a link that claims identity, all else is text."""
    value = value.strip()
    urls = find_entities(value).urls
    if len(urls) == 1 and urls[0].text == value:
        return _url_link(urls[0], _OWN_LINK_REL)
    return _words(value)


def with_quote_link(html: str, url: str) -> str:
    """Put the reference to a quoted post first, for clients that know no quotes."""
    if not _is_web(url):
        return html
    link = escape(url)
    return f'<p class="quote-inline">RE: <a href="{link}">{link}</a></p>{html}'


def render_words(text: str, emojis: Mapping[str, str]) -> str:
    """A name or another line without links: escaped, with its emojis drawn."""
    return with_emojis(str(escape(text)), emojis)


def with_emojis(html: str, emojis: Mapping[str, str]) -> str:
    """HTML of ours with the emojis drawn that it names by `:code:`. `emojis` leads from codes to pictures.

    The text of links stays as it is: an address must be readable.
    """
    if not emojis or ":" not in html:
        return html

    def drawn(found: re.Match[str]) -> str:
        code = found[1]
        return found[0] if code not in emojis else _emoji(code, emojis[code])

    return _LINKS_TAGS_CODES.sub(drawn, html)


def _emoji(code: str, url: str) -> str:
    """With its size, for readers that have no style sheet."""
    return (
        f'<img class="emoji" src="{escape(url)}" alt=":{code}:" title=":{code}:" width="20" height="20" loading="lazy">'
    )


def _words(text: str) -> str:
    """Text to be read: escaped, and no higher than writing is."""
    return str(escape(text if text.isascii() else cap_marks(text)))


def _in_order(entities: Entities) -> list[UrlSpan | MentionSpan | TagSpan]:
    spans: list[UrlSpan | MentionSpan | TagSpan] = [*entities.urls, *entities.mentions, *entities.tags]
    if len(spans) > 1:
        spans.sort(key=lambda span: span.start)
    return spans


def _paragraphs(body: str) -> str:
    """Paragraphs from escaped text. No link holds a line end, so this is safe after linking."""
    body = body.strip(" \t\r\n")
    if not body:
        return ""
    if "\n" not in body and "\r" not in body:
        return f"<p>{body}</p>"
    body = body.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(f"<p>{part.replace(chr(10), '<br />')}</p>" for part in _BLANK_LINES.split(body))


def _span(span: UrlSpan | MentionSpan | TagSpan, mentions: Mapping[str, MentionLink], tag_base: str) -> str:
    if isinstance(span, TagSpan):
        return _tag_link(span, tag_base)
    if isinstance(span, UrlSpan):
        return _url_link(span, _LINK_REL)
    known = mentions.get(span.handle)
    return _words(span.text) if known is None or not _is_web(known.url) else _mention_link(known)


def _tag_link(tag: TagSpan, base: str) -> str:
    href = escape(base + quote(tag_key(tag.name), safe=""))
    return f'<a href="{href}" class="mention hashtag" rel="tag">#<span>{_words(tag.name)}</span></a>'


def _mention_link(link: MentionLink) -> str:
    return (
        f'<span class="h-card" translate="no"><a href="{escape(link.url)}" class="u-url mention">'
        f"@<span>{escape(link.username)}</span></a></span>"
    )


def _url_link(url: UrlSpan, rel: str) -> str:
    """The scheme and the end are hidden by class; the host is always shown whole, however long it is."""
    scheme, _, rest = url.text.partition("://")
    shown = max(SHOWN_LENGTH, len(url.host))
    cut = ' class="ellipsis"' if len(rest) > shown else ' class=""'
    return (
        f'<a href="{escape(url.text)}" target="_blank" rel="{escape(rel)}" translate="no">'
        f'<span class="invisible">{escape(scheme)}://</span><span{cut}>{_words(rest[:shown])}</span>'
        f'<span class="invisible">{escape(rest[shown:])}</span></a>'
    )


def _is_web(url: str) -> bool:
    return url.startswith(("https://", "http://"))
