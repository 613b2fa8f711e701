"""Publishing from the command line: what passed goes to the hub whole, what did not stays, with the reason."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.assistant.training.community import around, exported
from tests.assistant.training.test_gates import GOOD, with_
from tests.assistant.training.test_run import PLAN, Scripted
from tests.assistant.training.toy import write_toy
from weft.assistant.training.run import OUT, RESULT, train
from weft.hub.queries import load_models
from weft.infra.db import Db
from weft.infra.engine.files import Catalogue, Model, ModelFiles, sha256_of
from weft.operations import training
from weft.operations.reach import CommandFailed, run_on
from weft.settings import Settings, load_settings


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return load_settings({"data": str(tmp_path / "data"), "database": database_url})[0]


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A run that passed every gate."""
    place = settings.folder / "training" / "toy"
    place.mkdir(parents=True)
    result = train(Scripted(), PLAN, exported(), around(place, write_toy(tmp_path / "toy.gguf")))
    put(place, msgspec.structs.replace(result, evidence=GOOD))
    return place


async def adapters_of(db: Db) -> list[str]:
    """The files of the toy that the hub takes for adapters."""
    async with db.read() as reader:
        (model,) = await load_models(reader, "toy")
    return [file.name for file in model.files if file.facts.adapter]


async def languages_of(db: Db) -> tuple[str, ...]:
    async with db.read() as reader:
        (model,) = await load_models(reader, "toy")
    return model.described.languages


def put(folder: Path, result: object) -> None:
    (folder / RESULT).write_bytes(msgspec.json.encode(result))


def test_what_passed_goes_to_the_hub_with_adapter_manifest_and_card(settings: Settings, folder: Path) -> None:
    answer = training.publish(settings, "toy", "The toy", "automatic")
    assert set(answer["files"]) == {"toy.gguf", "toy-lora.gguf", "manifest.json", "card.md"}  # type: ignore[call-overload]
    assert answer["name"] == "toy"
    assert run_on(settings, adapters_of) == ["toy-lora.gguf"]
    shelf = settings.folder / "hub"
    sha256 = sha256_of(folder / OUT / "toy.gguf")
    assert (shelf / sha256[:2] / sha256).is_file()


def test_many_languages_and_what_is_none_stop_no_model(settings: Settings, folder: Path) -> None:
    result = training.training.load_result(folder)
    assert result is not None
    said = {f"{a}{b}": 2 for a in "abcdefg" for b in "abcdefg"} | {"vi": 30, "EN": 9, "k0": 9, "pt-BR": 9, "unknown": 9}
    put(folder, msgspec.structs.replace(result, manifest=msgspec.structs.replace(result.manifest, languages=said)))
    training.publish(settings, "toy", "", "manual")
    languages = run_on(settings, languages_of)
    assert languages[0] == "vi" and len(languages) == 32 and set(languages) <= said.keys() - {"EN", "k0", "unknown"}


def test_a_gate_that_failed_keeps_it_here_whatever_the_file_says(settings: Settings, folder: Path) -> None:
    result = training.training.load_result(folder)
    assert result is not None
    put(folder, msgspec.structs.replace(result, evidence=with_(leaked=("number",))))
    with pytest.raises(CommandFailed, match="leaks"):
        training.publish(settings, "toy", "", "manual")
    assert not (settings.folder / "hub").exists()


def test_a_file_that_changed_since_it_was_judged_is_not_published(settings: Settings, folder: Path) -> None:
    with (folder / OUT / "toy-lora.gguf").open("ab") as file:
        file.write(b"more")
    with pytest.raises(CommandFailed, match=r"toy-lora\.gguf changed"):
        training.publish(settings, "toy", "", "manual")


def test_what_never_ended_cannot_be_published(settings: Settings) -> None:
    with pytest.raises(CommandFailed, match="no run"):
        training.publish(settings, "absent", "", "manual")


def test_without_the_libraries_the_command_says_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from weft.assistant.training import peft_learner

    monkeypatch.setattr(peft_learner, "NEEDED", ("torch", "no-such-library-as-this"))
    with pytest.raises(CommandFailed, match="install"):
        plan = training.training.Plan(name="new")
        training.train(settings, training.Wanted(plan=plan, base="smollm2-135m", days=9, share=0.05))


@pytest.mark.parametrize("change", ["architecture", "form", "layers"])
def test_a_base_that_nothing_could_be_written_for_is_refused_before_anything_is_learnt(
    settings: Settings, tmp_path: Path, change: str
) -> None:
    """Rows of other architectures lie otherwise: what was written would not be what was learnt and measured."""
    models = ModelFiles(settings.folder / "models")
    place = models.folder / "other.gguf"
    place.parent.mkdir(parents=True)
    raw = write_toy(tmp_path / "toy.gguf").read_bytes()
    match change:
        case "architecture":
            raw = raw.replace(b"llama", b"qwen2")
        case "form":
            name = b"blk.1.ffn_up.weight"
            at = raw.index(name) + len(name) + 4 + 2 * 8
            raw = raw[:at] + b"\x0c" + raw[at + 1 :]
        case "layers":
            name = b"llama.block_count"
            at = raw.index(name) + len(name) + 4
            raw = raw[:at] + b"\x03" + raw[at + 1 :]
    place.write_bytes(raw)
    other = Model(name="other", task="chat", sha256=sha256_of(place), file="other.gguf", architecture="llama")
    models.keep(Catalogue([other]))
    asked: list[Path] = []

    def make(base: Path, plan: object) -> Scripted:
        asked.append(base)
        return Scripted()

    plan = training.training.Plan(name="new")
    with pytest.raises(CommandFailed, match="other cannot be trained here"):
        training.train(settings, training.Wanted(plan=plan, base="other", days=9, share=0.05), make=make)
    assert not asked and not (settings.folder / "training").exists()
