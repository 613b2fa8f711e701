"""The way from a feature to the model: a ``Writer`` over the calls, which hold, queue, ask and settle."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from weft.assistant.bars import SERVED_BY
from weft.assistant.calls import CallFor, Calls
from weft.assistant.prompts import Wanted
from weft.infra.engine.model import Delta


class CallWriter:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def write(self, wanted: Wanted) -> AsyncGenerator[str, None]:
        """The answer's text as it comes. Raises as ``Calls.generate``."""
        call = CallFor(
            account_id=wanted.account_id,
            role=wanted.role,
            kind=wanted.kind,
            feature=wanted.feature,
            capability=SERVED_BY[wanted.feature],
            ask=wanted.ask,
        )
        async with aclosing(self._calls.generate(call)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Delta):
                    yield piece.text
