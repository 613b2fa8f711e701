"""The kinds of refusal that Weft knows.

Code below the edges raises one of these with a code and values that anyone may see; the edge finds the sentence
and the number (404, 422, ...) in its tables. Secrets and internals never travel in an error.
"""

from __future__ import annotations


class WeftError(Exception):
    """A refusal with a code such as ``post.too_long`` and the values its sentence needs."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


class NotFound(WeftError):
    """It does not exist, or the caller may not know that it does: both look alike."""


class Forbidden(WeftError):
    """The caller may know that it exists but may not do this."""


class Unauthenticated(WeftError):
    """The request carries no valid proof of who is asking."""


class Invalid(WeftError):
    """The input was understood and cannot be accepted."""


class Malformed(WeftError):
    """The input could not be read at all: broken JSON, invalid UTF-8, an impossible length."""


class TooLarge(WeftError):
    """The body is larger than its route takes."""


class Conflict(WeftError):
    """Somebody else changed it first."""


class Limited(WeftError):
    """Too many requests of this class from this caller."""


class Unavailable(WeftError):
    """Something that Weft needs is overloaded or away; trying again later may work."""
