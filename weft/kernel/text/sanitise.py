"""Foreign HTML made harmless: an allow list of tags, attributes, classes and schemes, and plain text from HTML.

Part of the `render` gate: use it through `render`.
"""

from __future__ import annotations

import html
import re
from typing import Final

import nh3

MAX_HTML: Final = 100_000
MAX_MARKS: Final = 5000

_TAGS = frozenset("p br span a del pre code em strong b i u ul ol li blockquote".split())
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_ATTRIBUTES = {
    "a": {"href", "class"},
    "span": {"class"},
    "p": {"class"},
    "ol": {"start", "reversed"},
    "li": {"value"},
}
_SCHEMES = frozenset(("http", "https"))
_CLASSES = frozenset("mention hashtag ellipsis invisible quote-inline".split())
_MICROFORMAT = re.compile(r"(?:h|p|u|dt|e)-[A-Za-z0-9-]{1,40}")
_NUMBER = re.compile(r"-?[0-9]{1,9}")

# The parser opens unfinished formatting anew in each paragraph, but equal ones only three times: without attributes
# they are all equal, and the result stays in proportion to the input.
_FORMATTING = re.compile(
    r"<(b|i|u|s|em|tt|big|code|font|nobr|small|strike|strong)(?![A-Za-z0-9-])[^>]*+(?:>|$)", re.IGNORECASE
)
_HEADING_MARK = re.compile(r"<(/?)h[1-6]>")
_LINK_MARK = re.compile(r'(<a(?: [a-z]++="[^"]*+")*+>|</a>)')
_LINE_END = re.compile(r"<br\s*+/?>", re.IGNORECASE)
_BLOCK_END = re.compile(r"</(?:p|h[1-6]|blockquote|pre|ul|ol|div)\s*+>", re.IGNORECASE)
_ITEM_END = re.compile(r"</li\s*+>", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")


def sanitise_remote(markup: str) -> str:
    """Foreign HTML with only what a post of ours could hold; a link that leads nowhere safe becomes its text."""
    clean = _CLEANER.clean(_whole(markup))
    if "<h" in clean:
        clean = _CLEANER.clean(_HEADING_MARK.sub(_heading, clean))
    return _without_dead_links(clean) if "<a" in clean else clean


def plain_text(markup: str) -> str:
    """The words of an HTML text, for feeds, cards and search. The result is text: escape it before showing it."""
    if "<" not in markup and "&" not in markup:
        return markup.strip()
    markup = _LINE_END.sub("\n", _whole(markup))
    markup = _ITEM_END.sub("\n", _BLOCK_END.sub("\n\n", markup))
    return _BLANK_LINES.sub("\n\n", html.unescape(_STRIPPER.clean(markup))).strip()


def _whole(markup: str) -> str:
    """Bounded in size and number of marks, and without lone surrogates, which the parser could not take."""
    markup = markup[:MAX_HTML].encode("utf-8", "replace").decode("utf-8")
    if markup.count("<") > MAX_MARKS:
        markup = "<".join(markup.split("<", MAX_MARKS + 1)[: MAX_MARKS + 1])
    return _FORMATTING.sub(r"<\1>", markup)


def _heading(mark: re.Match[str]) -> str:
    return "</strong></p>" if mark[1] else "<p><strong>"


def _without_dead_links(clean: str) -> str:
    """Links cannot nest in parsed HTML, so each closing mark belongs to the last opening one."""
    kept: list[str] = []
    dead = False
    for part in _LINK_MARK.split(clean):
        if part.startswith("<a") and _LINK_MARK.fullmatch(part):
            dead = ' href="' not in part
            if dead:
                continue
        elif part == "</a>" and dead:
            dead = False
            continue
        kept.append(part)
    return "".join(kept)


def _attribute(_tag: str, name: str, value: str) -> str | None:
    match name:
        case "class":
            kept = [word for word in value.split() if word in _CLASSES or _MICROFORMAT.fullmatch(word)]
            return " ".join(kept) or None
        case "start" | "value":
            return value if _NUMBER.fullmatch(value) else None
        case _:
            return value


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS | _HEADINGS),
    clean_content_tags={"script", "style", "template", "noscript", "iframe", "svg", "math"},
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    tag_attribute_values={"a": {"translate": {"no"}}, "span": {"translate": {"no"}}},
    set_tag_attribute_values={"a": {"target": "_blank"}},
    link_rel="nofollow noopener",
    url_relative="deny",
    url_schemes=set(_SCHEMES),
)
_STRIPPER = nh3.Cleaner(tags=set(), clean_content_tags={"script", "style", "template"}, link_rel=None)
