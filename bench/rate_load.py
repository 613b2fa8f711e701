"""The generator of `rate`: posts at a steady rate whatever the answers take, listens on many streams, reads homes.

One process sends and listens, so that one clock measures from the moment a post is due until somebody sees it.
"""

from __future__ import annotations

import asyncio
import base64
import os
import re
import struct
import sys
from time import perf_counter
from typing import cast

import msgspec
import uvloop

from bench.load import share_of
from bench.wire import Address, Request, Wire

MARK = re.compile(rb"bm(\d{6})x")
POSTING = 32
IDLE_PAUSE_S = 0.1
GRACE_S = 2.0
PROBE_PAUSE_S = 0.1
PROBE_GIVES_UP_S = 2.0
PING, PONG = 0x9, 0xA


class RatePlan(msgspec.Struct, frozen=True, kw_only=True):
    address: Address
    posters: list[str]
    """Tokens."""
    listeners: list[str]
    public: list[str]
    follows: list[tuple[int, int]]
    """Pairs of a poster's place and a listener's place: the listener follows the poster."""
    texts: list[str]
    rate: float
    seconds: float
    idle: int
    """Single posts before the load."""


class Spread(msgspec.Struct, frozen=True):
    """How long something took, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    most: float

    @classmethod
    def of(cls, seconds: list[float]) -> Spread:
        ordered = sorted(1000 * each for each in seconds)
        cut = [share_of(ordered, share) for share in (0.5, 0.95, 0.99, 1.0)]
        return cls(len(ordered), *cut)


class RateSeen(msgspec.Struct, frozen=True, kw_only=True):
    sent: int
    answered: int
    """Within the time that was given."""
    failed: int
    seconds: float
    answer: Spread
    stream_idle: Spread
    home_idle: Spread
    stream_loaded: Spread
    home_loaded: Spread
    public_loaded: Spread
    expected: int
    """Deliveries to followers' streams that should have come while under load."""
    delivered: int
    sample: str = ""


class Stream(asyncio.Protocol):
    """One open WebSocket: notes when each marked post arrived."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._buffer = bytearray()
        self.opened = asyncio.get_running_loop().create_future()
        self.arrived: dict[int, float] = {}
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("a stream was refused"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.opened.done():
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in self._buffer[:20]:
                self.opened.set_exception(ConnectionError(bytes(self._buffer[:200]).decode("latin-1")))
                return
            del self._buffer[: end + 4]
            self.opened.set_result(None)
        now = perf_counter()
        while (frame := self._next_frame()) is not None:
            for mark in MARK.finditer(frame):
                self.arrived.setdefault(int(mark[1]), now)

    def _next_frame(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        length, start = buffer[1] & 0x7F, 2
        if length == 126:
            start = 4
            length = int.from_bytes(buffer[2:4], "big")
        elif length == 127:
            start = 10
            length = int.from_bytes(buffer[2:10], "big")
        if len(buffer) < start + length:
            return None
        kind, frame = buffer[0] & 0xF, bytes(buffer[start : start + length])
        del buffer[: start + length]
        if kind == PING:
            self._transport.write(struct.pack("!BBI", 0x80 | PONG, 0x80 | len(frame), 0) + frame)
        return frame


class Run:
    def __init__(self, plan: RatePlan) -> None:
        self._plan = plan
        self._host = plan.address.name
        self._due: dict[int, float] = {}
        self._by: dict[int, int] = {}
        self._answered: dict[int, float] = {}
        self._ids: dict[int, bytes] = {}
        self._failed = 0
        self._sample = ""
        self._homes_loaded: list[float] = []
        self._followers: dict[int, list[int]] = {}
        for poster, listener in plan.follows:
            self._followers.setdefault(poster, []).append(listener)

    async def connect(self) -> None:
        plan = self._plan
        self._wires = [await Wire.open(plan.address) for _ in range(POSTING)]
        self._prober = await Wire.open(plan.address)
        self._streams = [await self._open("user", token) for token in plan.listeners]
        self._public = [await self._open("public", token) for token in plan.public]

    async def _open(self, name: str, token: str) -> Stream:
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            f"GET /api/v1/streaming?stream={name}&access_token={token} HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n"
        )
        address = self._plan.address
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(lambda: Stream(head.encode()), address.host, address.port)
        await asyncio.wait_for(stream.opened, 10)
        return stream

    # -------------------------------------------------------------------------------------------- posting

    def _post_request(self, n: int) -> bytes:
        plan = self._plan
        poster = n % len(plan.posters)
        self._by[n] = poster
        text = f"bm{n:06d}x {plan.texts[n % len(plan.texts)]}"
        form = {"status": text}
        request = Request(method="POST", path="/api/v1/statuses", token=plan.posters[poster], form=form)
        return request.encode(self._host)

    async def _post(self, wire: Wire, n: int) -> None:
        try:
            answer = await wire.ask(self._post_request(n))
        except ConnectionError as error:
            self._note_failure(str(error))
            return
        if answer.status != 200:
            self._note_failure(f"{answer.status} {answer.body[:200]!r}")
            return
        self._answered[n] = perf_counter()
        self._ids[n] = msgspec.json.decode(answer.body, type=_Made).id.encode()

    def _note_failure(self, sample: str) -> None:
        self._failed += 1
        self._sample = self._sample or sample

    async def _seen_at_home(self, n: int) -> float | None:
        """Seconds until a follower's home shows the post, read again and again."""
        listener = self._followers[self._by[n]][0]
        path = "/api/v1/timelines/home?limit=40"
        request = Request(path=path, token=self._plan.listeners[listener]).encode(self._host)
        due = self._due[n]
        wanted = b'"id":"' + self._ids[n] + b'"'
        while perf_counter() - due < PROBE_GIVES_UP_S:
            if wanted in (await self._prober.ask(request)).body:
                return perf_counter() - due
        return PROBE_GIVES_UP_S

    async def idle(self) -> list[float]:
        """Single posts with a pause between them: seconds to a follower's home."""
        homes = []
        for n in range(self._plan.idle):
            self._due[n] = perf_counter()
            await self._post(self._wires[0], n)
            if n in self._ids and self._by[n] in self._followers:
                homes.append(await self._seen_at_home(n) or 0.0)
            await asyncio.sleep(IDLE_PAUSE_S)
        return homes

    async def loaded(self) -> tuple[float, float]:
        """The steady rate; when it began, and when the last post was due."""
        waiting: asyncio.Queue[int] = asyncio.Queue()

        async def work(wire: Wire) -> None:
            while True:
                await self._post(wire, await waiting.get())

        workers = [asyncio.create_task(work(wire)) for wire in self._wires]
        probing = asyncio.create_task(self._probe())
        began, first = perf_counter(), self._plan.idle
        for k in range(int(self._plan.rate * self._plan.seconds)):
            due = began + k / self._plan.rate
            if (early := due - perf_counter()) > 0:
                await asyncio.sleep(early)
            self._due[first + k] = perf_counter()
            waiting.put_nowait(first + k)
        end = perf_counter()
        probing.cancel()
        print("over", flush=True)
        await asyncio.sleep(GRACE_S)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, probing, return_exceptions=True)
        return began, end

    async def _probe(self) -> None:
        """Ten times a second: how long until a follower's home shows the newest answered post that one follows."""
        while True:
            await asyncio.sleep(PROBE_PAUSE_S)
            last = max(self._ids, default=-1)
            found = next((n for n in range(last, -1, -1) if n in self._ids and self._by[n] in self._followers), None)
            if found is not None and found >= self._plan.idle:
                self._homes_loaded.append(await self._seen_at_home(found) or 0.0)

    async def all(self) -> RateSeen:
        idle = self._plan.idle
        homes_idle = await self.idle()
        began, end = await self.loaded()
        delays = list(self._deliveries())
        expected = sum(len(self._followers.get(self._by[n], ())) for n in self._answered if n >= idle)
        loaded = [delay for n, delay in delays if n >= idle]
        public = [at - self._due[n] for stream in self._public for n, at in stream.arrived.items() if n >= idle]
        return RateSeen(
            sent=len(self._due) - idle,
            answered=sum(1 for n, at in self._answered.items() if n >= idle and at <= end),
            failed=self._failed + sum(stream.lost for stream in (*self._streams, *self._public)),
            seconds=end - began,
            answer=Spread.of([at - self._due[n] for n, at in self._answered.items() if n >= idle]),
            stream_idle=Spread.of([delay for n, delay in delays if n < idle]),
            home_idle=Spread.of(homes_idle),
            stream_loaded=Spread.of(loaded),
            home_loaded=Spread.of(self._homes_loaded),
            public_loaded=Spread.of(public),
            expected=expected,
            delivered=len(loaded),
            sample=self._sample,
        )

    def _deliveries(self) -> list[tuple[int, float]]:
        """Each post and follower with an open stream: from when the post was due until it arrived there."""
        return [
            (n, self._streams[listener].arrived[n] - self._due[n])
            for n, poster in self._by.items()
            for listener in self._followers.get(poster, ())
            if n in self._streams[listener].arrived
        ]


class _Made(msgspec.Struct):
    id: str


async def _main() -> None:
    run = Run(msgspec.json.decode(sys.stdin.buffer.readline(), type=RatePlan))
    await run.connect()
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.readline)
    print(msgspec.json.encode(await run.all()).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
