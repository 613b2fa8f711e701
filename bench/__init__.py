"""Benchmarks anyone can run: `weft bench NAME`, against any server that speaks the Mastodon API.

They are a package beside `weft`, never inside it: a running community carries no load generator.
"""

from __future__ import annotations

from collections.abc import Sequence


def run(names: Sequence[str] = (), url: str | None = None, token: str | None = None) -> int:
    """Measure and print; see ``bench.suite.run``, which has more options."""
    from bench.suite import run as run_suite  # the generator's own process needs none of it

    return run_suite(names, url, token)
