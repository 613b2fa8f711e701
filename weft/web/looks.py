"""How somebody wants to see the pages: language, theme and text size. The app writes them into cookies that are no
secret, so that the server's first answer already looks right and nothing flashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from weft.infra.routing.access import read_cookies
from weft.infra.routing.answers import Scope
from weft.infra.routing.table import Call
from weft.web.texts import LANGUAGES

THEMES = ("light", "dark")
SIZES = ("115", "130", "150", "200")


class Look(msgspec.Struct, frozen=True):
    language: str = "en"
    theme: str = ""
    """``light`` or ``dark``; empty for the system's own."""
    text: str = ""
    """Text size in percent; empty for 100."""


def look_of(call: Call[Any, Any], asked_language: str = "") -> Look:
    """What this browser wants; ``asked_language`` is the address's own wish and wins."""
    return _look(call.headers, call.cookies, asked_language)


def look_before(scope: Scope) -> Look:
    """The same of a request that came to no route, or was refused before its cookies were read."""
    headers: dict[bytes, bytes] = dict(scope["headers"])
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("lang", [""])
    return _look(headers, read_cookies(headers.get(b"cookie", b"")), asked[0])


def _look(headers: Mapping[bytes, bytes], cookies: Mapping[str, str], asked_language: str) -> Look:
    theme, text = cookies.get("weft_theme", ""), cookies.get("weft_text", "")
    accepted = headers.get(b"accept-language", b"")
    return Look(
        choose_language(asked_language or cookies.get("weft_lang", ""), accepted),
        theme if theme in THEMES else "",
        text if text in SIZES else "",
    )


def choose_language(asked: str, accepted: bytes) -> str:
    """The first language asked for that we speak, from the address or from the browser."""
    for text in (asked, *accepted.decode("latin-1")[:200].split(",")):
        language = text.partition(";")[0].strip().partition("-")[0].lower()
        if language in LANGUAGES:
            return language
    return "en"
