"""The engine process: llama.cpp's server on a Unix socket, for one model. `python -m weft.infra.engine.serve` reads
what it shall do (`Order`, with the key) from standard input, says where it is in a file, and ends when nobody has
used it for a while or whoever started it ends. It runs at low priority and holds the lock that makes it the only one.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from weft.infra.engine.files import FileRefused, Model, ModelFiles, put
from weft.infra.engine.safetensors import NotReadable

if TYPE_CHECKING:
    from types import FrameType

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
NICENESS = 10
REFUSED = 3
"""Exit status: the model's file may not be used; starting again will not help."""
LOOK_S = 1.0
END_S = 2.0
# CPU time between two looks of an engine that has something to do; one that waits takes next to none.
AT_WORK_S = 0.02
EMBED_BATCH = 2048
CACHE_MIB = 128
# Address space beyond the model's file: context, caches, the libraries.
ROOM = 6 << 30


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve and where. Times are seconds; paths belong to one capability."""

    model: Model
    models: str
    """DATA/models."""
    socket: str
    state: str
    used: str
    """A file that is touched at each use."""
    starts: str
    """The file that counts starts; emptied at an orderly end."""
    key: str
    threads: int
    slots: int
    idle_s: float
    parent: int


class State(msgspec.Struct, frozen=True):
    """What the engine says of itself once it answers."""

    pid: int
    born: str
    """When the process started, as the kernel counts: a number taken over by another process is told by it."""
    socket: str
    key: str
    model: str
    sha256: str
    context: int
    slots: int


class Refusal(msgspec.Struct, frozen=True):
    """Instead of a state: why there is no engine."""

    refused: str


def main() -> int:
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    lower(order.parent)
    try:
        path = ModelFiles(Path(order.models)).prepare(order.model)
    except (FileRefused, NotReadable) as error:
        put(Path(order.state), msgspec.json.encode(Refusal(str(error))))
        sys.stderr.write(f"{error}\n")
        return REFUSED
    limit_memory(path.stat().st_size)
    with suppress(FileNotFoundError):
        Path(order.socket).unlink()
    server = start(order, path)
    put(Path(order.state), msgspec.json.encode(state_of(order)))
    wait_until_idle(order)
    # Only an end without words counts as a death.
    for name in (order.state, order.starts, order.socket):
        with suppress(FileNotFoundError):
            Path(name).unlink()
    end_soon()
    del server
    return 0


def end_soon() -> None:
    """End within seconds, whatever still runs: the server would finish every answer first, and keep the lock."""
    late = threading.Timer(END_S, os._exit, (0,))
    late.daemon = True
    late.start()


def lower(parent: int) -> None:
    """Behind everything else that runs here, unseen by others, and gone with whoever started it."""
    os.nice(NICENESS)
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        kernel = ctypes.CDLL(None)
        kernel.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        kernel.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def limit_memory(model_bytes: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = 2 * model_bytes + ROOM
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard < 0 else min(wanted, hard), hard))


def start(order: Order, path: Path) -> Any:
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = str(path)
    wanted.model_alias = {order.model.name}
    wanted.hostnames = [order.socket]
    wanted.api_keys = [order.key]
    wanted.ui = wanted.endpoint_slots = wanted.endpoint_props = wanted.endpoint_metrics = False
    wanted.verbosity = 1
    wanted.n_parallel = order.slots
    wanted.n_ctx = order.model.context * order.slots
    wanted.cache_ram_mib = CACHE_MIB
    wanted.cpuparams.n_threads = wanted.cpuparams_batch.n_threads = order.threads
    if order.model.task == "embed":
        wanted.embedding = True
        wanted.n_batch = wanted.n_ubatch = EMBED_BATCH
        wanted.cache_ram_mib = 0
    return xllamacpp.Server(wanted)


def state_of(order: Order) -> State:
    model = order.model
    return State(
        pid=os.getpid(),
        born=born(os.getpid()),
        socket=order.socket,
        key=order.key,
        model=model.name,
        sha256=model.sha256,
        context=model.context,
        slots=order.slots,
    )


def born(pid: int) -> str:
    """When a process started, or empty: it has ended, or this system does not say."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def wait_until_idle(order: Order) -> None:
    asked_to_end = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        asked_to_end.set()

    signal.signal(signal.SIGTERM, end)
    used = Path(order.used)
    pause = min(LOOK_S, order.idle_s / 4)
    # Counted by our own watch: the file's time says only whether it was used since we last looked. A long answer
    # touches no file, but it computes.
    seen, spent, since = 0, time.process_time(), time.monotonic()
    while not asked_to_end.wait(pause):
        touched, computed = used.stat().st_mtime_ns if used.exists() else 0, time.process_time()
        if touched != seen or computed - spent > AT_WORK_S:
            since = time.monotonic()
        elif time.monotonic() - since > order.idle_s:
            return
        seen, spent = touched, computed


if __name__ == "__main__":
    sys.exit(main())
