"""The composer in a test: opened as people open it, filled, posted."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from tests.browser.screen import Screen


class Composer:
    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.box = screen.page.locator("[data-composer=sheet]")

    async def open(self) -> Composer:
        """By its key, above whatever is there."""
        await self.screen.press("n")
        await self.field().wait_for()
        return self

    def field(self, number: int = 0) -> Any:
        return self.box.locator("textarea").nth(number)

    async def write(self, text: str, number: int = 0) -> None:
        await self.field(number).fill(text)

    def button(self, key: str, **values: Any) -> Any:
        return self.box.get_by_role("button", name=self.screen.t(key, **values), exact=True)

    def sheet(self, key: str) -> Any:
        """What the composer opened above itself, by its title: the last dialog may still be the composer."""
        return self.screen.page.get_by_role("dialog", name=self.screen.t(key), exact=True)

    async def post(self, key: str = "composer.post", **values: Any) -> None:
        await self.button(key, **values).click()
        await self.box.wait_for(state="detached")

    async def attach(self, *files: dict[str, Any]) -> None:
        await choose_files(self.screen, self.box.locator("input[type=file]").first, *files)


async def choose_files(screen: Screen, field: Any, *files: dict[str, Any]) -> None:
    """Choose files that lie on the disk: only then is it the browser that says so, as it is with people."""
    folder = Path(tempfile.mkdtemp(dir=screen.town.folder))
    for file in files:
        (folder / file["name"]).write_bytes(file["buffer"])
    await field.set_input_files([folder / file["name"] for file in files])


def picture(name: str = "picture.png", color: str = "#3A45B8") -> dict[str, Any]:
    """A file as a person would choose it."""
    out = io.BytesIO()
    Image.new("RGB", (320, 200), color).save(out, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}
