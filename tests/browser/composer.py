"""The composer in a test: opened as people open it, filled, posted."""

from __future__ import annotations

import io
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

    async def post(self, key: str = "composer.post", **values: Any) -> None:
        await self.button(key, **values).click()
        await self.box.wait_for(state="detached")

    async def attach(self, *files: dict[str, Any]) -> None:
        await self.box.locator("input[type=file]").first.set_input_files(list(files))


def picture(name: str = "picture.png", color: str = "#3A45B8") -> dict[str, Any]:
    """A file as a person would choose it."""
    out = io.BytesIO()
    Image.new("RGB", (320, 200), color).save(out, "PNG")
    return {"name": name, "mimeType": "image/png", "buffer": out.getvalue()}
