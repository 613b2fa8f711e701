from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx

# The library decides at its import how it counts, so each way runs in a process of its own.
COUNT = """
import asyncio, os, sys, time
from pathlib import Path
from weft.infra.metrics import Metrics, metrics_text, prepare_metrics
data = Path(sys.argv[1])
if sys.argv[2] == "several":
    prepare_metrics(data)
    for _ in range(2):
        if os.fork() == 0:
            Metrics().request("/api/v1/x/:id", 200, 0.002)
            os._exit(0)
        os.wait()
metrics = Metrics()
metrics.request("/api/v1/x/:id", 204, 0.002)
metrics.request("", 404, 0.002)
metrics.handled(7, 0.01)
metrics.failed("notes")
began = time.perf_counter()
for _ in range(20000):
    metrics.request("/cost", 200, 0.002)
print(f"# cost {(time.perf_counter() - began) / 20000 * 1e6:.2f} us")
print(metrics_text().decode())
"""


def count(data: Path, way: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", COUNT, str(data), way], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_one_process_counts(tmp_path: Path) -> None:
    lines = count(tmp_path, "one")
    assert 'weft_request_seconds_count{route="/api/v1/x/:id",status="2xx"} 1.0' in lines
    assert 'weft_request_seconds_count{route="unknown",status="4xx"} 1.0' in lines
    assert "weft_outbox_events_total 7.0" in lines
    assert 'weft_outbox_failures_total{handler="notes"} 1.0' in lines


def test_the_numbers_of_several_processes_are_added(tmp_path: Path) -> None:
    lines = count(tmp_path, "several")
    assert 'weft_request_seconds_count{route="/api/v1/x/:id",status="2xx"} 3.0' in lines
    cost = next(float(line.split()[2]) for line in lines if line.startswith("# cost"))
    print(cost)
    assert cost < 20


async def test_metrics_are_answered_on_their_own_socket() -> None:
    import asyncio

    from weft.infra.metrics import serve_metrics
    from weft.operations.listen import listen, port_of

    sockets = listen("127.0.0.1", 0)
    task = asyncio.create_task(serve_metrics(sockets))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port_of(sockets)}") as client:
        assert "python_info" in (await client.get("/metrics")).text
        assert (await client.get("/")).status_code == 404
    task.cancel()
