"""The accounts that one browser is signed in to: the one in use and, in a second cookie, those beside it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from weft.accounts.secrets import bucket_in
from weft.accounts.sessions import SESSION_MS
from weft.infra.routing.cookies import OTHERS, SESSION, Header, cookie_name, forget_cookie, set_cookie

MOST_ACCOUNTS = 5
SESSION_S = SESSION_MS // 1000
_BETWEEN = "."


class Jar(msgspec.Struct, frozen=True):
    """The sessions' texts; those beside the present one stand newest first."""

    active: str = ""
    others: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return (self.active, *self.others) if self.active else self.others

    def with_active(self, text: str) -> Jar:
        """The same with this session in use, and the one before it beside; the oldest beyond the most fall out."""
        rest = tuple(other for other in self.all if other != text)
        return Jar(text, rest[: MOST_ACCOUNTS - 1])

    def without(self, *texts: str) -> Jar:
        """Less these; where the one in use is among them, the newest beside it takes its place."""
        left = tuple(other for other in self.all if other not in texts)
        return Jar(left[0], left[1:]) if left else Jar()

    def cookies(self, scheme: str) -> list[Header]:
        """The lines that make a browser hold just these."""
        if not self.active:
            return [forget_cookie(scheme, SESSION), forget_cookie(scheme, OTHERS)]
        beside = _BETWEEN.join(self.others)
        return [
            set_cookie(scheme, SESSION, self.active, SESSION_S),
            set_cookie(scheme, OTHERS, beside, SESSION_S) if beside else forget_cookie(scheme, OTHERS),
        ]


def read_jar(cookies: Mapping[str, str], scheme: str) -> Jar:
    """What a browser holds, without what cannot be a session."""
    active = cookies.get(cookie_name(scheme, SESSION), "")
    beside = cookies.get(cookie_name(scheme, OTHERS), "").split(_BETWEEN)[: MOST_ACCOUNTS - 1]
    others = dict.fromkeys(text for text in beside if text != active and bucket_in(text) is not None)
    return Jar(active if bucket_in(active) is not None else "", tuple(others))
