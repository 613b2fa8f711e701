"""The texts of the pages: one module per language, with the same keys in each (a test compares them)."""

from __future__ import annotations

from collections.abc import Mapping

from weft.web.texts import en, ko, vi

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": en.TEXTS, "vi": vi.TEXTS, "ko": ko.TEXTS}


def texts_in(language: str) -> Mapping[str, str]:
    return LANGUAGES.get(language, en.TEXTS)


def scopes_in_words(scopes: frozenset[str], language: str) -> list[str]:
    """What the scopes let an app do, one line for each kind of power."""
    texts = texts_in(language)
    words = [texts[f"scope.{scope}"] for scope in _WHOLE if scope in scopes]
    for power in ("read", "write", "admin:read", "admin:write"):
        things = sorted(scope.rpartition(":")[2] for scope in scopes if scope.rpartition(":")[0] == power)
        if things and power not in scopes:
            names = ", ".join(texts[f"thing.{thing}"] for thing in things)
            words.append(texts[f"scope.{power}.some"].format(things=names))
    return words


_WHOLE = ("profile", "read", "write", "follow", "push", "admin:read", "admin:write")
