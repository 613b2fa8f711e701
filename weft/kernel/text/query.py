"""Reads what a person typed into the search box: words, "phrases", -exclusions and operators such as `from:ann`.

An operator with a value it does not know is taken as plain words, so a query never fails.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import msgspec
import regex

from weft.kernel.text.language import check_language
from weft.kernel.text.names import parse_handle
from weft.kernel.text.words import EXACT, contains_phrase, fold, pairs, word_terms, words

MAX_QUERY: Final = 1000
MAX_QUERY_TERMS: Final = 64
HAS: Final = frozenset({"media", "image", "video", "audio", "poll", "link", "embed"})
IS: Final = frozenset({"reply", "quote", "sensitive"})
PLACES: Final = frozenset({"library", "public", "all"})

_PART = regex.compile(r'(?P<minus>-)?+(?:["“”„](?P<phrase>[^"“”„]*+)["“”„]|(?P<word>[^\s"“”„]++))|["“”„-]')


class Operators(msgspec.Struct, frozen=True, kw_only=True):
    """What a query asks of a post besides its words. `since` is included, `until` is not (dates in UTC)."""

    authors: list[str] = []
    has: list[str] = []
    properties: list[str] = []
    language: str | None = None
    place: str | None = None
    since: date | None = None
    until: date | None = None
    not_authors: list[str] = []
    not_has: list[str] = []
    not_properties: list[str] = []


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A post matches if it has all `required` terms, none of `excluded`, and passes `phrases_match` on its text.

    `exact` terms only rank. `required` may be empty when the query holds only operators or exclusions.
    """

    required: list[str] = []
    exact: list[str] = []
    phrases: list[str] = []
    excluded: list[str] = []
    excluded_phrases: list[str] = []
    operators: Operators = Operators()

    @property
    def is_empty(self) -> bool:
        return self == SearchQuery()


def parse_query(q: str) -> SearchQuery:
    """The typed form of a query; only its first 1 000 characters count."""
    reading = _Reading()
    for part in _PART.finditer(q[:MAX_QUERY]):
        minus = part["minus"] is not None
        if part["phrase"] is not None:
            reading.add_text(part["phrase"], minus=minus, phrase=True)
        elif part["word"] is not None and not reading.add_operator(part["word"], minus=minus):
            reading.add_text(part["word"], minus=minus, phrase=False)
    return reading.query()


def phrases_match(query: SearchQuery, text: str) -> bool:
    """Verify on a found post's plain text what terms alone cannot decide."""
    if not query.phrases and not query.excluded_phrases:
        return True
    folded = fold(text)
    return all(contains_phrase(folded, phrase) for phrase in query.phrases) and not any(
        contains_phrase(folded, phrase) for phrase in query.excluded_phrases
    )


class _Reading:
    """Collects the parts of one query."""

    def __init__(self) -> None:
        self.required: dict[str, None] = {}
        self.exact: dict[str, None] = {}
        self.excluded: dict[str, None] = {}
        self.phrases: list[str] = []
        self.excluded_phrases: list[str] = []
        self.lists: dict[str, list[str]] = {}
        self.language: str | None = None
        self.place: str | None = None
        self.since: date | None = None
        self.until: date | None = None

    def add_text(self, text: str, *, minus: bool, phrase: bool) -> None:
        terms: list[str] = []
        for word, paired in words(text):
            terms += pairs(word) if paired else word_terms(word)
        plain = [term for term in terms if not term.startswith(EXACT)]
        if minus:
            if len(plain) == 1:
                self.excluded[plain[0]] = None
            elif plain:
                self.excluded_phrases.append(fold(text))
            return
        self.required.update(dict.fromkeys(plain))
        self.exact.update(dict.fromkeys(term for term in terms if term.startswith(EXACT)))
        if phrase and len(plain) > 1:
            self.phrases.append(fold(text))

    def add_operator(self, word: str, *, minus: bool) -> bool:
        name, colon, value = word.partition(":")
        read = _OPERATORS.get(name.lower()) if colon and value else None
        return read is not None and read(self, value, minus)

    def add_author(self, value: str, minus: bool) -> bool:
        handle = parse_handle(value)
        if handle is None:
            return False
        name, host = handle
        return self._add("not_authors" if minus else "authors", name.lower() + (f"@{host}" if host else ""))

    def add_has(self, value: str, minus: bool) -> bool:
        return value.lower() in HAS and self._add("not_has" if minus else "has", value.lower())

    def add_property(self, value: str, minus: bool) -> bool:
        return value.lower() in IS and self._add("not_properties" if minus else "properties", value.lower())

    def add_language(self, value: str, minus: bool) -> bool:
        code = check_language(value)
        if code is None or minus:
            return False
        self.language = code
        return True

    def add_place(self, value: str, minus: bool) -> bool:
        if minus or value.lower() not in PLACES:
            return False
        self.place = value.lower()
        return True

    def add_before(self, value: str, minus: bool) -> bool:
        return self._between(None, _day(value), minus)

    def add_after(self, value: str, minus: bool) -> bool:
        day = _day(value)
        return self._between(_next(day), None, minus)

    def add_during(self, value: str, minus: bool) -> bool:
        day = _day(value)
        return self._between(day, _next(day), minus)

    def query(self) -> SearchQuery:
        operators = Operators(
            authors=self.lists.get("authors", []),
            has=self.lists.get("has", []),
            properties=self.lists.get("properties", []),
            language=self.language,
            place=self.place,
            since=self.since,
            until=self.until,
            not_authors=self.lists.get("not_authors", []),
            not_has=self.lists.get("not_has", []),
            not_properties=self.lists.get("not_properties", []),
        )
        return SearchQuery(
            required=list(self.required)[:MAX_QUERY_TERMS],
            exact=list(self.exact)[:MAX_QUERY_TERMS],
            phrases=self.phrases,
            excluded=list(self.excluded)[:MAX_QUERY_TERMS],
            excluded_phrases=self.excluded_phrases,
            operators=operators,
        )

    def _add(self, name: str, value: str) -> bool:
        found = self.lists.setdefault(name, [])
        if value not in found:
            found.append(value)
        return True

    def _between(self, since: date | None, until: date | None, minus: bool) -> bool:
        if minus or (since is None and until is None):
            return False
        if since is not None:
            self.since = since if self.since is None else max(self.since, since)
        if until is not None:
            self.until = until if self.until is None else min(self.until, until)
        return True


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if len(value) == 10 else None
    except ValueError:
        return None


def _next(day: date | None) -> date | None:
    return None if day is None or day == date.max else day + timedelta(days=1)


_OPERATORS: Final[dict[str, Callable[[_Reading, str, bool], bool]]] = {
    "from": _Reading.add_author,
    "has": _Reading.add_has,
    "is": _Reading.add_property,
    "language": _Reading.add_language,
    "in": _Reading.add_place,
    "before": _Reading.add_before,
    "after": _Reading.add_after,
    "during": _Reading.add_during,
}
