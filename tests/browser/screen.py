"""A browser window in a test: opened at a width and theme, signed in as somebody, watched for faults."""

from __future__ import annotations

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Error

from tests.browser.town import ROOT, Town
from tests.browser.watch import Watch

TEXTS = ROOT / "frontend" / "src" / "text"
SHOTS = ROOT / "test-results" / "screens"
HEIGHTS = {390: 844, 768: 1024, 1280: 900}
AREAS = "|".join(sorted(path.stem for path in (TEXTS / "en").glob("*.json")))
FILES = (".csv", ".json", ".zip")
"""What people take along has names of files, which look like keys."""
RAW_KEY = rf"\b(?:{AREAS})\.[a-z_]{{2,}}(?:\.[a-z_]+)*\b"


class Look(NamedTuple):
    width: int
    theme: str

    def __str__(self) -> str:
        return f"{self.width}-{self.theme}"


LOOKS = tuple(Look(width, theme) for width in HEIGHTS for theme in ("light", "dark"))


class Screen:
    """One window. ``page`` is Playwright's own, for what is not said here."""

    def __init__(self, town: Town, page: Any, look: Look, language: str, watch: Watch) -> None:
        self.town = town
        self.page = page
        self.look = look
        self.language = language
        self.watch = watch
        self._asked: set[Any] = set()
        page.on("request", lambda request: self._asked.add(request))
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda request: self._asked.discard(request))

    @property
    def is_phone(self) -> bool:
        return self.look.width < 700

    def t(self, key: str, count: int | None = None, **values: Any) -> str:
        """The app's own text, as the person reads it."""
        area = key.partition(".")[0]
        text = json.loads((TEXTS / self.language / f"{area}.json").read_text("utf-8"))[key]
        if isinstance(text, dict):
            text = text["one" if count == 1 and "one" in text else "other"]
        if count is not None:
            values["count"] = count
        return re.sub(r"\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), text)

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.town.url + path, wait_until="domcontentloaded")
        await self.ready()

    async def ready(self) -> None:
        """Until the app shows the screen, and nothing on it is still a skeleton."""
        await self.page.wait_for_selector("#app #main[aria-busy=false]", timeout=15_000)
        await self.until("!document.querySelector('#main .skeleton')")

    async def until(self, condition: str, seconds: float = 15) -> None:
        """Until this is so in the page. Playwright's own way to wait evaluates text there, which the policy forbids."""
        deadline = time.monotonic() + seconds
        while not await self._holds(condition):
            assert time.monotonic() < deadline, f"never became so: {condition}"
            await asyncio.sleep(0.04)

    async def _holds(self, condition: str) -> bool:
        try:
            return bool(await self.page.evaluate(condition))
        except Error as error:
            # The page was just left for another one.
            if "context was destroyed" not in str(error):
                raise
            return False

    async def fill_sign_in(self, name: str, password: str) -> None:
        """Press the sign-in page's button as somebody; what comes of it is not waited for."""
        await self.page.fill("#login", name)
        await self.page.fill("#password", password)
        await self.page.click("button[type=submit]")

    async def settle(self) -> None:
        """Until the page has had no answer to wait for during a moment, its streams aside, and is painted."""
        quiet = 0
        deadline = time.monotonic() + 15
        while quiet < 3:
            await asyncio.sleep(0.04)
            quiet = 0 if self._asked else quiet + 1
            assert time.monotonic() < deadline, f"never answered: {[request.url for request in self._asked]}"
        await self.page.evaluate("document.fonts.ready")
        await self.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def post(self, text: str) -> Any:
        """The post on this screen that says this."""
        return self.page.locator("#main article[data-post]").filter(has_text=text).first

    def act(self, text: str, name: str) -> Any:
        """A button under a post: reply, repost, like, share, more."""
        return self.post(text).locator(f"[data-act={name}]")

    def button(self, key: str, **values: Any) -> Any:
        return self.page.get_by_role("button", name=self.t(key, **values), exact=True)

    async def path(self) -> str:
        return str(await self.page.evaluate("location.pathname"))

    async def shot(self, name: str) -> Path:
        """A picture of the window, for people to look at."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        file = SHOTS / f"{name}.{self.look}.{self.language}.png"
        await self.page.screenshot(path=file)
        return file

    async def text(self) -> str:
        return str(await self.page.evaluate("document.body.innerText"))

    # ------------------------------------------------------------------------------------------------ what must hold

    async def assert_fits(self) -> None:
        """Nothing is wider than the window."""
        over = await self.page.evaluate(
            """() => {
              const width = document.documentElement.clientWidth
              if (document.documentElement.scrollWidth <= width) return []
              return [...document.querySelectorAll('body *')]
                .filter((e) => e.getBoundingClientRect().right > width + 1)
                .slice(0, 5).map((e) => `${e.tagName}.${e.className} ${Math.round(e.getBoundingClientRect().right)}`)
            }"""
        )
        assert not over, f"wider than {self.look.width}: {over}"

    async def assert_translated(self) -> None:
        """No key of the catalogue is shown in the place of a text."""
        raw = [key for key in re.findall(RAW_KEY, await self.text()) if not key.endswith(FILES)]
        raw += await self.page.evaluate(
            """(pattern) => [...document.querySelectorAll('[aria-label],[title],[placeholder]')]
              .flatMap((e) => ['aria-label', 'title', 'placeholder'].map((a) => e.getAttribute(a) ?? ''))
              .filter((text) => new RegExp(pattern).test(text))""",
            RAW_KEY,
        )
        assert not raw, f"not translated: {raw}"

    async def assert_reads_well(self) -> None:
        """Fits, is translated, and axe finds nothing serious."""
        from tests.browser.reading import violations

        await self.assert_fits()
        await self.assert_translated()
        found = await violations(self.page)
        assert not found, "\n".join(found)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def tab_to(self, selector: str, most: int = 80) -> None:
        """Go by Tab alone until this has the focus."""
        for _ in range(most):
            await self.page.keyboard.press("Tab")
            if await self.page.evaluate("(s) => document.activeElement?.matches(s) ?? false", selector):
                return
        raise AssertionError(f"{selector} is not reached by {most} presses of Tab")

    async def focused(self) -> str:
        name = "const at = document.activeElement; return at?.getAttribute('aria-label') || at?.textContent?.trim()"
        return str(await self.page.evaluate(f"(() => {{ {name} }})()"))
