"""The process that decodes pictures: jobs come in on standard input, answers leave on standard output.

Everything it will need is loaded and tried once before the walls close; afterwards there are no files to load from.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO, cast

from weft.kernel.errors import Invalid
from weft.media.processing import sandbox

if TYPE_CHECKING:
    from weft.media.processing import wire


def main() -> None:
    limits = sandbox.Limits(memory=int(sys.argv[1]), cpu_seconds=int(sys.argv[2]))
    network_closed = sandbox.close_network()
    # Imported late: the number of threads must still be one when the network is left.
    from weft.media.processing import images, wire

    jobs, answers = _own_the_pipes()
    images.warm_up()
    walls = sandbox.enter(limits, network_closed=network_closed)
    _send(answers, wire.pack(wire.Ready(walls)))
    while (head := jobs.read(wire.PREFIX.size)) != b"":
        job = wire.job_decoder.decode(jobs.read(wire.PREFIX.unpack(head)[0]))
        sandbox.start_cpu_budget(job.cpu_seconds)
        _send(answers, _answer(job))
        del job


def _own_the_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes and leave nothing on their old numbers, so that a library's words cannot spoil an answer."""
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return jobs, answers


def _answer(job: wire.Job) -> bytes:
    from weft.media.processing import images, wire

    code: wire.Code
    try:
        return wire.pack(images.process(job))
    except Invalid as refusal:
        code = cast("wire.Code", refusal.code)
    except MemoryError:
        code = "media.too_complex"
    except images.DECODER_FAULTS:
        code = "media.broken"
    return wire.pack(wire.Refused(code))


def _send(answers: BinaryIO, frame: bytes) -> None:
    answers.write(frame)
    answers.flush()


if __name__ == "__main__":
    main()
