"""What good means, in one place: the bars that `weft bench` holds its measurements against.

Source: the table of section 5 in the design ("What good means here"), two cores, CPU of all the server's processes.
Nothing here is a measurement.
"""

from __future__ import annotations

import msgspec


class Bar(msgspec.Struct, frozen=True):
    """At most this much of a unit, or at least where ``at_least``."""

    limit: float
    unit: str
    at_least: bool = False

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g} {self.unit}"


# CPU per request, by scenario.
CPU_US = {
    "home": Bar(80, "us"),
    "home_cold": Bar(1500, "us"),
    "public": Bar(100, "us"),
    "post_one": Bar(60, "us"),
    "context": Bar(150, "us"),
    "notifications": Bar(200, "us"),
    "post": Bar(600, "us"),
    "like": Bar(400, "us"),
    "sign_up": Bar(2000, "us"),
}

# Everything else, by the name of the measured value.
OTHER = {
    "home requests/s": Bar(10_000, "/s", at_least=True),
    "celebrity / post": Bar(2, "x"),
    "first start": Bar(8, "s"),
    "later start": Bar(2, "s"),
    "memory": Bar(250, "MB"),
    "kept rate": Bar(500, "/s", at_least=True),
    "stream idle p99": Bar(10, "ms"),
    "home idle p99": Bar(10, "ms"),
    "stream loaded p99": Bar(50, "ms"),
    "home loaded p99": Bar(50, "ms"),
    "home beside askers": Bar(1.1, "x"),
    "first load script": Bar(70, "kB"),
    "first load style": Bar(15, "kB"),
    "html to first post": Bar(250, "ms"),
    "scroll script p50": Bar(4, "ms"),
    "scroll script p95": Bar(16, "ms"),
    "scroll heap": Bar(60, "MB"),
    "scroll elements": Bar(1500, ""),
    "chat tokens / direct": Bar(0.95, "x", at_least=True),
    "embed 1000 posts": Bar(15, "s"),
    "embed / direct": Bar(1.2, "x"),
    "composer key p50": Bar(8, "ms"),
    "composer key p95": Bar(16, "ms"),
    "semantic search": Bar(30, "ms"),
    "hub kept rate": Bar(100, "/s", at_least=True),
}
