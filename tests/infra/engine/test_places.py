"""The operator's settings name servers; what cannot be used is refused at the start, not at the first question."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.scripted_model import scripted_model
from weft.infra.engine.client import Models
from weft.infra.engine.model import Ask, Capability, Message, Usage
from weft.infra.engine.places import Endpoints, model_fetcher
from weft.infra.engine.process import LocalEngines
from weft.infra.http import FetchRequest
from weft.kernel.clock import Clock
from weft.kernel.errors import Unavailable
from weft.settings import Settings, SettingsError, load_settings


def endpoints(tmp_path: Path, **given: object) -> Endpoints:
    settings = Settings(data=str(tmp_path), **given)  # type: ignore[arg-type]
    return Endpoints(settings, LocalEngines(tmp_path, Clock()))


async def test_a_named_server_serves_the_capability_with_the_key_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret-key\nmore\n")
    async with scripted_model() as scripted:
        settings = Settings(
            data=str(tmp_path),
            ai_chat_url=scripted.url + "/",
            ai_chat_model="plain",
            ai_chat_key_file=str(tmp_path / "key"),
        )
        found = Endpoints(settings, LocalEngines(tmp_path, Clock()))
        fetcher = model_fetcher(settings, "weft-test")
        models = Models(fetcher)
        wanted: tuple[Capability, ...] = ("chat", "translate")
        for capability in wanted:
            endpoint = await found.endpoint(capability)
            pieces = [piece async for piece in models.stream(endpoint, Ask((Message("user", "hi"),), 20))]
            assert isinstance(pieces[-1], Usage)
        assert scripted.calls[0].headers["authorization"] == "Bearer secret-key"
        assert scripted.calls[0].path == "/v1/chat/completions"
        await fetcher.aclose()


async def test_only_the_servers_that_were_named_are_reached(tmp_path: Path) -> None:
    async with scripted_model() as scripted, scripted_model() as other:
        settings = Settings(data=str(tmp_path), ai_chat_url=scripted.url, ai_chat_model="plain")
        fetcher = model_fetcher(settings, "weft-test")
        with pytest.raises(Unavailable, match=r"fetch\.refused"):
            await fetcher.fetch(FetchRequest("GET", f"{other.url}/models"))
        assert (await fetcher.fetch(FetchRequest("GET", f"{scripted.url}/models"))).is_success
        await fetcher.aclose()


async def test_seeing_needs_a_server_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"model\.off"):
        await endpoints(tmp_path).endpoint("vision")


@pytest.mark.parametrize(
    "given",
    [
        {"ai_chat_url": "http://10.0.0.5:8000/v1"},
        {"ai_chat_url": "ftp://10.0.0.5/v1", "ai_chat_model": "m"},
        {"ai_chat_url": "http://user:pass@10.0.0.5/v1", "ai_chat_model": "m"},
        {"ai_embed_url": "http://10.0.0.5:99999/v1", "ai_embed_model": "m"},
        {"ai_vision_url": "https://a.example/v1", "ai_vision_model": "m", "ai_vision_key_file": "/nowhere"},
    ],
)
def test_a_setting_that_cannot_be_used_is_refused(tmp_path: Path, given: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"ai_|key file|[Pp]ort|host"):
        endpoints(tmp_path, **given)


@pytest.mark.parametrize("given", [{"ai_slots": 0}, {"ai_context": 5}, {"ai_idle_s": 0}])
def test_numbers_beyond_reason_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        load_settings(given, {})
