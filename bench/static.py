"""The yardstick: nginx with one worker process serving a file of the same size, in the same run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.load import Load, Plan
from bench.processes import cpu_us
from bench.wire import Address, Request

REQUESTS = 20_000
SECONDS = 4.0
CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;{user}
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 10000000;
  open_file_cache max=100; default_type application/json;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{ listen 127.0.0.1:{port}; root {folder}; }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Static:
    """A running nginx; what a size costs is measured once."""

    def __init__(self, pid: int, port: int, folder: Path) -> None:
        self._pid, self._port, self._folder = pid, port, folder
        self._known: dict[int, float] = {}

    def cpu_us(self, size: int) -> float:
        """CPU per request for a file of about this many bytes (to the nearest half KiB)."""
        size = max(round(size / 512) * 512, 64)
        if size not in self._known:
            self._known[size] = self._measure(size)
        return self._known[size]

    def _measure(self, size: int) -> float:
        (self._folder / f"{size}.json").write_bytes(b"x" * size)
        address = Address("127.0.0.1", self._port)
        request = Request(path=f"/{size}.json")
        load = Load(Plan(address=address, requests=[request], count=REQUESTS, seconds=SECONDS))
        before = cpu_us(self._pid)
        seen = load.run()
        return (cpu_us(self._pid) - before) / max(seen.requests, 1)


@contextmanager
def static_server() -> Iterator[Static | None]:
    """nginx on a free port, or None where there is none."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="weft-bench-nginx-") as name:
        folder, port = Path(name), free_port()
        user = " user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, user=user))
        process = subprocess.Popen(
            [program, "-p", name, "-c", str(folder / "nginx.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield Static(process.pid, port, folder) if _answers(process, port) else None
        finally:
            process.terminate()
            process.wait(10)


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            time.sleep(0.05)
    return False
