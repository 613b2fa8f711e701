"""How somebody wants to see the pages: language, theme and text size. The app writes them into cookies that are no
secret, so that the server's first answer already looks right and nothing flashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

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
    cookies: Mapping[str, str] = call.cookies
    theme, text = cookies.get("weft_theme", ""), cookies.get("weft_text", "")
    accepted = call.headers.get(b"accept-language", b"")
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
