"""Benchmarks anyone can run: `weft bench NAME`, against any server that speaks the Mastodon API.

They are a package beside `weft`, never inside it: a running community carries no load generator.
"""

from bench.suite import NAMES, run

__all__ = ["NAMES", "run"]
