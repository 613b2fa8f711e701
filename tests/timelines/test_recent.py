"""Public places in memory: nothing that was posted is missing, whenever the place is first looked at."""

from __future__ import annotations

import asyncio

from weft.kernel.ids import MAX_ID
from weft.kernel.paging import Page
from weft.timelines.recent import RECENT, Recent
from weft.timelines.rings import Candidate


class Stored:
    """Stands for the index in SQL: what is in it by now."""

    def __init__(self, *ids: int) -> None:
        self.ids = set(ids)
        self.pause = asyncio.Event()
        self.pause.set()

    async def load(self, page: Page) -> list[Candidate]:
        ids = sorted(id_ for id_ in self.ids if page.after < id_ < page.before)
        await self.pause.wait()
        chosen = ids[: page.limit] if page.upwards else ids[::-1][: page.limit]
        return [Candidate(id_, 1) for id_ in chosen]


def ids_of(found: list[Candidate]) -> list[int]:
    return [entry.id for entry in found]


async def test_a_post_that_is_not_indexed_yet_is_on_the_first_page() -> None:
    recent = Recent(Stored(1, 2).load)
    recent.add(Candidate(3, 1))
    assert ids_of(await recent.page(MAX_ID, 0, 10)) == [3, 2, 1]


async def test_a_post_that_comes_during_the_first_load_is_on_the_next_page() -> None:
    stored = Stored(1, 2)
    stored.pause.clear()
    recent = Recent(stored.load)
    reading = asyncio.create_task(recent.page(MAX_ID, 0, 10))
    await asyncio.sleep(0)
    recent.add(Candidate(3, 1))
    stored.pause.set()
    await reading
    assert ids_of(await recent.page(MAX_ID, 0, 10)) == [3, 2, 1]


async def test_what_is_told_twice_is_there_once() -> None:
    recent = Recent(Stored(1, 2).load)
    await recent.page(MAX_ID, 0, 1)
    recent.add(Candidate(2, 1))
    recent.add(Candidate(3, 1))
    recent.add(Candidate(3, 1))
    assert ids_of(await recent.page(MAX_ID, 0, 10)) == [3, 2, 1]


async def test_a_load_that_a_reset_overtook_is_not_kept() -> None:
    stored = Stored(1)
    stored.pause.clear()
    recent = Recent(stored.load)
    reading = asyncio.create_task(recent.page(MAX_ID, 0, 10))
    await asyncio.sleep(0)
    recent.reset()
    stored.ids.add(2)
    stored.pause.set()
    await reading
    assert ids_of(await recent.page(MAX_ID, 0, 10)) == [2, 1]


async def test_pages_go_on_below_what_memory_holds() -> None:
    stored = Stored(*range(1, RECENT + 500))
    recent = Recent(stored.load)
    seen: list[int] = []
    before = MAX_ID
    while page := ids_of(await recent.page(before, 0, 40)):
        seen += page
        before = page[-1]
    assert seen == sorted(stored.ids, reverse=True)


async def test_min_id_reads_next_to_the_cursor() -> None:
    recent = Recent(Stored(*range(1, 101)).load)
    assert ids_of(await recent.page(MAX_ID, 50, 3, upwards=True)) == [53, 52, 51]
