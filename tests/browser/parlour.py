"""A community with an assistant for browser tests: a scripted server is the model, which passed the check for all that
can be asked of it, and a small web site has what posts link to. Embeddings are left to the words.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.assistant.parlour import store_passed
from tests.browser.screen import Screen
from tests.browser.stage import Stage
from tests.browser.town import Town
from tests.support.postgres import run
from tests.support.scripted_model import ScriptedModel, scripted_model
from tests.support.server import Person, running_server
from tests.support.web_site import WebSite, web_site
from weft.assistant.capabilities import DIRECTIONS
from weft.assistant.golden_set import LANGUAGES
from weft.infra.engine.places import Endpoints
from weft.infra.engine.process import LocalEngines
from weft.infra.signals import publish_now
from weft.kernel.clock import Clock
from weft.ledger.model import Budget
from weft.ledger.service import Ledger
from weft.settings import Settings

API = "/api/weft/v1/assistant"
CHOIR = "The choir rehearses on Tuesday at seven in the old bakery."
WHEN = "When does the choir rehearse?"
SAID = "It is on Tuesday at seven [1]."


class Parlour(Town):
    """The community, the model behind its assistant, and the web around it."""

    model: ScriptedModel
    site: WebSite

    def allow(self, person: Person, tokens: int) -> None:
        """Let somebody spend so many tokens a day."""
        run(self._allow(person.id, tokens))

    async def _allow(self, account_id: str, tokens: int) -> None:
        db, _ = await self._open()
        try:
            budget = Budget(scope="account", subject=account_id, unit="token", per="day", limit=tokens)
            await Ledger(db, db.clock).set_budget(budget)
        finally:
            await db.close()


@asynccontextmanager
async def open_parlour(database_url: str, folder: Path) -> AsyncIterator[Parlour]:
    async with scripted_model() as model:
        with web_site() as site:
            environ = {
                "WEFT_AI_CHAT_URL": model.url,
                "WEFT_AI_CHAT_MODEL": "plain",
                "WEFT_AI_VISION_URL": model.url,
                "WEFT_AI_VISION_MODEL": "plain",
                "WEFT_FETCH_ALLOW": site.peer,
                "WEFT_LIMITS": "off",
                "WEFT_SIGNUP": "open",
            }
            running = running_server(database_url, environ)
            server = await asyncio.to_thread(running.__enter__)
            try:
                told = {"url": server.url, "database": database_url, "data": str(server.data), "passwords": {}}
                town = Parlour(told | {"folder": str(folder)})
                town.model, town.site = model, site
                await _pass_check(town)
                yield town
            finally:
                await asyncio.to_thread(running.__exit__, None, None, None)


async def _pass_check(town: Parlour) -> None:
    """Everything in every language, but for translations: those from Vietnamese were not good enough."""
    url = town.model.url
    settings = Settings(ai_chat_url=url, ai_chat_model="plain", ai_vision_url=url, ai_vision_model="plain")
    places = Endpoints(settings, LocalEngines(town.data, Clock()))
    db, signals = await town._open()
    try:
        await store_passed(db, places, ("ask", "reword", "alt_text"), LANGUAGES)
        directions = [direction for direction in DIRECTIONS if not direction.startswith("vi-")]
        await store_passed(db, places, ("translate",), directions)
    finally:
        await db.close()
    await publish_now(town.database_url, signals, town.data)


def reset(town: Parlour) -> None:
    """The model as every test finds it."""
    model = town.model
    model.say, model.behave, model.pause_s = lambda body: SAID, None, 0.2
    model.calls.clear()


async def enter(room: Stage, language: str = "en", **options: Any) -> tuple[Screen, Person, Person]:
    """Somebody who looks, and somebody who wrote of the choir."""
    ann = await asyncio.to_thread(room.town.newcomer, shown="Ann Weaver")
    await asyncio.to_thread(ann.say, CHOIR, visibility="public", language="en")
    await asyncio.to_thread(room.town.settle)
    screen, me = await room.newcomer(language=language, **options)
    return screen, me, ann


async def ask(screen: Screen, text: str) -> None:
    await screen.page.get_by_role("textbox", name=screen.t("assistant.ask")).fill(text)
    await screen.page.get_by_role("button", name=screen.t("assistant.send"), exact=True).click()


def answer(screen: Screen) -> Any:
    """The last answer on the screen."""
    return screen.page.get_by_role("article", name=screen.t("assistant.title"), exact=True).last


def asked(screen: Screen) -> Any:
    """What the person said."""
    return screen.page.get_by_role("article", name=screen.t("assistant.you"), exact=True)


async def choose(screen: Screen, within: Any, label: str, choice: str) -> None:
    """Open a menu and take a choice."""
    await within.get_by_role("button", name=label, exact=True).click()
    await screen.page.get_by_role("menuitem", name=screen.t(choice), exact=True).click()


async def chats(person: Person) -> list[Any]:
    return list(await asyncio.to_thread(person.get, f"{API}/chats"))


async def turns(person: Person) -> list[Any]:
    [chat] = await chats(person)
    return list(await asyncio.to_thread(person.get, f"{API}/chats/{chat['id']}/turns"))
