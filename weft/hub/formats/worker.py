"""The process that reads one file: it comes open on standard input, the facts leave on standard output as JSON.

It enters the same walls as the programs that decode pictures before it reads a byte, and ends after one file.
"""

from __future__ import annotations

import os
import sys

import msgspec

from weft.hub.formats.reader import read_file
from weft.hub.formats.source import Facts, Fault, Refused
from weft.media.service import sandbox

LIMITS = sandbox.Limits(memory=2048 * sandbox.MEBIBYTE, cpu_seconds=120)


class Said(msgspec.Struct, frozen=True):
    """The one answer: facts, or what is wrong."""

    facts: Facts | None = None
    fault: Fault | None = None


def main() -> None:
    network_closed = sandbox.close_network()
    file, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    size = os.fstat(file.fileno()).st_size
    sandbox.enter(LIMITS, network_closed=network_closed)
    try:
        said = Said(facts=read_file(file, size, sys.argv[1]))
    except Refused as refused:
        said = Said(fault=refused.fault)
    answers.write(msgspec.json.encode(said))
    answers.flush()


if __name__ == "__main__":
    main()
