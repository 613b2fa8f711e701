"""The one client of models: it asks a server that speaks the OpenAI protocol, and believes it nothing.
An answer may be endless, late, broken or hostile; whatever it is, it ends within its bounds as words, numbers that can
be, or a refusal. Who may ask, and what it costs, is decided above.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress

import numpy as np

from weft.infra.engine.answers import Completion, Counted, Vector, Vectors, broken, read_vectors
from weft.infra.engine.model import (
    TEMPLATE_TOKENS,
    Ask,
    Bounds,
    Delta,
    Endpoint,
    Usage,
    believed,
    checked,
)
from weft.infra.engine.requests import chat_body, cut_to, embed_body
from weft.infra.engine.wire import Wire, kind_of_failure
from weft.infra.http import Fetcher, Streaming
from weft.kernel.errors import Unavailable, WeftError

# Of an answer: each token comes in an event of its own, with ids and times around it.
JSON_BYTES_PER_TOKEN, JSON_ROOM = 4096, 256 << 10
MOST_DIMENSIONS, NUMBER_BYTES = 8192, 32
TEXTS_AT_ONCE, MOST_TEXTS = 32, 10_000
IMAGE_TOKENS = 4096
LONGEST_RETRY_S = 3600
TOO_LONG = frozenset({"exceed_context_size_error", "context_length_exceeded"})
PATIENT = Bounds()

Answer = AsyncGenerator[Delta | Usage, None]


class Models:
    """Asks models. One for each process; `fetcher` is its own, for it may reach the operator's model servers."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._wire = Wire(fetcher)

    async def aclose(self) -> None:
        await self._wire.aclose()

    async def stream(
        self, endpoint: Endpoint, ask: Ask, bounds: Bounds = PATIENT
    ) -> AsyncGenerator[Delta | Usage, None]:
        """The answer's pieces as they come, then what it took. Closing the iterator hangs up at once.

        Raises:
            Invalid: `model.too_long`.
            Unavailable: `model.away`, `model.slow`, `model.broken`, `model.full` or `model.too_long`; pieces may have
                been given before.
        """
        ask = checked(ask)
        watch = Watch(endpoint, bounds)
        completion = Completion(ask.max_tokens)
        try:
            async with AsyncExitStack() as stack:
                answer = await self._open_chat(endpoint, ask, watch, stack)
                parts = text_of(answer, completion).__aiter__()
                while True:
                    async with watch.waiting():
                        texts = await anext(parts, None)
                    if texts is None:
                        break
                    for text in texts:
                        watch.note_first()
                        yield Delta(text)
        except WeftError as error:
            raise as_model_error(error, has_begun=watch.has_begun) from None
        claim = completion.counted
        said = Usage(prompt=claim.prompt, cached=claim.cached, output=claim.output, known=claim.known)
        yield watch.finished(believed(said, sent_size(ask), completion.size, ask.max_tokens))

    async def _open_chat(self, endpoint: Endpoint, ask: Ask, watch: Watch, stack: AsyncExitStack) -> Streaming:
        most = ask.max_tokens * JSON_BYTES_PER_TOKEN + JSON_ROOM
        body = chat_body(endpoint, ask)
        async with watch.waiting():
            answer = await stack.enter_async_context(
                self._wire.post(endpoint, "/chat/completions", body, most=most, wait_s=watch.bounds.first_s)
            )
            await check_status(answer)
        return answer

    async def embed(self, endpoint: Endpoint, texts: Sequence[str], bounds: Bounds = PATIENT) -> tuple[Vector, Usage]:
        """A row of length one for each text, cut to what the model reads.

        Raises:
            Unavailable: as `stream`.
        """
        if not texts or len(texts) > MOST_TEXTS:
            raise Unavailable("model.too_long")
        watch = Watch(endpoint, bounds)
        try:
            found = [
                await self._embed(endpoint, texts[start : start + TEXTS_AT_ONCE], watch)
                for start in range(0, len(texts), TEXTS_AT_ONCE)
            ]
        except WeftError as error:
            raise as_model_error(error) from None
        if len({part.rows.shape[1] for part in found}) != 1:
            raise broken("vectors")
        claim = Counted(known=True)
        for part in found:
            claim = claim.plus(part.counted)
        sent = sum(len(text.encode()) + TEMPLATE_TOKENS for text in texts)
        said = Usage(prompt=claim.prompt, cached=claim.cached, known=claim.known)
        return np.concatenate([part.rows for part in found]), watch.finished(believed(said, sent, 0, 0))

    async def _embed(self, endpoint: Endpoint, texts: Sequence[str], watch: Watch) -> Vectors:
        """Cut by a guess, and by the careful one where the server finds a text too long after all."""
        try:
            return await self._embed_batch(endpoint, [cut_to(text, endpoint.context) for text in texts], watch)
        except Unavailable as error:
            if error.code != "model.too_long":
                raise
        careful = [cut_to(text, endpoint.context, careful=True) for text in texts]
        return await self._embed_batch(endpoint, careful, watch)

    async def _embed_batch(self, endpoint: Endpoint, batch: list[str], watch: Watch) -> Vectors:
        most = JSON_ROOM + len(batch) * MOST_DIMENSIONS * NUMBER_BYTES
        body = embed_body(endpoint, batch)
        async with watch.waiting():
            async with self._wire.post(endpoint, "/embeddings", body, most=most, wait_s=watch.bounds.first_s) as answer:
                await check_status(answer)
                received = b"".join([part async for part in answer.parts])
        watch.note_first()
        return read_vectors(received, len(batch))


class Watch:
    """The times of one call, and the CPU time of our engine while it runs."""

    def __init__(self, endpoint: Endpoint, bounds: Bounds) -> None:
        self.bounds = bounds
        self._began = time.monotonic()
        self._first: float | None = None
        self.has_begun = False
        self._pid = endpoint.pid
        self._cpu = cpu_s(self._pid)

    def note_first(self) -> None:
        if not self.has_begun:
            self._first, self.has_begun = time.monotonic(), True

    def waiting(self) -> Waiting:
        """Around each wait for the server, never around a `yield`."""
        spent = time.monotonic() - self._began
        longest = self.bounds.first_s - spent if not self.has_begun else self.bounds.between_s
        return Waiting(max(min(longest, self.bounds.total_s - spent), 0.001))

    def finished(self, usage: Usage) -> Usage:
        now = time.monotonic()
        return Usage(
            prompt=usage.prompt,
            cached=usage.cached,
            output=usage.output,
            first_token_ms=int(((self._first or now) - self._began) * 1000),
            total_ms=int((now - self._began) * 1000),
            cpu_ms=max(int((cpu_s(self._pid) - self._cpu) * 1000), 0),
            known=usage.known,
        )


class Waiting:
    """A wait with an end."""

    def __init__(self, seconds: float) -> None:
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            await self._timeout.__aexit__(type(error) if error else None, error, None)
        except TimeoutError:
            raise Unavailable("model.slow") from None


async def text_of(answer: Streaming, completion: Completion) -> AsyncIterator[list[str]]:
    """The text in each part of the answer, a stream of events or one object, until the server says it is whole."""
    if answer.media_type != "text/event-stream":
        yield [completion.take(b"".join([part async for part in answer.parts]))]
        return
    async for part in answer.parts:
        yield completion.feed(part)
    if not completion.is_done:
        raise broken("cut")


async def check_status(answer: Streaming) -> None:
    if answer.status == 200:
        return
    if answer.status in (429, 503):
        raise Unavailable("model.full", retry_after=retry_after(answer))
    if answer.status in (400, 413) and await kind_of_failure(answer) in TOO_LONG:
        raise Unavailable("model.too_long")
    raise Unavailable("model.broken", reason="status", status=answer.status)


def retry_after(answer: Streaming) -> int:
    with suppress(ValueError):
        return min(max(int(answer.headers.get("retry-after", "")), 1), LONGEST_RETRY_S)
    return 1


def as_model_error(error: WeftError, *, has_begun: bool = False) -> WeftError:
    """What went wrong between us and the server, in the words of models."""
    if has_begun and error.code == "fetch.failed":
        return broken("cut")
    reason = error.values.get("reason", "")
    match error.code:
        case "fetch.timeout":
            return Unavailable("model.slow")
        case "fetch.too_large":
            return broken("endless")
        case "fetch.failed" | "fetch.refused":
            return Unavailable("model.away", reason=reason)
        case "overloaded":
            return Unavailable("model.full", retry_after=1)
    return error


def sent_size(ask: Ask) -> int:
    """An upper bound of the prompt's tokens, near enough to tell a lie."""
    return sum(
        len(message.text.encode()) + TEMPLATE_TOKENS + (IMAGE_TOKENS if message.image else 0)
        for message in ask.messages
    )


def cpu_s(pid: int) -> float:
    """CPU time of another process so far, from its CPU clock (clock_getcpuclockid(3)); 0 where there is none."""
    if not pid:
        return 0.0
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except (OSError, OverflowError):
        return 0.0
