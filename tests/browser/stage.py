"""The windows of one test: whose they are, how wide, and what went wrong in any of them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.browser.places import Place
from tests.browser.screen import HEIGHTS, Look, Screen
from tests.browser.town import Town
from tests.browser.watch import Watch
from tests.support.server import Person

MEMBER = "mai"
LOCALES = {"en": "en-GB", "vi": "vi-VN", "ko": "ko-KR"}


class Stage:
    """Opens windows for the people of a test, and says at the end what went wrong in any of them."""

    def __init__(self, town: Town, browser: Any, look: Look) -> None:
        self.town = town
        self.look = look
        self._browser = browser
        self._contexts: list[Any] = []
        self._watches: list[Watch] = []

    async def screen(self, name: str = "", *, language: str = "en", session: str = "", **options: Any) -> Screen:
        """A window: of a visitor, or of a person of the demo who is signed in."""
        state = await self._state_of(name) if name else None
        return await self._open(state, language, session, options)

    async def newcomer(self, *follows: str, language: str = "en", **options: Any) -> tuple[Screen, Person]:
        """A window of somebody who has just joined, and the same person at an app."""
        person = await asyncio.to_thread(self.town.newcomer, *follows)
        return await self.of(person, language=language, **options), person

    async def of(self, person: Person, *, language: str = "en", **options: Any) -> Screen:
        """A window of somebody with an account."""
        session = await asyncio.to_thread(self.town.session_of, person.id)
        return await self._open(None, language, session, options)

    async def at(self, place: Place, *, language: str = "en", **options: Any) -> Screen:
        """A window of somebody who may see this place: a visitor, a member of the demo, or one of the staff."""
        if not place.staff:
            return await self.screen(MEMBER if place.member else "", language=language, **options)
        moderator = await asyncio.to_thread(self.town.person, role="moderator")
        return await self.of(moderator, language=language, **options)

    async def _open(self, state: Any, language: str, session: str, options: dict[str, Any]) -> Screen:
        look: Look = options.pop("look", self.look)
        context = await self._browser.new_context(
            viewport={"width": look.width, "height": HEIGHTS[look.width]},
            color_scheme=look.theme,
            has_touch=look.width < 700,
            locale=LOCALES[language],
            timezone_id="UTC",
            storage_state=state,
            **{"reduced_motion": "reduce", "service_workers": "block"} | options,
        )
        self._contexts.append(context)
        cookies = {"weft_lang": language, "weft_theme": look.theme} | ({"weft_session": session} if session else {})
        await context.add_cookies([{"name": n, "value": v, "url": self.town.url} for n, v in cookies.items()])
        watch = Watch(scripts=options.get("java_script_enabled", True))
        self._watches.append(watch)
        await watch.attach(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        return Screen(self.town, page, look, language, watch)

    async def _state_of(self, name: str) -> Any:
        """Signed in once through the page that people use; later windows have the same cookies."""
        file = Path(self.town.folder) / f"{name}.state.json"
        if not file.exists():
            context = await self._browser.new_context()
            page = await context.new_page()
            await page.goto(f"{self.town.url}/auth/sign_in")
            await page.fill("#login", name)
            await page.fill("#password", self.town.passwords[name])
            await page.click("button[type=submit]")
            await page.wait_for_url(lambda url: "/auth/" not in url)
            state = await context.storage_state()
            await context.close()
            file.write_text(json.dumps({"cookies": state["cookies"], "origins": []}))
        return json.loads(file.read_text())

    def problems(self) -> list[str]:
        return [problem for watch in self._watches for problem in watch.problems]

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()
