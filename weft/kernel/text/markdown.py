"""Markdown as people write it in a model's card, as HTML: headings, lists, tables, code, quotes, links, emphasis.

Part of the `render` gate: use it through `render`. Every piece of text is escaped and every tag is one of ours, so HTML
in the source is shown as written. Pictures become their descriptions. Work is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from markupsafe import escape

from weft.kernel.text.clean import cap_marks

MOST_CHARACTERS: Final = 128 * 1024
DEEPEST: Final = 4
_TOP: Final = 2
"""The level that the highest heading gets: the page has one of its own."""

_FRONT = re.compile(r"\A---[ \t]*\n(?:(?!---).*\n){0,400}?---[ \t]*\n")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([A-Za-z0-9_+-]{0,30})")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t#]*$")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*+\1){2,}[ \t]*$")
_QUOTE = re.compile(r" {0,3}>[ ]?(.*)$")
_BULLET = re.compile(r"( {0,3})[-*+][ \t]+(.*)$")
_NUMBER = re.compile(r"( {0,3})([0-9]{1,9})[.)][ \t]+(.*)$")
_DIVIDER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*){0,40}\|?[ \t]*$")
# Each part ends at the next mark of its own kind, so that nothing is looked at more than a few times.
_INLINE = re.compile(
    r"`(?P<code>[^`\n]{1,1000})`"
    r"|(?P<picture>!)?\[(?P<words>[^\[\]\n]{0,500})\]\((?P<target>[^\s()<>]{1,1000})\)"
    r"|\*\*(?P<strong>[^*\s][^*\n]{0,1000})(?<!\s)\*\*"
    r"|\*(?P<soft>[^*\s][^*\n]{0,1000})(?<!\s)\*"
    r"|<?(?P<url>https?://[^\s<>()\[\]\"'`*|]{1,1000})>?"
)


@lru_cache(maxsize=64)
def render_markdown(text: str) -> str:
    """The HTML of a Markdown text."""
    text = text[:MOST_CHARACTERS].replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return _blocks(_FRONT.sub("", text, count=1).split("\n"), 0)


def _blocks(lines: Sequence[str], depth: int) -> str:
    """Lines as blocks. Deeper than a few levels, what would be a list or a quote is a paragraph."""
    made: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif found := _FENCE.match(line):
            at, block = _code(lines, at, found[1])
            made.append(block)
        elif found := _HEADING.match(line):
            level = min(len(found[1]) + _TOP - 1, 6)
            made.append(f"<h{level}>{_inline(found[2])}</h{level}>")
            at += 1
        elif _RULE.match(line):
            made.append("<hr>")
            at += 1
        elif depth < DEEPEST and _QUOTE.match(line):
            at, block = _quote(lines, at, depth)
            made.append(block)
        elif depth < DEEPEST and (_BULLET.match(line) or _NUMBER.match(line)):
            at, block = _list(lines, at, depth)
            made.append(block)
        elif "|" in line and at + 1 < len(lines) and "|" in lines[at + 1] and _DIVIDER.match(lines[at + 1]):
            at, block = _table(lines, at)
            made.append(block)
        else:
            at, block = _paragraph(lines, at)
            made.append(block)
    return "".join(made)


def _code(lines: Sequence[str], at: int, fence: str) -> tuple[int, str]:
    inner: list[str] = []
    at += 1
    while at < len(lines) and not lines[at].strip().startswith(fence):
        inner.append(lines[at])
        at += 1
    return at + 1, f"<pre><code>{_words(chr(10).join(inner))}</code></pre>"


def _quote(lines: Sequence[str], at: int, depth: int) -> tuple[int, str]:
    inner: list[str] = []
    while at < len(lines) and (found := _QUOTE.match(lines[at])):
        inner.append(found[1])
        at += 1
    return at, f"<blockquote>{_blocks(inner, depth + 1)}</blockquote>"


def _list(lines: Sequence[str], at: int, depth: int) -> tuple[int, str]:
    """A list up to the first line that is neither an item of its kind nor further in."""
    numbered = _BULLET.match(lines[at]) is None
    kind = _NUMBER if numbered else _BULLET
    items: list[list[str]] = []
    while at < len(lines):
        line = lines[at]
        if (found := kind.match(line)) and not (items and _indent(line) >= 2):
            items.append([found[found.re.groups]])
        elif items and line.strip() and _indent(line) >= 2:
            items[-1].append(line[min(_indent(line), 4) :] if _indent(line) < 4 else line[4:])
        elif not line.strip() and at + 1 < len(lines) and (_indent(lines[at + 1]) >= 2 or kind.match(lines[at + 1])):
            items[-1].append("")
        else:
            break
        at += 1
    inner = "".join(f"<li>{_item(item, depth)}</li>" for item in items)
    return at, f"<ol>{inner}</ol>" if numbered else f"<ul>{inner}</ul>"


def _item(lines: list[str], depth: int) -> str:
    rest = [line for line in lines[1:] if line.strip()]
    if not rest:
        return _inline(lines[0])
    return _inline(lines[0]) + _blocks(lines[1:], depth + 1)


def _table(lines: Sequence[str], at: int) -> tuple[int, str]:
    head = "".join(f'<th scope="col">{_inline(cell)}</th>' for cell in _cells(lines[at]))
    rows: list[str] = []
    at += 2
    while at < len(lines) and "|" in lines[at]:
        rows.append("<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in _cells(lines[at])) + "</tr>")
        at += 1
    return at, f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")][:40]


def _paragraph(lines: Sequence[str], at: int) -> tuple[int, str]:
    inner = [lines[at].strip()]
    at += 1
    while at < len(lines) and lines[at].strip() and not _begins_block(lines[at]):
        inner.append(lines[at].strip())
        at += 1
    return at, f"<p>{_inline(chr(10).join(inner))}</p>"


def _begins_block(line: str) -> bool:
    return any(mark.match(line) for mark in (_FENCE, _HEADING, _RULE, _QUOTE, _BULLET, _NUMBER))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _inline(text: str, depth: int = 0) -> str:
    parts: list[str] = []
    at = 0
    for found in _INLINE.finditer(text):
        parts.append(_words(text[at : found.start()]))
        parts.append(_span(found, depth))
        at = found.end()
    parts.append(_words(text[at:]))
    return "".join(parts)


def _span(found: re.Match[str], depth: int) -> str:
    if found["code"] is not None:
        return f"<code>{_words(found['code'])}</code>"
    if found["strong"] is not None or found["soft"] is not None:
        inner = found["strong"] if found["strong"] is not None else found["soft"]
        tag = "strong" if found["strong"] is not None else "em"
        shown = _inline(inner, depth + 1) if depth < 2 else _words(inner)
        return f"<{tag}>{shown}</{tag}>"
    if found["url"] is not None:
        url = found["url"].rstrip(".,;:!?")
        return _link(url, _words(url)) + _words(found["url"][len(url) :])
    if found["picture"] is not None:
        return _words(found["words"])
    shown = _words(found["words"])
    return _link(found["target"], shown) if found["target"].startswith(("https://", "http://")) else shown


def _link(url: str, shown: str) -> str:
    return f'<a href="{escape(url)}" rel="nofollow noopener">{shown}</a>'


def _words(text: str) -> str:
    return str(escape(text if text.isascii() else cap_marks(text)))
