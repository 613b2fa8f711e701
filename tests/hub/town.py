"""A hub on a running server: models published the way commands do it, and forms that people send."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.hub.files import small_gguf
from tests.support.postgres import run
from tests.support.server import LiveServer
from weft.accounts.service import load_seal
from weft.hub.model import Approval, Description, Model
from weft.hub.service import Hub, Shelf, open_hub
from weft.infra.db import open_db
from weft.kernel.clock import Clock

HUB = "/api/weft/v1/hub"
FORM = {"name": "Lan", "purpose": "To read with", "country": "VN", "licence_accepted": True}
_names = itertools.count(1)


def new_name() -> str:
    return f"m{next(_names)}-{os.getpid()}"


def description(name: str, approval: Approval = "automatic", **more: Any) -> Description:
    given = {"title": "A small one", "licence": "Apache-2.0", "licence_text": "Do what you want.", **more}
    return Description(name=name, approval=approval, **given)


def publish(
    server: LiveServer, approval: Approval = "automatic", files: Mapping[str, bytes] | None = None, **more: Any
) -> Model:
    """A new model on the server."""
    return run(_publish(server, description(more.pop("name", new_name()), approval, **more), files))


async def _publish(server: LiveServer, given: Description, files: Mapping[str, bytes] | None) -> Model:
    db = await open_db(server.database_url, Clock(), size=2)
    try:
        hub: Hub = open_hub(db, Shelf(server.data / "hub"), await load_seal(db), server.url)
        with tempfile.TemporaryDirectory() as folder:
            paths = []
            for name, data in (files or {"small.gguf": small_gguf()}).items():
                paths.append(Path(folder) / name)
                paths[-1].write_bytes(data)
            return await hub.publishing.publish(given, paths)
    finally:
        await db.close()


def ask(server: LiveServer, name: str, /, **more: Any) -> httpx.Response:
    return server.visitor.post(f"{HUB}/models/{name}/requests", json={**FORM, **more})


def asked(server: LiveServer, name: str, /, **more: Any) -> Any:
    answer = ask(server, name, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()
