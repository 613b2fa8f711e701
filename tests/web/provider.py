"""Starts the real OpenID provider (the npm package `oidc-provider`) and walks through its pages as a person would."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "oidc_provider"
CLIENT_ID, CLIENT_SECRET = "weft-tests", "a secret of the tests & more"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def real_provider(people: dict[str, dict[str, object]], redirect_uri: str) -> Iterator[str]:
    """The issuer's address while the provider runs."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed, so the OpenID provider of the tests cannot run")
    if not (FOLDER / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("tests/oidc_provider/node_modules is missing: run `npm ci` in tests/oidc_provider")
    port = free_port()
    environment = {
        **os.environ,
        "PROVIDER_PORT": str(port),
        "PROVIDER_CLIENT_ID": CLIENT_ID,
        "PROVIDER_CLIENT_SECRET": CLIENT_SECRET,
        "PROVIDER_REDIRECT_URI": redirect_uri,
        "PROVIDER_PEOPLE": json.dumps(people),
        "NODE_NO_WARNINGS": "1",
    }
    process = subprocess.Popen(
        [node, "server.mjs"],
        cwd=FOLDER,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        issuer = next(line.strip() for line in process.stdout if line.startswith("http://"))
        yield issuer
    finally:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


async def agree(address: str, person: str, redirect_uri: str) -> str:
    """Sign in at the provider and agree; gives back the address it sends the browser to."""
    async with httpx.AsyncClient(timeout=10) as outside:
        answer = await outside.get(address)
        for _ in range(12):
            if answer.is_redirect:
                target = urljoin(str(answer.url), answer.headers["location"])
                if target.startswith(redirect_uri):
                    return target
                answer = await outside.get(target)
                continue
            assert answer.status_code == 200, answer.text
            action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            assert action is not None, answer.text
            prompt = "login" if 'name="login"' in answer.text else "consent"
            fields = {"prompt": prompt, **({"login": person, "password": "any"} if prompt == "login" else {})}
            answer = await outside.post(urljoin(str(answer.url), action[1]), data=fields)
    raise AssertionError("the provider did not come to an end")
