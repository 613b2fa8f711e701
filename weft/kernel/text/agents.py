"""What a browser calls itself, in two words for people: which browser, on which system. Only a rough guess is possible,
and more is not needed to tell one's own machines apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

_Marks = Sequence[tuple[str, re.Pattern[str]]]

# The order matters: most browsers also call themselves by the names of others.
_BROWSERS: Final[_Marks] = [
    ("Edge", re.compile("Edg(?:e|A|iOS)?/")),
    ("Opera", re.compile("(?:OPR|OPT|OPX|Opera)/")),
    ("Samsung Internet", re.compile("SamsungBrowser/")),
    ("Whale", re.compile("Whale/")),
    ("Cốc Cốc", re.compile("coc_coc_browser/")),
    ("Vivaldi", re.compile("Vivaldi/")),
    ("Firefox", re.compile("(?:Firefox|FxiOS)/")),
    ("Chromium", re.compile("Chromium/")),
    ("Chrome", re.compile("(?:Chrome|CriOS)/")),
    ("Safari", re.compile("^(?>.*?Version/).*Safari/")),
]
_SYSTEMS: Final[_Marks] = [
    ("iPhone", re.compile("iPhone")),
    ("iPad", re.compile("iPad")),
    ("Android", re.compile("Android")),
    ("ChromeOS", re.compile("CrOS")),
    ("Windows", re.compile("Windows")),
    ("macOS", re.compile("Mac OS X|Macintosh")),
    ("Linux", re.compile("Linux|X11")),
]
_PHONE = re.compile("iPhone|Android|Mobile")


class Agent(msgspec.Struct, frozen=True):
    """Empty words for what it does not tell."""

    browser: str
    system: str
    is_phone: bool


def agent_of(text: str) -> Agent:
    """Read what a browser sent as its ``User-Agent``."""
    return Agent(_first(_BROWSERS, text), _first(_SYSTEMS, text), _PHONE.search(text) is not None)


def _first(among: _Marks, text: str) -> str:
    return next((name for name, mark in among if mark.search(text)), "")
