"""A small server of a test's own, which can go away and come back, with a build of the app that can become another."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

from tests.browser.town import Town
from tests.support.server import LiveServer, start_server


class Island(Town):
    """Like the town, but empty: people are made by the test."""

    def __init__(self, folder: Path, database_url: str, environ: Mapping[str, str]) -> None:
        self.app = folder / "app"
        shutil.copytree(os.environ.get("WEFT_APP") or str(files("weft.web").joinpath("static")), self.app)
        self._environ = {"WEFT_APP": str(self.app), **environ}
        self._server = start_server(folder / "data", self._environ, database_url=database_url)
        told = {"url": self._server.url, "database": database_url, "data": folder / "data", "passwords": {}}
        super().__init__(told | {"folder": str(folder)})

    def leave(self) -> None:
        """Stop answering."""
        self._server.stop()

    def come_back(self) -> LiveServer:
        """Answer again, at the same address."""
        port = str(urlsplit(self.url).port)
        self._server = start_server(self.data, self._environ, "--port", port, database_url=self.database_url)
        return self._server

    def release(self) -> None:
        """Serve another version of the app: the same one under new names. The files of the old one are gone."""
        renamed: dict[str, str] = {}
        for path in (self.app / "app").iterdir():
            # The last eight signs of a name are its hash, in which a dash may stand.
            if found := re.fullmatch(r"(.+-).([\w-]{7}\.\w+)", path.name):
                renamed[path.name] = f"{found[1]}N{found[2]}"
        pattern = re.compile("|".join(map(re.escape, sorted(renamed, key=len, reverse=True))))
        for path in [*(self.app / "app").iterdir(), self.app / "sw.js", self.app / ".vite" / "manifest.json"]:
            text = pattern.sub(lambda found: renamed[found[0]], path.read_text("utf-8"))
            path.write_text(text, "utf-8")
            if path.name in renamed:
                path.rename(path.with_name(renamed[path.name]))
        self.visitor.get("/for-you")  # a developer's build is read again when a page is asked for

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self._server.stop()


@contextmanager
def island(folder: Path, database_url: str, environ: Mapping[str, str]) -> Iterator[Island]:
    made = Island(folder, database_url, environ)
    try:
        yield made
    finally:
        made.close()
