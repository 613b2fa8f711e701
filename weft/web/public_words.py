"""The words of the public pages in one language: sentences, counts, dates. Times are UTC and say so, for a
reader's zone is not known to the server.
"""

from __future__ import annotations

from weft.kernel.clock import from_ms, rfc3339
from weft.web.pages import isolated
from weft.web.texts.public import PUBLIC

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Words:
    """One language; made for each page, and given to its templates as ``w``."""

    def __init__(self, language: str) -> None:
        self.language = language if language in PUBLIC else "en"
        self._texts = PUBLIC[self.language]

    def say(self, key: str, **names: object) -> str:
        """A sentence. What people chose to be called is kept from turning its direction."""
        text = self._texts[key]
        return text.format(**{name: isolated(str(value)) for name, value in names.items()}) if names else text

    def count(self, key: str, number: int) -> str:
        """``1 reply``, ``12,345 replies``"""
        form = "one" if number == 1 and self.language == "en" else "other"
        return self._texts[f"{key}.{form}"].format(count=self.number(number))

    def number(self, number: int) -> str:
        """``12,345``, or ``12.345`` in Vietnamese."""
        text = f"{number:,}"
        return text.replace(",", ".") if self.language == "vi" else text

    def day(self, ms: int) -> str:
        """``21 Nov 2026``"""
        moment = from_ms(ms)
        if self.language == "ko":
            return f"{moment.year}년 {moment.month}월 {moment.day}일"
        if self.language == "vi":
            return f"{moment.day} thg {moment.month}, {moment.year}"
        return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"

    def moment(self, ms: int) -> str:
        """``21 Nov 2026, 11:52 UTC``"""
        comma = "" if self.language == "ko" else ","
        return f"{self.day(ms)}{comma} {from_ms(ms):%H:%M} UTC"

    def machine(self, ms: int) -> str:
        """For ``datetime=``."""
        return rfc3339(ms)
