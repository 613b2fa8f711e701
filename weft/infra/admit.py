"""The one gate for limits: who may do how much of what in which time, counted for all worker processes of a machine.
The rate classes are the constants below; what a refusal looks like is the edge's affair, as is which key (account,
address block, domain) a class is counted by. Counts are fixed windows that start at whole multiples of their length.
"""

from pathlib import Path

import msgspec

from weft.infra.addresses import ClientAddress, Network, address_key, client_address
from weft.infra.gate import Gate
from weft.infra.windows import Windows
from weft.kernel.clock import Clock, rfc3339

__all__ = [
    "Admit",
    "ClientAddress",
    "Gate",
    "Network",
    "RateClass",
    "Verdict",
    "address_key",
    "client_address",
]

Header = tuple[bytes, bytes]


class RateClass(msgspec.Struct, frozen=True):
    """At most `limit` in each `window_s` seconds, per key. The name keeps its counts apart from other classes'."""

    name: str
    limit: int
    window_s: int


class Verdict(msgspec.Struct, frozen=True, gc=False):
    allowed: bool
    limit: int
    remaining: int
    reset_ms: int


MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# Counted per account and per address (the same numbers as Mastodon's, because apps are tuned to them).
API = RateClass("api", 300, 5 * MINUTE)
API_ADDRESS = RateClass("api_address", 300, 5 * MINUTE)
MEDIA = RateClass("media", 30, 30 * MINUTE)
DELETE = RateClass("delete", 30, 30 * MINUTE)

# Counted per account. Replies and reposts are posts.
POST = RateClass("post", 300, 3 * HOUR)
FOLLOW = RateClass("follow", 400, DAY)
REPORT = RateClass("report", 400, DAY)
SEARCH = RateClass("search", 100, 5 * MINUTE)
ASSISTANT = RateClass("assistant", 120, 5 * MINUTE)
STREAM_OPEN = RateClass("stream_open", 60, 5 * MINUTE)

# Counted per account, and per thread, that mentions the assistant.
ASSISTANT_MENTION = RateClass("assistant_mention", 30, DAY)
ASSISTANT_NEWCOMER = RateClass("assistant_newcomer", 5, DAY)
ASSISTANT_THREAD = RateClass("assistant_thread", 10, DAY)

# Counted per address block: these callers are not known yet.
SIGN_UP = RateClass("sign_up", 5, 30 * MINUTE)
SIGN_IN_ADDRESS = RateClass("sign_in_address", 25, 5 * MINUTE)
REGISTER_APP = RateClass("register_app", 30, 10 * MINUTE)
TOKEN = RateClass("token", 60, 5 * MINUTE)
PAGE = RateClass("page", 300, 15 * MINUTE)
MEDIA_FILE = RateClass("media_file", 3000, 5 * MINUTE)
HUB_REQUEST = RateClass("hub_request", 10, HOUR)
HUB_FILE = RateClass("hub_file", 200, 5 * MINUTE)

# Counted per account that is guessed at, wherever the guesses come from.
SIGN_IN_ACCOUNT = RateClass("sign_in_account", 10, 10 * MINUTE)
SECOND_FACTOR = RateClass("second_factor", 5, 10 * MINUTE)
CONFIRM_MAIL = RateClass("confirm_mail", 5, 30 * MINUTE)
INVITE_MAIL = RateClass("invite_mail", 10, DAY)
RESET_PASSWORD = RateClass("reset_password", 5, 30 * MINUTE)

CACHED_HEADERS = 4096


class Admit:
    """Counts what callers do and says whether they may go on.

    When disabled it still counts, so that the headers stay true; it then never refuses and always leaves one, because
    clients stop by themselves when they read that nothing remains.
    """

    def __init__(self, path: Path | None, clock: Clock, enabled: bool) -> None:
        self._windows = Windows(path)
        self._now_ms = clock.now_ms
        self._enabled = enabled
        self._limits: dict[int, Header] = {}
        self._remainders: dict[int, Header] = {}
        self._resets: dict[int, Header] = {}

    def check(self, rate: RateClass, key: str | int, cost: int = 1) -> Verdict:
        """Count `cost` against the key and allow it, or refuse and count nothing."""
        now_ms = self._now_ms()
        window_ms = rate.window_s * 1000
        end_ms = now_ms - now_ms % window_ms + window_ms
        limit = rate.limit
        windows = self._windows
        words = windows.words
        digest = windows.hashes.get((rate.name, key), 0)
        cell = windows.places.get(digest, 0)
        if not digest or words[cell] != digest or words[cell + 1] != end_ms:
            cell = windows.cell_of(rate.name, key, end_ms, now_ms)
        count = words[cell + 2] + cost
        if count <= limit:
            words[cell + 2] = count
            remaining = limit - count
            return Verdict(True, limit, remaining if remaining or self._enabled else 1, end_ms)
        if self._enabled:
            return Verdict(False, limit, max(0, limit - count + cost), end_ms)
        return Verdict(True, limit, 1, end_ms)

    def forgive(self, rate: RateClass, key: str | int, cost: int = 1) -> None:
        """Give back what was counted for something that then did not happen, such as a right password."""
        now_ms = self._now_ms()
        window_ms = rate.window_s * 1000
        end_ms = now_ms - now_ms % window_ms + window_ms
        cell = self._windows.cell_of(rate.name, key, end_ms, now_ms)
        words = self._windows.words
        words[cell + 2] = max(0, words[cell + 2] - cost)

    def headers(self, verdict: Verdict) -> list[tuple[bytes, bytes]]:
        """The three response headers; the reset is a time of day, as Mastodon's clients parse it."""
        return [
            self._limits.get(verdict.limit) or self._new_header(self._limits, b"x-ratelimit-limit", verdict.limit),
            self._remainders.get(verdict.remaining)
            or self._new_header(self._remainders, b"x-ratelimit-remaining", verdict.remaining),
            self._resets.get(verdict.reset_ms) or self._new_reset(verdict.reset_ms),
        ]

    def close(self) -> None:
        self._windows.close()

    def _new_header(self, cache: dict[int, Header], name: bytes, value: int) -> Header:
        if len(cache) >= CACHED_HEADERS:
            cache.clear()
        cache[value] = header = (name, str(value).encode())
        return header

    def _new_reset(self, reset_ms: int) -> Header:
        if len(self._resets) >= CACHED_HEADERS:
            self._resets.clear()
        self._resets[reset_ms] = header = (b"x-ratelimit-reset", rfc3339(reset_ms).encode())
        return header
