"""A server with the real supervisor and workers and a tiny application: `python -m tests.operations.fake_server`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from weft.operations.serve import serve
from weft.settings import Settings


class FakeApp:
    def __init__(self, settings: Settings, url: str, index: int) -> None:
        self._index = index
        self._draining = asyncio.Event()

    async def start(self) -> None:
        if os.environ.get("FAKE_FAILS"):
            raise RuntimeError("the fake cannot start")

    async def drain(self) -> None:
        self._draining.set()

    async def stop(self) -> None:
        print(f"worker {self._index} stopped", flush=True)

    async def asgi(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.send", "text": "hello"})
            await self._draining.wait()
            await send({"type": "websocket.close", "code": 1001})
            return
        if scope["path"] == "/crash":
            os._exit(3)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/slow":
            await asyncio.sleep(1)
        if scope["path"] == "/stuck":
            await send({"type": "http.response.body", "body": b"begin ", "more_body": True})
            await asyncio.sleep(60)
        if scope["path"] == "/stream":
            await send({"type": "http.response.body", "body": b"begin ", "more_body": True})
            await self._draining.wait()
        body = json.dumps({"pid": os.getpid(), "index": self._index}).encode()
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    sys.exit(
        serve(Settings(**given), FakeApp, first_lines=lambda settings, url: [f"Create the owner at {settings.url}/x"])
    )
