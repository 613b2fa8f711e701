"""Writes pictures of the app's screens, and of the pages that the server draws, for people to look at.

``python -m tests.browser.screenshots --only thread --widths 390 --themes dark --languages ko`` opens the places of
``places.py`` with the same windows that the tests use, and says what went wrong in them. It judges nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final, NamedTuple

from playwright.async_api import async_playwright

from bench.browser import FLAGS
from bench.browser import chromium as installed
from tests.browser.places import PLACES, Place, path_of
from tests.browser.screen import HEIGHTS, SHOTS, Look
from tests.browser.stage import LOCALES, MEMBER, Stage
from tests.browser.town import Town, shared_town

POST: Final = "/@shuttle/{The old bridge closes}"
DRAWN: Final = (
    Place("sign-in", "/auth/sign_in", member=False),
    Place("sign-up", "/auth/sign_up", member=False),
    Place("forgotten", "/auth/password/new", member=False),
    Place("access", "/auth/access"),
    Place("drawn-profile", "/@mai", member=False),
    Place("drawn-post", POST, member=False),
    Place("drawn-tag", "/tags/bridge", member=False),
    Place("embed", f"{POST}/embed", member=False),
)
"""Pages that need no script, and are looked at without."""


class Shot(NamedTuple):
    place: Place
    path: str
    look: Look
    language: str
    text: int

    @property
    def name(self) -> str:
        return self.place.name + (f".text{self.text}" if self.text != 100 else "")


async def shoot(stage: Stage, shot: Shot) -> Path:
    """A picture of one place as one person sees it."""
    is_drawn = shot.place in DRAWN
    options: dict[str, Any] = {"language": shot.language, "look": shot.look, "java_script_enabled": not is_drawn}
    screen = await stage.at(shot.place, **options)
    cookie = {"name": "weft_text", "value": str(shot.text), "url": stage.town.url}
    await screen.page.context.add_cookies([cookie])
    if is_drawn:
        await screen.page.goto(stage.town.url + shot.path, wait_until="load")
    else:
        await screen.open(shot.path)
        await screen.settle()
    file = await screen.shot(shot.name)
    await screen.page.context.close()
    return file


def shots(town: Town, wanted: argparse.Namespace) -> Iterator[Shot]:
    """Every combination that was asked for."""
    for place in (*PLACES, *_found(town), *DRAWN):
        if wanted.only and not any(place.name == one or place.name.startswith(one + "-") for one in wanted.only):
            continue
        path = path_of(town, place)
        for width, theme, language in product(wanted.widths, wanted.themes, wanted.languages):
            yield Shot(place, path, Look(width, theme), language, wanted.text)


def _found(town: Town) -> Iterator[Place]:
    """Places whose paths hold an id that only the member knows."""
    member = town.token_of(MEMBER)
    for name, path, source in (
        ("chat", "/messages", "/api/v1/conversations"),
        ("list", "/lists", "/api/v1/lists"),
    ):
        found: list[dict[str, Any]] = member.get(source)
        if found:
            yield Place(name, f"{path}/{found[0]['id']}")


async def shoot_all(town: Town, chromium: str, wanted: argparse.Namespace) -> list[str]:
    """Write all pictures; the answer is what went wrong in the windows."""
    problems: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for shot in await asyncio.to_thread(lambda: list(shots(town, wanted))):
            stage = Stage(town, browser, shot.look)
            try:
                print(await shoot(stage, shot))
            except AssertionError as problem:
                problems.append(f"{shot.name} {shot.look} {shot.language}: {problem}")
            problems += [f"{shot.name} {shot.look} {shot.language}: {one}" for one in stage.problems()]
            await stage.close()
        await browser.close()
    return problems


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.browser.screenshots", description=__doc__)
    parser.add_argument("--town", default="", help="a folder whose community is used, and kept running")
    parser.add_argument("--only", type=_words, default=(), help="names of places: thread,profile")
    parser.add_argument("--widths", type=_numbers, default=tuple(HEIGHTS))
    parser.add_argument("--themes", type=_words, default=("light", "dark"))
    parser.add_argument("--languages", type=_words, default=tuple(LOCALES))
    parser.add_argument("--text", type=int, default=100, choices=(100, 115, 130, 150, 200), help="percent")
    return parser.parse_args()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(word) for word in text.split(","))


def main() -> int:
    wanted = arguments()
    program = installed()
    if program is None:
        print("No Chromium is installed, so no picture can be taken.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as own:
        folder = Path(wanted.town or own)
        if wanted.town:
            (folder / "users").mkdir(parents=True, exist_ok=True)
            (folder / "users" / "kept").touch()
        with shared_town(folder, "screenshots") as town:
            problems = asyncio.run(shoot_all(town, program, wanted))
    print(f"Pictures are in {SHOTS}")
    print(*problems, sep="\n", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
