"""The real engine as a process: started on use, one for all, restarted, stopped, and closed to others."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path

import msgspec
import pytest

from weft.infra.engine import process
from weft.infra.engine.client import Models
from weft.infra.engine.model import Ask, Bounds, Delta, Endpoint, Message, Usage
from weft.infra.engine.process import ROOT, LocalEngines
from weft.infra.engine.serve import END_S, born
from weft.kernel.clock import Clock
from weft.kernel.errors import Unavailable

ASK = Ask((Message("user", "Say something about the sea."),), max_tokens=16)
# Other tests may have the processors.
PATIENT = Bounds(first_s=150, between_s=150, total_s=170)


@pytest.fixture
async def short_lived(engines: LocalEngines, prepared: Path) -> AsyncIterator[LocalEngines]:
    """In the same folder, of an engine that ends after a second without use."""
    made = LocalEngines(prepared, Clock(), idle_s=1)
    yield made
    await made.aclose()


async def until(true: Callable[[], bool], seconds: float = 60) -> None:
    for _ in range(int(seconds * 50)):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come true in time")


def is_gone(pid: int) -> bool:
    return not born(pid)


async def said(models: Models, endpoint: Endpoint, ask: Ask = ASK) -> tuple[str, Usage]:
    pieces = [piece async for piece in models.stream(endpoint, ask, PATIENT)]
    usage = pieces.pop()
    assert isinstance(usage, Usage)
    return "".join(piece.text for piece in pieces if isinstance(piece, Delta)), usage


async def test_the_first_use_starts_it_and_it_answers(engines: LocalEngines, models: Models) -> None:
    endpoint = await engines.endpoint("chat")
    text, usage = await said(models, endpoint)
    assert text.strip() and usage.known and usage.output == ASK.max_tokens
    assert usage.cpu_ms > 0
    again, usage = await said(models, endpoint)
    assert again == text and usage.cached == 0


async def test_only_what_everybody_may_see_is_gone_on_from(engines: LocalEngines, models: Models) -> None:
    endpoint = await engines.endpoint("chat")
    public = msgspec.structs.replace(ASK, is_public=True)
    await said(models, endpoint, public)
    assert (await said(models, endpoint, public))[1].cached > 0
    assert (await said(models, endpoint, ASK))[1].cached == 0


async def test_nobody_learns_from_a_public_request_what_a_private_one_held(
    engines: LocalEngines, models: Models
) -> None:
    endpoint = await engines.endpoint("chat")
    held = "The choir rehearses on Tuesday at seven in the old school by the river. " * 3
    private = Ask((Message("system", "You answer by posts."), Message("user", held)), max_tokens=2)
    await said(models, endpoint, private)
    guess = msgspec.structs.replace(private, is_public=True)
    # What is alike is the template's own beginning, which is in every request.
    assert (await said(models, endpoint, guess))[1].cached < 8
    assert (await said(models, endpoint, guess))[1].cached > 40


async def test_it_runs_behind_everything_else_and_tells_nobody_its_key(engines: LocalEngines) -> None:
    endpoint = await engines.endpoint("chat")
    assert os.getpriority(os.PRIO_PROCESS, endpoint.pid) >= 10
    entry = Path(f"/proc/{endpoint.pid}")
    assert endpoint.key.encode() not in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
    assert b"OMP_WAIT_POLICY=PASSIVE" in (entry / "environ").read_bytes()
    socket = Path(endpoint.socket)
    assert stat.S_IMODE(socket.stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in socket.parent.iterdir())


async def test_it_answers_nobody_without_the_key(engines: LocalEngines, models: Models) -> None:
    endpoint = await engines.endpoint("chat")
    stranger = Endpoint("", endpoint.model, key="guessed", socket=endpoint.socket)
    with pytest.raises(Unavailable, match=r"model\.broken") as refusal:
        await said(models, stranger)
    assert refusal.value.values["status"] == 401


async def test_many_who_want_it_at_once_get_the_same_one(engines: LocalEngines, prepared: Path) -> None:
    await engines.stop("chat")
    others = [LocalEngines(prepared, Clock()) for _ in range(4)]
    found = await asyncio.gather(*(each.endpoint("chat") for each in (engines, *others)))
    assert len({endpoint.pid for endpoint in found}) == 1
    for other in others:
        await other.aclose()


async def test_it_is_started_again_after_it_was_killed(engines: LocalEngines, models: Models) -> None:
    before = await engines.endpoint("embed")
    os.kill(before.pid, signal.SIGKILL)
    await until(lambda: not born(before.pid))
    await asyncio.sleep(1)  # the pause before the next start
    after = await engines.endpoint("embed")
    assert after.pid != before.pid and after.key != before.key
    vectors, _ = await models.embed(after, ["hello"], PATIENT)
    assert vectors.shape == (1, 384)
    await engines.stop("embed")


async def test_one_that_hangs_is_ended_and_no_other(engines: LocalEngines, models: Models) -> None:
    first = await engines.endpoint("chat")
    os.kill(first.pid, signal.SIGSTOP)
    await engines.stop("chat", first.pid + 1)
    assert not is_gone(first.pid)
    await engines.stop("chat", first.pid)
    assert is_gone(first.pid)
    second = await engines.endpoint("chat")
    await engines.stop("chat", first.pid)
    assert (await said(models, second))[1].known


async def test_one_that_is_told_to_end_does_so_in_the_middle_of_an_answer(
    engines: LocalEngines, models: Models
) -> None:
    endpoint = await engines.endpoint("chat")
    long = msgspec.structs.replace(ASK, max_tokens=3500)
    async with aclosing(models.stream(endpoint, long, PATIENT)) as pieces:
        assert isinstance(await anext(pieces), Delta)
        os.kill(endpoint.pid, signal.SIGTERM)
        with pytest.raises(Unavailable, match=r"model\.broken"):
            async for _ in pieces:
                assert not is_gone(endpoint.pid)
    await until(partial(is_gone, endpoint.pid), END_S + 3)
    assert (await said(models, await engines.endpoint("chat")))[1].known


async def test_one_that_hangs_while_it_starts_is_killed_and_the_next_one_answers(
    engines: LocalEngines, models: Models, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idler = tmp_path / "idler"
    idler.write_text("#!/bin/sh\nexec sleep 600\n")
    idler.chmod(0o700)
    await engines.stop("embed")
    with monkeypatch.context() as patch:
        patch.setattr(process.sys, "executable", str(idler))
        patch.setattr(process, "START_S", 0.5)
        with pytest.raises(Unavailable, match="slow"):
            await engines.endpoint("embed")
    for file in prepared.rglob("embed.starts"):
        file.unlink()
    vectors, _ = await models.embed(await engines.endpoint("embed"), ["the sea"], PATIENT)
    assert vectors.shape == (1, 384)


async def test_one_that_keeps_dying_is_left_alone_for_a_while(engines: LocalEngines) -> None:
    await engines.stop("embed")
    for _ in range(12):
        try:
            endpoint = await engines.endpoint("embed")
        except Unavailable as error:
            assert error.code == "model.away" and int(str(error.values["retry_after"])) >= 1
            break
        os.kill(endpoint.pid, signal.SIGKILL)
        await until(partial(is_gone, endpoint.pid))
    else:
        pytest.fail("it was started again and again")
    for file in Path(endpoint.socket).parent.glob("embed.starts"):
        file.unlink()


async def test_it_ends_when_nobody_uses_it(short_lived: LocalEngines) -> None:
    await short_lived.stop("embed")
    endpoint = await short_lived.endpoint("embed")
    await until(lambda: not born(endpoint.pid))
    left = {file.name for file in Path(endpoint.socket).parent.iterdir() if file.name.startswith("embed")}
    assert left <= {"embed.lock", "embed.used"}


async def test_it_ends_with_the_process_that_started_it(engines: LocalEngines, prepared: Path) -> None:
    await engines.stop("embed")
    program = (
        "import asyncio, sys; from pathlib import Path\n"
        "from weft.infra.engine.process import LocalEngines; from weft.kernel.clock import Clock\n"
        "async def main():\n"
        "    endpoint = await LocalEngines(Path(sys.argv[1]), Clock()).endpoint('embed')\n"
        "    print(endpoint.pid, flush=True); await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(prepared)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert starter.stdout is not None
    words = await asyncio.to_thread(starter.stdout.readline)
    while not words.split()[:1] or not words.split()[0].isdigit():
        words = await asyncio.to_thread(starter.stdout.readline)
    pid = int(words)
    starter.kill()
    starter.wait()
    await until(lambda: not born(pid))


async def test_a_changed_file_is_not_served(engines: LocalEngines, tmp_path: Path) -> None:
    from weft.infra.engine.files import Catalogue, Model

    mine = LocalEngines(tmp_path, Clock())
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.gguf").write_bytes(b"GGUF changed")
    wanted = Model("m", "chat", hashlib.sha256(b"GGUF").hexdigest(), file="m.gguf")
    mine.files.keep(Catalogue([wanted], {"chat": "m"}))
    with pytest.raises(Unavailable) as refusal:
        await mine.endpoint("chat")
    assert refusal.value.code == "model.off"
    assert "SHA-256" in str(refusal.value.values["reason"])


async def test_a_file_that_is_no_model_takes_nothing_down(engines: LocalEngines, tmp_path: Path) -> None:
    from weft.infra.engine.files import Catalogue, Model

    mine = LocalEngines(tmp_path, Clock())
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.gguf").write_bytes(b"GGUF" + bytes(100))
    wanted = Model("m", "chat", hashlib.sha256(b"GGUF" + bytes(100)).hexdigest(), file="m.gguf")
    mine.files.keep(Catalogue([wanted], {"chat": "m"}))
    with pytest.raises(Unavailable, match=r"model\.away"):
        await mine.endpoint("chat")


async def test_a_long_path_of_data_gets_a_short_socket(engines: LocalEngines, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    deep.mkdir(parents=True)
    mine = LocalEngines(deep, Clock(), idle_s=60)
    endpoint = await mine.endpoint("embed")
    assert len(endpoint.socket) < 107 and Path(endpoint.socket).parent.stat().st_mode & 0o077 == 0
    await mine.aclose()


def test_without_the_models_the_assistant_is_off_and_says_why(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys; from importlib import metadata; from pathlib import Path\n"
        "def absent(name): raise metadata.PackageNotFoundError(name)\n"
        "metadata.distribution = absent\n"
        "from weft.infra.engine.process import LocalEngines; from weft.kernel.clock import Clock\n"
        "from weft.kernel.errors import Unavailable\n"
        "engines = LocalEngines(Path(sys.argv[1]), Clock())\n"
        "assert engines.model('chat') is None\n"
        "try: asyncio.run(engines.endpoint('chat'))\n"
        "except Unavailable as error: print(error.code, error.values['reason'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "xllamacpp" in done.stdout and "models.lock" in done.stdout
