"""What `weft up` does, in order: own the data folder, open the sockets, start the database and the workers, say that
it is ready, watch, and stop everything again. The exit status says whether that went well.
"""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Callable, Sequence

from weft.infra.db.migrate import MigrationFailed
from weft.infra.postgres import PostgresFailed, lock_data_folder
from weft.operations.listen import CannotListen
from weft.operations.supervisor import StartFailed, Supervisor
from weft.operations.worker import BuildWorker, ServeMetrics
from weft.settings import Settings

FirstLines = Callable[[Settings, str], Sequence[str]]
"""What to tell the operator of a fresh server, from the settings and the database's URL."""


def serve(
    settings: Settings,
    build: BuildWorker,
    *,
    first_lines: FirstLines | None = None,
    serve_metrics: ServeMetrics | None = None,
) -> int:
    """Run a server until it is told to stop, and say the exit status of the program."""
    try:
        with lock_data_folder(settings.folder):
            _raise_file_limit()
            supervisor = Supervisor(settings, build, _tell)
            with supervisor.signals():
                return _run(supervisor, first_lines, serve_metrics)
    except StartFailed:
        _tell("A worker did not start; the lines above say why.")
    except (PostgresFailed, MigrationFailed, CannotListen) as error:
        _tell(str(error))
    return 1


def _run(supervisor: Supervisor, first_lines: FirstLines | None, serve_metrics: ServeMetrics | None) -> int:
    try:
        supervisor.open_sockets(serve_metrics)
        supervisor.start_database()
        if not supervisor.asked_to_stop:
            supervisor.start_workers()
            lines = first_lines(supervisor.settings, supervisor.url) if first_lines is not None else ()
            supervisor.wait_until_ready()
            if not supervisor.asked_to_stop:
                print(*lines, f"Weft is ready at {supervisor.settings.url}", sep="\n", flush=True)
        supervisor.watch()
        return 0
    finally:
        supervisor.stop()


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _raise_file_limit() -> None:
    """Each open stream is a file, and the usual 1024 are soon used up."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
