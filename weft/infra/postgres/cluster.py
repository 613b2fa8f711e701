"""The embedded PostgreSQL of one data folder: started, watched, restarted and stopped by a synchronous supervisor.

The caller holds the data folder's lock. Nothing here uses threads or asyncio, since the supervisor forks workers.
"""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from weft.infra.postgres.binaries import Binaries, Notice, binaries_for
from weft.infra.postgres.configuration import Tuning, write_configuration
from weft.infra.postgres.creation import create_cluster, write_major
from weft.infra.postgres.errors import PostgresFailed
from weft.infra.postgres.layout import PORT, Layout, claim_place, find_layout, make_data_folder, make_socket_folder
from weft.infra.postgres.log import last_words, open_log, trim_log
from weft.infra.postgres.people import give_cluster
from weft.infra.postgres.process import PAUSE, PROC, end_leftovers, read_postmaster, spawn

FIRST_BACKOFF = 0.1
LONGEST_BACKOFF = 8.0
MOST_CRASHES = 8
CALM = 60.0
LONGEST_START = 600.0
TALK_AFTER = 5.0


class Cluster:
    """One embedded cluster belonging to a Weft data folder."""

    def __init__(self, data: Path, notice: Notice, *, tuning: Tuning | None = None) -> None:
        self.data = data
        self._notice = notice
        self._tuning = tuning if tuning is not None else Tuning()
        self._layout: Layout | None = None
        self._binaries: Binaries | None = None
        self._argv: list[str] = []
        self._server: subprocess.Popen[bytes] | None = None
        self._supervisor = 0
        self._crashes = 0
        self._up_since = 0.0
        self._restart_at = 0.0
        self._log_from = 0
        self._look_at_log = 0.0

    @property
    def url(self) -> str:
        return self._known_layout.url

    @property
    def binaries(self) -> Binaries:
        if self._binaries is None:
            raise PostgresFailed("PostgreSQL has not been started yet.")
        return self._binaries

    @property
    def pid(self) -> int | None:
        """The server's process number, or None while there is none."""
        return self._server.pid if self._server is not None and self._server.poll() is None else None

    def start(self) -> str:
        """Bring the cluster up, making it first where there is none, and give back its URL."""
        if not PROC.is_dir():
            raise PostgresFailed("The embedded PostgreSQL needs Linux with /proc; elsewhere pass --database URL.")
        make_data_folder(self.data)
        layout = self._layout = find_layout(self.data)
        self._binaries = binaries_for(layout, self._notice)
        claim_place(layout)
        if layout.place != layout.data:
            self._notice(f"User {layout.user.name} cannot enter {layout.data}; the database lies in {layout.place}.")
        if not layout.pg.exists():
            create_cluster(layout, self._binaries)
        elif not layout.major_file.exists():
            write_major(layout, self._binaries.major)
        if give_cluster(layout.pg, layout.user):
            self._notice(f"The database in {layout.pg} belonged to root; it now belongs to user {layout.user.name}.")
        make_socket_folder(layout)
        self._clear_ground()
        settings = write_configuration(layout, self._binaries, self._tuning)
        program = self._binaries.program("postgres")
        self._argv = [program, "-D", str(layout.pg), "-c", f"config_file={settings}"]
        self._supervisor = os.getpid()
        self._crashes = 0
        self._spawn()
        self._wait_until_ready()
        return layout.url

    def poll(self) -> None:
        """Notice a crash and restart after a pause that doubles; give up after too many in a row."""
        now = time.monotonic()
        if self._server is None:
            if self._restart_at and now >= self._restart_at:
                self._clear_ground()
                self._spawn()
            return
        code = self._server.poll()
        if code is not None:
            self._server = None
            self._plan_restart(now, code)
        elif now - self._up_since > CALM:
            self._crashes = 0
            if now >= self._look_at_log:
                self._look_at_log = now + CALM
                trim_log(self._known_layout.log)

    def stop(self, *, patience: float = 8.0) -> None:
        """Shut down fast, and at once where that takes too long; both lose nothing that was acknowledged."""
        server, self._server = self._server, None
        self._restart_at = 0.0
        if server is None or os.getpid() != self._supervisor:
            return
        for name, seconds in ((signal.SIGINT, patience), (signal.SIGQUIT, 6.0), (signal.SIGKILL, 2.0)):
            server.send_signal(name)
            try:
                server.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                continue
        with contextlib.suppress(OSError):
            self._known_layout.sockets.rmdir()

    @property
    def _known_layout(self) -> Layout:
        if self._layout is None:
            raise PostgresFailed("PostgreSQL has not been started yet.")
        return self._layout

    def _clear_ground(self) -> None:
        """End what a killed server left, and drop its lock files: the process they name may be anybody's by now."""
        layout = self._known_layout
        end_leftovers(layout.pg)
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (layout.sockets / name).unlink(missing_ok=True)

    def _spawn(self) -> None:
        layout = self._known_layout
        with open_log(layout.log) as log:
            self._log_from = log.tell()
            self._server = spawn(self._argv, layout.user, layout.pg, log.fileno())
        self._up_since = time.monotonic()
        self._restart_at = 0.0

    def _wait_until_ready(self) -> None:
        began = time.monotonic()
        told = False
        while not self._answers():
            waited = time.monotonic() - began
            if waited > LONGEST_START:
                self.stop()
                raise self._failure("did not become ready")
            if waited > TALK_AFTER and not told:
                told = True
                self._notice("PostgreSQL is still starting: it replays what an unclean stop left behind.")
            time.sleep(PAUSE)
            self._server_or_retry()

    def _answers(self) -> bool:
        server = self._server
        known = read_postmaster(self._known_layout.pg)
        return server is not None and known is not None and known.pid == server.pid and known.ready

    def _server_or_retry(self) -> None:
        """While starting: the memory of a killed server may still be in use for a moment, so try again."""
        if self._server is not None and self._server.poll() is None:
            return
        if self._server is not None and "shared memory" not in last_words(self._known_layout.log, self._log_from):
            self._server = None
            raise self._failure("did not start")
        self.poll()

    def _plan_restart(self, now: float, code: int) -> None:
        self._crashes += 1
        if self._crashes > MOST_CRASHES:
            raise self._failure(f"ended {self._crashes} times in a row, last with code {code}")
        pause = min(FIRST_BACKOFF * 2 ** (self._crashes - 1), LONGEST_BACKOFF)
        self._restart_at = now + pause
        self._notice(f"PostgreSQL ended unexpectedly (code {code}); starting it again in {pause:.1f} s.")

    def _failure(self, what: str) -> PostgresFailed:
        layout = self._known_layout
        said = last_words(layout.log, self._log_from) or "it said nothing"
        return PostgresFailed(
            f"{self._binaries} {what} in {layout.pg} as user {layout.user.name}: {said} The whole log is {layout.log}."
        )
