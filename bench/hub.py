"""The hub: forms at 100 a second for ten seconds, by the page and by the API, and what a download costs.

150 000 requests a week, the most that such a hub is known to have had, are one every four seconds.
"""

from __future__ import annotations

import hashlib
import re
import struct
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

import msgspec

from bench.bars import OTHER
from bench.community import empty_folder, settings_of
from bench.hub_load import SteadyPlan, SteadySeen
from bench.measure import Series, Value
from bench.processes import pss_mb
from bench.server import Server, serving
from weft.infra.db import Db
from weft.operations import hub as operations
from weft.operations.reach import work_at

RATE = 100.0
SECONDS = 10.0
WARM_S = 3.0
NAME = "bench"
API = "/api/weft/v1/hub"
WEIGHTS = 64 * 1024 * 1024
FORM = {"name": "Bench", "purpose": "To measure", "country": "VN", "licence_accepted": "true"}
CSRF = re.compile(r'name="csrf" value="([0-9a-f]+)"')
FORM_TYPE = "application/x-www-form-urlencoded"


def hub() -> Iterator[Series | Value]:
    """The scenario, on a community of its own that holds nothing else."""
    with empty_folder() as data, serving(data) as server:
        sha256 = _publish(server, data)
        yield from _rate(server, "hub form", _page_form(server), 303)
        yield from _rate(server, "hub request", _api_form(server), 200)
        yield from _download(server, sha256)


def _publish(server: Server, data: Path) -> str:
    """A model with one file of 256 MiB."""
    settings = settings_of(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.gguf"
        head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q", 1) + b"w"
        head += struct.pack("<IQIQ", 1, WEIGHTS, 0, 0)
        with path.open("wb") as file:
            file.write(head + b"\0" * (-len(head) % 32))
            file.truncate(file.tell() + 4 * WEIGHTS)
        wanted = operations.Wanted(source=str(path), name=NAME, licence="Apache-2.0", approval="automatic")

        async def publish(db: Db) -> dict[str, object]:
            return await operations.publish(db, settings, wanted)

        made: Any = server.run(work_at(server.url, settings, publish))
    return str(made["files"][0]["sha256"])


def _page_form(server: Server) -> bytes:
    """The form as a browser without script sends it, with its cookie and its proof."""
    with urllib.request.urlopen(f"http://{server.address.name}/hub/{NAME}") as answer:
        cookie = answer.headers["set-cookie"].partition(";")[0]
        found = CSRF.search(answer.read().decode())
    assert found is not None
    return _post(server, f"/hub/{NAME}", {**FORM, "csrf": found[1]}, f"Cookie: {cookie}\r\n")


def _api_form(server: Server) -> bytes:
    return _post(server, f"{API}/models/{NAME}/requests", FORM)


def _post(server: Server, path: str, form: dict[str, str], more: str = "") -> bytes:
    body = urlencode(form)
    return (
        f"POST {path} HTTP/1.1\r\nHost: {server.address.name}\r\n{more}Content-Type: {FORM_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def _rate(server: Server, name: str, request: bytes, expected: int) -> Iterator[Series | Value]:
    plan = SteadyPlan(address=server.address, request=request, expected=expected, rate=RATE, seconds=WARM_S)
    _play(plan)
    before, database = server.cpu_us(), server.database_us()
    seen = _play(msgspec.structs.replace(plan, seconds=SECONDS))
    sent = max(seen.sent, 1)
    kept = seen.answered / seen.seconds
    bar = OTHER["hub kept rate"]
    # The last ones are still under way when the time is over.
    yield Value(
        name=f"{name} kept rate", value=kept, unit="/s", bar=str(bar),
        passed=bar.holds(kept * 1.01) and not seen.failed,
        note=f"of {RATE:g}/s for {seen.seconds:.0f} s, {seen.failed} failed {seen.sample}".rstrip(),
    )  # fmt: skip
    yield Series(
        name=name,
        requests=seen.sent,
        failed=seen.failed,
        rate=kept,
        p50_ms=seen.p50_ms,
        p99_ms=seen.p99_ms,
        bytes=0,
        cpu_us=(server.cpu_us() - before) / sent,
        database_us=(server.database_us() - database) / sent,
        note=seen.sample,
    )


def _play(plan: SteadyPlan) -> SteadySeen:
    process = subprocess.Popen([sys.executable, "-m", "bench.hub_load"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(msgspec.json.encode(plan) + b"\n")
    process.stdin.flush()
    if process.stdout.readline() != b"ready\n":
        process.kill()
        raise ConnectionError("the generator did not start")
    process.stdin.write(b"go\n")
    process.stdin.flush()
    line = process.stdout.readline()
    process.wait(60)
    return msgspec.json.decode(line, type=SteadySeen)


def _download(server: Server, sha256: str) -> Iterator[Value]:
    """A whole file, read as fast as it comes: the CPU for each of its megabytes, and the memory it takes meanwhile."""
    address = f"http://{server.address.name}{API}/models/{NAME}/requests"
    with urllib.request.urlopen(address, urlencode(FORM).encode()) as answer:
        offer = msgspec.json.decode(answer.read())["files"][0]
    url = f"http://{server.address.name}/{offer['url'].partition('://')[2].partition('/')[2]}"
    digest, size, rest, most = hashlib.sha256(), 0, pss_mb(server.pid), 0.0
    before, began = server.cpu_us(), perf_counter()
    with urllib.request.urlopen(url) as answer:
        while piece := answer.read(1 << 20):
            digest.update(piece)
            size += len(piece)
            if size % (32 << 20) < len(piece):
                most = max(most, pss_mb(server.pid))
    seconds = perf_counter() - began
    right = digest.hexdigest() == sha256
    cpu = (server.cpu_us() - before) / (size / 1e6)
    yield Value(
        name="hub download", value=cpu, unit="us/MB", passed=right,
        note=f"{size / 1e6 / seconds:.0f} MB/s, hash {'right' if right else 'WRONG'}, {most - rest:+.1f} MB of memory",
    )  # fmt: skip
