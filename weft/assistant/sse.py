"""An answer as a stream of events: ``start``, ``delta``, ``refused``, ``sources``, ``done``. Closing it stops the work.

Where the model refuses at once, because a budget is spent or too many wait, the status says so, and the quotes follow
all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

import msgspec

from weft.assistant.conversing import Begun, Ended, Said, Step
from weft.assistant.lines import Refused
from weft.assistant.shapes import refusal_shape, sources_shape, turn_shape
from weft.infra.routing.table import Response

EVENTS: Final = b"text/event-stream; charset=utf-8"
DECIDED_S: Final = 1.0
"""How long the status waits for what the first step will be."""
SILENT_S: Final = 15.0
STILL_HERE: Final = b": still here\n\n"
"""What stands between us and the reader may cut a connection that is silent for long; a model may be."""
NO_PROXY_WAITS: Final = [(b"x-accel-buffering", b"no")]
_encode = msgspec.json.Encoder().encode


async def streamed(steps: AsyncGenerator[Step, None]) -> Response:
    """The response that sends these steps; the first is taken before, so that what it refuses has a status."""
    first = await anext(steps)
    second = asyncio.ensure_future(anext(steps, None))
    try:
        done, _ = await asyncio.wait((second,), timeout=DECIDED_S)
    except asyncio.CancelledError:
        await _close(second, steps)
        raise
    refused = second.result() if done else None
    status, headers = 200, list(NO_PROXY_WAITS)
    if isinstance(refused, Refused) and refused.retry_after:
        status = 429
        headers.append((b"retry-after", str(refused.retry_after).encode()))
    return Response(status, b"", EVENTS, headers, Frames(first, second, steps))


class Frames:
    """The steps as the bytes of events, and a comment now and then while none comes."""

    def __init__(
        self,
        first: Step,
        second: asyncio.Future[Step | None],
        steps: AsyncGenerator[Step, None],
        silent_s: float = SILENT_S,
    ) -> None:
        self._waiting = frames_of(first)
        self._coming: asyncio.Future[Step | None] | None = second
        self._steps = steps
        self._silent_s = silent_s

    def __aiter__(self) -> Frames:
        return self

    async def __anext__(self) -> bytes:
        if self._waiting:
            return self._waiting.pop(0)
        if self._coming is None:
            self._coming = asyncio.ensure_future(anext(self._steps, None))
        done, _ = await asyncio.wait((self._coming,), timeout=self._silent_s)
        if not done:
            return STILL_HERE
        step, self._coming = self._coming.result(), None
        if step is None:
            raise StopAsyncIteration
        self._waiting = frames_of(step)
        return self._waiting.pop(0)

    async def aclose(self) -> None:
        if self._coming is None:
            await self._steps.aclose()
        else:
            await _close(self._coming, self._steps)


async def _close(coming: asyncio.Future[Step | None], steps: AsyncGenerator[Step, None]) -> None:
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)
    await steps.aclose()


def frames_of(step: Step) -> list[bytes]:
    match step:
        case Begun(asked=asked, turn=turn):
            return [frame("start", {"turn": turn_shape(turn), "asked": turn_shape(asked)})]
        case Said(text=text):
            return [frame("delta", {"text": text})]
        case Refused():
            return [frame("refused", refusal_shape(step))]
        case Ended(turn=turn, admitted=admitted):
            sources = sources_shape(turn.lines, admitted)
            return [frame("sources", sources), frame("done", {"turn": turn_shape(turn, admitted)})]


def frame(name: str, value: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), _encode(value))
