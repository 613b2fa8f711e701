"""Another Weft takes a model from the hub: by a link or by the request itself, sure of the hash by the card."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from tests.hub.files import small_gguf
from tests.hub.town import HUB, asked, publish
from tests.support.server import LiveServer, Person, running_server
from weft.infra.http import Fetched, Fetcher, FetchRequest
from weft.operations import models
from weft.operations.hub_source import look_up
from weft.operations.models import Wanted
from weft.operations.reach import CommandFailed
from weft.settings import Settings

DATA = small_gguf(200_000)
HASH = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="module")
def staff(server: LiveServer) -> Person:
    return server.person(role="moderator", scopes="read write admin:read admin:write")


@pytest.fixture
def settings(server: LiveServer, tmp_path: Path) -> Settings:
    """Another community, which may reach the hub on this machine."""
    return Settings(data=str(tmp_path / "data"), fetch_allow=(urlsplit(server.url).netloc,))


def kept(settings: Settings) -> list[str]:
    folder = settings.folder / "models"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.fixture
def neighbour(empty_database_url: str) -> Iterator[LiveServer]:
    with running_server(empty_database_url) as running:
        yield running


def test_a_second_server_adds_a_model_of_the_first_and_offers_it_in_turn(
    server: LiveServer, neighbour: LiveServer
) -> None:
    """Two servers, and the commands as the request's page shows them."""
    model = publish(server, files={"town.gguf": DATA, "LICENSE.txt": b"Take it."})
    offer = next(each for each in asked(server, model.name)["files"] if each["format"] == "gguf")

    def weft(*words: str) -> Any:
        place = ("--data", str(neighbour.data), "--database", neighbour.database_url, "--json")
        environment = os.environ | {"WEFT_FETCH_ALLOW": urlsplit(server.url).netloc}
        done = subprocess.run(
            [sys.executable, "-m", "weft.cli", *words, *place],
            capture_output=True, text=True, check=False, env=environment, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    added = weft("model", "add", offer["url"], "--name", "from-town")
    assert (added["name"], added["sha256"], added["bytes"]) == ("from-town", HASH, len(DATA))
    listed = {each["name"]: each["source"] for each in weft("model", "list")["models"]}
    assert listed["from-town"] == f"{server.url}{HUB}/models/{model.name}/files/town.gguf"
    file = neighbour.data / "models" / "from-town.gguf"
    assert file.read_bytes() == DATA
    weft("hub", "publish", str(file), "--name", "again", "--licence", "Apache-2.0", "--approval", "automatic")
    (again,) = asked(neighbour, "again")["files"]
    assert neighbour.visitor.get(again["url"]).content == DATA


def test_the_address_of_a_request_is_enough_once_it_is_approved(
    server: LiveServer, staff: Person, settings: Settings
) -> None:
    model = publish(server, "manual", files={"town.gguf": DATA, "config.json": b"{}"})
    mine = asked(server, model.name)
    for address in (mine["url"], mine["page"]):
        with pytest.raises(CommandFailed, match="is waiting"):
            models.add(settings, Wanted(address))
    staff.post(f"{HUB}/staff/requests/{mine['token'].partition('-')[0]}/approve")
    added = models.add(settings, Wanted(mine["page"]))
    assert (added["name"], added["sha256"]) == (model.name, HASH)
    assert mine["token"].partition("-")[2] not in str(added) + (settings.folder / "models/models.json").read_text()
    assert kept(settings) == [f"{model.name}.gguf", "models.json"]


def test_of_a_model_and_its_adapter_the_model_is_taken(server: LiveServer, settings: Settings) -> None:
    """As `weft model publish` puts them there; the adapter's name comes first in any list."""
    model = publish(server, files={"town-lora.gguf": small_gguf(kind="adapter"), "town.gguf": DATA, "card.md": b"# T"})
    mine = asked(server, model.name)
    assert models.add(settings, Wanted(mine["page"]))["sha256"] == HASH
    (offer,) = (each["url"] for each in mine["files"] if each["adapter"])
    with pytest.raises(CommandFailed, match="adapter"):
        models.add(settings, Wanted(offer, name="other"))
    assert kept(settings) == [f"{model.name}.gguf", "models.json"]


def test_a_hash_that_is_not_the_card_s_is_told_before_anything_is_fetched(
    server: LiveServer, settings: Settings
) -> None:
    model = publish(server, files={"town.gguf": DATA})
    (offer,) = asked(server, model.name)["files"]
    with pytest.raises(CommandFailed, match="card gives the file SHA-256"):
        models.add(settings, Wanted(offer["url"], sha256="0" * 64))
    assert kept(settings) == []


def test_a_file_that_is_not_the_one_of_its_card_is_not_kept(server: LiveServer, settings: Settings) -> None:
    """As after a fault of the other server's disk."""
    model = publish(server, files={"town.gguf": DATA})
    (offer,) = asked(server, model.name)["files"]
    place = server.data / "hub" / HASH[:2] / HASH
    place.write_bytes(bytes([*DATA[:-1], DATA[-1] ^ 1]))
    try:
        with pytest.raises(CommandFailed, match="not " + HASH):
            models.add(settings, Wanted(offer["url"]))
        assert kept(settings) == []
    finally:
        place.write_bytes(DATA)


def test_a_link_that_is_too_old_or_a_hub_that_knows_nothing_is_told(server: LiveServer, settings: Settings) -> None:
    model = publish(server, files={"town.gguf": DATA})
    for address in (
        f"{server.url}{HUB}/models/{model.name}/files/town.gguf?token=x",
        f"{server.url}{HUB}/models/{model.name}/files/other.gguf?token=x",
        f"{server.url}{HUB}/models/none/files/town.gguf",
        f"{server.url}/hub/requests/1-none",
    ):
        with pytest.raises(CommandFailed):
            models.add(settings, Wanted(address))
    assert kept(settings) == []


def test_no_token_of_an_address_is_kept_or_shown() -> None:
    from weft.operations.hub_source import without_secrets

    given = "https://ann:secret@town.example/files/a%20b.gguf?token=secret#secret"
    assert without_secrets(given) == "https://town.example/files/a%20b.gguf"
    assert without_secrets("https://town.example/hub/requests/1-secret") == "https://town.example/hub/requests/..."


class Saying:
    """A hub behind https that offers its file without it."""

    async def fetch(self, request: FetchRequest) -> Fetched:
        offer = {"name": "town.gguf", "format": "gguf", "url": "http://town.example/files/town.gguf"}
        told = {"weft": "request", "model": "town", "state": "approved", "reason": "", "files": [offer]}
        return Fetched(200, {}, json.dumps(told).encode(), request.url)


async def test_a_hub_that_is_asked_by_https_leads_nobody_away_from_it() -> None:
    with pytest.raises(CommandFailed, match="https"):
        await look_up(cast(Fetcher, Saying()), "https://town.example/hub/requests/1-secret")
