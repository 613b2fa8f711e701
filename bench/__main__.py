"""`python -m bench NAME ...`: the same as `weft bench`, with every option."""

from __future__ import annotations

import argparse
import sys

from bench.suite import NAMES, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measure what requests cost.")
    parser.add_argument("names", nargs="*", help=f"all, {', '.join(NAMES)}")
    parser.add_argument("--url", help="a server with the Mastodon API; without it one is seeded and started")
    parser.add_argument("--token", help="of an account there")
    parser.add_argument("--pid", type=int, help="first process of that server, for its CPU")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long `rate` posts")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    return run(given.names, given.url, given.token, as_json=given.json, pid=given.pid, seconds=given.seconds)


if __name__ == "__main__":
    sys.exit(main())
