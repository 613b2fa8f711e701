"""Runs the golden set on a model's file that nobody uses yet: our own engine, in a folder of its own, for as long as
that takes. What `weft model check` switches on is not touched.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from pathlib import Path

import numpy as np
import numpy.typing as npt

from weft import __version__
from weft.assistant.service import PATIENCE, Tested, WantedCheck, check_models, load_golden
from weft.infra.engine.client import Models
from weft.infra.engine.files import Catalogue, Model, ModelFiles, sha256_of
from weft.infra.engine.model import Ask, Delta
from weft.infra.engine.places import model_fetcher
from weft.infra.engine.process import LocalEngines
from weft.infra.http import Fetcher
from weft.kernel.clock import Clock
from weft.kernel.errors import Unavailable
from weft.operations.reach import CommandFailed, notice
from weft.settings import Settings

NAME = "candidate"
IDLE_S = 600.0


class Candidate:
    """A file behind our own engine, asked by the client that the features use."""

    def __init__(self, engines: LocalEngines, models: Models) -> None:
        self._engines = engines
        self._models = models

    async def say(self, ask: Ask) -> str:
        endpoint = await self._engines.endpoint("chat")
        async with aclosing(self._models.stream(endpoint, ask, PATIENCE)) as answer:
            return "".join([part.text async for part in answer if isinstance(part, Delta)])

    async def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        raise Unavailable("model.off", reason="a chat model makes no vectors")


class GoldenRun:
    """Scores a file: a part that passed its bar by the share that was right, one that did not by 0.

    A part ends as soon as its bar is out of reach, so the share of one that failed would say nothing.
    """

    def __init__(self, settings: Settings, model: Model, capabilities: Sequence[str] = ()) -> None:
        self._settings = settings
        self._model = model
        self._wanted = WantedCheck(frozenset(capabilities))

    def __call__(self, file: Path) -> Mapping[str, float]:
        """
        Raises:
            CommandFailed: our own engine cannot run it.
        """
        with tempfile.TemporaryDirectory(prefix="weft-golden-") as folder:
            added = self._placed(file, Path(folder) / "models")
            try:
                return asyncio.run(self._scores(Path(folder), added.sha256))
            except Unavailable as error:
                why = f"{error.code} {error.values.get('reason', '')}".strip()
                raise CommandFailed(f"The golden set could not be run: {why}") from None

    def _placed(self, file: Path, folder: Path) -> Model:
        """The file as the one model of a folder of models."""
        folder.mkdir(mode=0o700)
        (folder / f"{NAME}.gguf").symlink_to(file.resolve())
        added = Model(
            name=NAME,
            task="chat",
            sha256=sha256_of(file),
            file=f"{NAME}.gguf",
            context=self._model.context,
            architecture=self._model.architecture,
        )
        ModelFiles(folder).keep(Catalogue([added], {"chat": NAME}))
        return added

    async def _scores(self, folder: Path, sha256: str) -> dict[str, float]:
        engines = LocalEngines(folder, Clock(self._settings.clock_offset), IDLE_S)
        fetcher = model_fetcher(self._settings, f"Weft/{__version__}")
        models = Models(fetcher)
        try:
            return await self._asked(Candidate(engines, models), sha256)
        finally:
            await _close(models, fetcher, engines)

    async def _asked(self, candidate: Candidate, sha256: str) -> dict[str, float]:
        found: dict[str, float] = {}
        tested = Tested(NAME, sha256, candidate, 2)
        async for result in check_models(load_golden(), {"chat": tested}, self._wanted):
            name = f"{result.capability}.{result.part}.{result.language}"
            found[name] = round(result.score, 4) if result.passed else 0.0
            notice(f"  {name}: {result.right} of {result.asked} ({'passed' if result.passed else 'not passed'})")
        return found


async def _close(models: Models, fetcher: Fetcher, engines: LocalEngines) -> None:
    await models.aclose()
    await fetcher.aclose()
    await engines.stop("chat")
    await engines.aclose()
