"""The pool: workers come when needed, go when idle, and are replaced when they hang or die; walls stand around them."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from PIL import Image

from weft.kernel.errors import Invalid, Unavailable
from weft.media.processing.channel import Worker
from weft.media.processing.pool import MediaPool, PoolSettings, sandbox_report
from weft.media.processing.sandbox import MEBIBYTE


@pytest.fixture(scope="session")
def honest(encoded) -> bytes:
    return encoded(Image.new("RGB", (100, 100), "green"), "PNG")


def pool_with(tmp_path: Path, **settings: object) -> MediaPool:
    return MediaPool(tmp_path, PoolSettings(use_ffmpeg=False, **settings))


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(5):
        while Path(f"/proc/{pid}").exists():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_no_worker_runs_before_the_first_job(pool: MediaPool, honest: bytes):
    assert pool.worker_pids() == []
    await pool.process_image(honest)
    first = pool.worker_pids()
    await pool.process_image(honest)
    assert len(first) == 1 and pool.worker_pids() == first


async def test_an_idle_worker_is_stopped(tmp_path: Path, honest: bytes):
    pool = pool_with(tmp_path, idle_seconds=0.05)
    await pool.process_image(honest)
    (pid,) = pool.worker_pids()
    await until_gone(pid)
    assert pool.worker_pids() == []
    await pool.process_image(honest)
    await pool.close()


async def test_a_job_that_hangs_is_refused_and_its_worker_killed(tmp_path: Path, honest: bytes):
    pool = pool_with(tmp_path, job_seconds=0.5)
    await pool.process_image(honest)
    (pid,) = pool.worker_pids()
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(Invalid, match=r"media\.too_complex"):
        await pool.process_image(honest)
    await until_gone(pid)
    await pool.process_image(honest)
    await pool.close()


@pytest.mark.parametrize("idle", [True, False])
async def test_after_a_kill_the_next_job_works(pool: MediaPool, honest: bytes, idle: bool):
    await pool.process_image(honest)
    (pid,) = pool.worker_pids()
    if not idle:
        os.kill(pid, signal.SIGSTOP)
        job = asyncio.create_task(pool.process_image(honest))
        await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    if not idle:
        with pytest.raises(Unavailable, match=r"media\.worker_lost"):
            await job
    await until_gone(pid)
    await pool.process_image(honest)


async def test_a_worker_that_died_unnoticed_costs_nobody_a_job(
    pool: MediaPool, honest: bytes, monkeypatch: pytest.MonkeyPatch
):
    await pool.process_image(honest)
    (pid,) = pool.worker_pids()
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    monkeypatch.setattr(Worker, "alive", True)
    await pool.process_image(honest)
    assert pid not in pool.worker_pids()


async def test_a_job_that_is_given_up_takes_its_worker_with_it(pool: MediaPool, honest: bytes):
    await pool.process_image(honest)
    (pid,) = pool.worker_pids()
    os.kill(pid, signal.SIGSTOP)
    job = asyncio.create_task(pool.process_image(honest))
    await asyncio.sleep(0.05)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    await until_gone(pid)
    await pool.process_image(honest)


async def test_a_full_queue_is_said_at_once(tmp_path: Path, honest: bytes):
    pool = pool_with(tmp_path, queue=2)
    jobs = [asyncio.create_task(pool.process_image(honest)) for _ in range(6)]
    outcomes = await asyncio.gather(*jobs, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Unavailable)]
    assert len(refused) == 3 and {error.code for error in refused} == {"media.busy"}
    await pool.process_image(honest)
    await pool.close()
    with pytest.raises(Unavailable):
        await pool.process_image(honest)


async def test_a_worker_is_replaced_after_its_share_of_jobs(tmp_path: Path, honest: bytes):
    pool = pool_with(tmp_path, jobs_per_worker=2)
    pids = set()
    for _ in range(4):
        await pool.process_image(honest)
        pids.update(pool.worker_pids())
    assert len(pids) == 2
    await pool.close()


async def test_memory_beyond_the_limit_is_refused(tmp_path: Path, honest: bytes, encoded):
    pool = pool_with(tmp_path, memory=200 * MEBIBYTE)
    large = encoded(Image.new("RGB", (5700, 5700), "green"), "PNG")
    with pytest.raises(Invalid) as caught:
        await pool.process_image(large)
    assert caught.value.code in {"media.too_complex", "media.broken"}
    await pool.process_image(honest)
    await pool.close()


async def test_the_largest_allowed_picture_fits_into_the_memory_of_a_worker(pool: MediaPool, encoded):
    await pool.process_image(encoded(Image.new("RGBA", (5700, 5700), (1, 2, 3, 4)), "PNG"))


async def test_cpu_beyond_the_budget_is_refused(tmp_path: Path, photo, encoded, honest: bytes):
    pool = pool_with(tmp_path, cpu_seconds=0)
    data = encoded(photo(3800, 3800), "WEBP", lossless=True, quality=0, method=0)
    with pytest.raises(Invalid, match=r"media\.too_complex"):
        for _ in range(4):
            await pool.process_image(data)
    await pool.close()


async def test_a_worker_is_nobody_and_reaches_nothing(pool: MediaPool, honest: bytes):
    walls = await sandbox_report()
    assert walls.uid != 0
    await pool.process_image(honest)
    (pid,) = pool.worker_pids()
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert "0" not in status["Uid"].split()
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert f"{1024 * MEBIBYTE}" in limits
    if not walls.network_closed:
        pytest.skip("this kernel lets no worker leave the network")
    if os.geteuid() == 0:
        assert os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net")


async def test_a_worker_is_told_nothing_of_our_environment(pool: MediaPool, honest: bytes, monkeypatch):
    monkeypatch.setenv("WEFT_SECRET_FOR_TEST", "xyzzy")
    await pool.process_image(honest)
    (pid,) = pool.worker_pids()
    if os.geteuid() != 0:
        pytest.skip("only root may read another process's environment")
    assert b"xyzzy" not in Path(f"/proc/{pid}/environ").read_bytes()
    targets = {os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()}
    assert all(target.startswith(("pipe:", "/dev/null", "socket:")) for target in targets), targets
