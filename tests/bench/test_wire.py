"""The benchmark's own client and load generator, against a server that answers in every way that it must understand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bench.load import Load, Plan, share_of
from bench.wire import Address, Request, ask_all

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
REFUSED = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}"
ANSWERS = {b"/whole": WHOLE, b"/chunked": CHUNKED, b"/refused": REFUSED}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        while (await reader.readline()).strip():
            pass
        answer = ANSWERS[line.split()[1]]
        for start in range(0, len(answer), 20):  # in pieces, as a slow line brings it
            writer.write(answer[start : start + 20])
            await writer.drain()
            await asyncio.sleep(0)
    writer.close()


@pytest.fixture
async def address() -> AsyncIterator[Address]:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    yield Address("127.0.0.1", server.sockets[0].getsockname()[1])
    server.close()


@pytest.mark.parametrize("path", ["/whole", "/chunked"])
async def test_a_body_is_read_whole_however_it_is_framed(address: Address, path: str) -> None:
    answers = await ask_all(address, [Request(path=path)] * 3, connections=2)
    assert [(answer.status, answer.body) for answer in answers] == [(200, b"hello")] * 3


async def test_the_generator_sends_exactly_what_the_plan_says_and_counts_failures(address: Address) -> None:
    plan = Plan(
        address=address,
        requests=[Request(path="/whole"), Request(path="/refused")],
        count=40,
        seconds=10,
        connections=4,
    )
    load = await asyncio.to_thread(Load, plan)
    seen = await asyncio.to_thread(load.run)
    assert (seen.requests, seen.failed) == (40, 20)
    assert seen.sample.startswith("404")
    assert 0 < seen.p50_ms <= seen.p99_ms


def test_a_share_of_nothing_is_nothing() -> None:
    assert share_of([], 0.5) == 0.0
    assert share_of([1.0, 2.0, 3.0, 4.0], 0.5) == 3.0
    assert share_of([1.0, 2.0], 1.0) == 2.0
