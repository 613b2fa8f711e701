"""Gives up an answer that takes long when whoever asked for it hangs up. Streams have the same in ``answers``."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from weft.infra.routing.answers import Receive
from weft.infra.routing.body import ClientGone

T = TypeVar("T")


async def while_there(receive: Receive, work: Awaitable[T]) -> T:
    """What the work gives; it is cancelled as soon as the client leaves.

    Raises:
        ClientGone: nobody waits any more.
    """
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientGone
        return working.result()
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
