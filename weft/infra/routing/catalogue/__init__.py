"""The sentences and numbers of refusals: a code's text in a language, and a kind's HTTP status.
Slices raise kinds and codes; this table is the only place that knows what a client reads.
"""

from __future__ import annotations

from collections.abc import Mapping

from weft.infra.routing.catalogue import en
from weft.kernel import errors
from weft.kernel.errors import WeftError

STATUS_OF_KIND: Mapping[type[WeftError], int] = {
    errors.Malformed: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.Invalid: 422,
    errors.Limited: 429,
    errors.Unavailable: 503,
}

STATUS_OF_CODE: Mapping[str, int] = {
    # An app's token is valid, it merely belongs to nobody: Mastodon answers 422.
    "token.no_user": 422,
    "route.method": 405,
    # A socket's opening is counted by hand, where only the gate may raise Limited.
    "stream.too_many": 429,
}

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": en.SENTENCES}
KIND_SENTENCES: Mapping[str, Mapping[type[WeftError], str]] = {"en": en.KINDS}


def status_of(error: WeftError) -> int:
    return STATUS_OF_CODE.get(error.code) or STATUS_OF_KIND.get(type(error), 500)


def sentence_of(error: WeftError, language: str = "en") -> str:
    """What to tell the caller; a code without a sentence of its own gets its kind's."""
    sentences = LANGUAGES.get(language, en.SENTENCES)
    pattern = sentences.get(error.code) or en.SENTENCES.get(error.code)
    if pattern is None:
        return KIND_SENTENCES.get(language, en.KINDS).get(type(error), en.FAILURE)
    if "{" not in pattern:
        return pattern
    try:
        return pattern.format_map({name: str(value)[:200] for name, value in error.values.items()})
    except KeyError:
        return KIND_SENTENCES.get(language, en.KINDS).get(type(error), en.FAILURE)
