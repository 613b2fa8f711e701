"""A linked article in four sentences: its title, its lead and two central ones, all standing in it.

The page is fetched by the guarded client and is hostile until shown otherwise. Of it only what a reader would see is
taken, as text. Whoever asks must see the post that links it; the page itself is public, so its summary is shared.
"""

from __future__ import annotations

import asyncio
import hashlib
from html.parser import HTMLParser
from typing import Final

import regex

from weft.assistant.answers import Answers
from weft.assistant.extract import Source, extract, quotes_of
from weft.assistant.guard import drop_controls, quiet
from weft.assistant.lines import Line
from weft.assistant.summaries import Made, find_summary, keep_summary
from weft.infra.http import Fetcher, FetchRequest
from weft.kernel.errors import NotFound, Unavailable
from weft.kernel.ids import AccountId, PostId
from weft.kernel.text.clean import clean_line
from weft.kernel.text.decoding import decoded_page
from weft.kernel.text.entities import find_urls
from weft.posts.service import require_post

PAGE_BYTES: Final = 512 << 10
PAGE_S: Final = 6.0
MOST_TEXT: Final = 60_000
MOST_TITLE: Final = 200
DEEPEST: Final = 400
CENTRAL: Final = 3
"""The lead and two more."""
HOUR_MS: Final = 3_600_000
_HTML: Final = frozenset({"text/html", "application/xhtml+xml", "text/plain"})

_UNSEEN: Final = frozenset(
    """script style noscript template svg math head iframe object canvas audio video nav header footer aside form
    button select option textarea dialog menu figcaption""".split()
)
_VOID: Final = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_BREAKS: Final = frozenset("p div br li ul ol h1 h2 h3 h4 h5 h6 section article main blockquote tr td pre hr".split())
_HIDING = regex.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|content-visibility:hidden|color:transparent|clip:rect\(0"
    r"|transform:scale\(0|(?:opacity|font-size|max-(?:width|height)):0(?!\.?0*[1-9])"
    r"|(?:left|top|right|bottom|margin-left|margin-top|text-indent):-[0-9]{3})"
)
_COMMENT = regex.compile(r"/\*.*?\*/", regex.DOTALL)


class VisibleText(HTMLParser):
    """Collects what a reader sees of a page: no scripts, no navigation, nothing hidden."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.title = ""
        self._parts: list[str] = []
        self._size = 0
        self._open: list[tuple[str, bool]] = []
        self._hidden = 0
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title" and not self.title:
            self._in_title = True
        if tag in _BREAKS:
            self._parts.append("\n")
        if tag in _VOID or len(self._open) >= DEEPEST:
            return
        # Of an attribute that is there twice the first counts.
        unseen = tag in _UNSEEN or is_hidden(dict(reversed(attrs)))
        self._open.append((tag, unseen))
        self._hidden += unseen

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if tag in _BREAKS:
            self._parts.append("\n")
        if not any(name == tag for name, _ in self._open[-20:]):
            return
        while self._open:
            name, unseen = self._open.pop()
            self._hidden -= unseen
            if name == tag:
                return

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """What begins with ``<![`` is a comment to a browser, up to the next bracket (HTML, 13.2.5.42)."""
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else -1

    def handle_data(self, data: str) -> None:
        if self._in_title and len(self.title) < MOST_TITLE:
            self.title += data
        if not self._hidden and self._size < MOST_TEXT:
            self._parts.append(" ".join(data.split(" ")))
            self._size += len(data)

    @property
    def text(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        return drop_controls("\n".join(line for line in lines if line)[:MOST_TEXT])


def is_hidden(attributes: dict[str, str | None]) -> bool:
    style = "".join(_COMMENT.sub("", attributes.get("style") or "").lower().split())
    return (
        "hidden" in attributes
        or (attributes.get("aria-hidden") or "").lower() == "true"
        or _HIDING.search(style) is not None
    )


def read_article(body: bytes, content_type: str) -> tuple[str, str]:
    """Title and visible text of a page."""
    text = decoded_page(body[:PAGE_BYTES], content_type)
    if content_type.partition(";")[0].strip().lower() == "text/plain":
        return "", drop_controls(text[:MOST_TEXT])
    page = VisibleText()
    page.feed(text)
    return clean_line(page.title, MOST_TITLE), page.text


class Articles:
    def __init__(self, answers: Answers, fetcher: Fetcher) -> None:
        self._tools = answers.tools
        self._fetcher = fetcher

    async def summary(self, asker_id: AccountId, post_id: int) -> tuple[list[Line], bool]:
        """Title and central sentences of the article that a post links to, and whether they were kept from before.

        Raises:
            NotFound: no such post for the asker, or it links to nothing.
            Unavailable: the page cannot be had, or holds no text.
        """
        async with self._tools.db.read() as reader:
            post = await require_post(reader, PostId(post_id), asker_id)
        link = next((span.url.partition("#")[0] for span in find_urls(post.text)), None)
        if link is None:
            raise NotFound("record.absent")
        made = self._key(link)
        known = await find_summary(self._tools.db, made)
        if known is not None:
            return known, True
        lines = await self._read(post.id, link)
        await keep_summary(self._tools.db, made, lines)
        return lines, False

    def _key(self, link: str) -> Made:
        hash_ = hashlib.sha256(link.encode()).digest()
        day = self._tools.db.clock.now_ms() // (24 * HOUR_MS)
        return Made(
            subject=int.from_bytes(hash_[:8]) >> 1,
            version=hash_ + day.to_bytes(4),
            model="",
            prompt=0,
            audience="everybody",
        )

    async def _read(self, post_id: int, link: str) -> list[Line]:
        request = FetchRequest("GET", link, accept="text/html", max_bytes=PAGE_BYTES, cut=True, deadline_s=PAGE_S)
        fetched = await self._fetcher.fetch(request)
        if not fetched.is_success or fetched.media_type not in _HTML:
            raise Unavailable("assistant.no_article")
        # Some hundred milliseconds for a long page: not on the loop that answers everybody.
        content_type = fetched.headers.get("content-type", "")
        title, text = await asyncio.to_thread(read_article, fetched.body, content_type)
        quotes = await asyncio.to_thread(lambda: extract(quotes_of([Source(post_id, link, text)]), CENTRAL))
        if not quotes:
            raise Unavailable("assistant.no_article")
        lines = [Line(quote.text, "quote", url=link) for quote in quotes]
        return [Line(quiet(title), "quote", url=link), *lines] if title else lines
