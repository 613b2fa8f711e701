"""The small pool: bounded, first come first served, and rid of whatever broke."""

from __future__ import annotations

import asyncio

import pytest

from weft.infra.db.connections import Connections


async def test_a_returned_connection_is_lent_again(database_url: str) -> None:
    connections = Connections(database_url, 2)
    first = await connections.acquire(1)
    connections.release(first)
    assert await connections.acquire(1) is first
    connections.release(first)
    await connections.close()


async def test_whoever_finds_none_waits_in_line(database_url: str) -> None:
    connections = Connections(database_url, 1)
    only = await connections.acquire(1)
    got: list[int] = []

    async def want(number: int) -> None:
        connection = await connections.acquire(5)
        got.append(number)
        await asyncio.sleep(0)
        connections.release(connection)

    tasks = [asyncio.create_task(want(number)) for number in range(5)]
    await asyncio.sleep(0.01)
    assert got == []
    connections.release(only)
    await asyncio.gather(*tasks)
    assert got == [0, 1, 2, 3, 4]
    assert connections.open == 1
    await connections.close()


async def test_waiting_ends_after_the_patience(database_url: str) -> None:
    connections = Connections(database_url, 1)
    only = await connections.acquire(1)
    with pytest.raises(TimeoutError):
        await connections.acquire(0.05)
    connections.release(only)
    assert await connections.acquire(0.05) is only
    connections.release(only)
    await connections.close()


async def test_a_broken_one_makes_room_for_who_waits(database_url: str) -> None:
    connections = Connections(database_url, 1)
    only = await connections.acquire(1)
    waiting = asyncio.create_task(connections.acquire(5))
    await asyncio.sleep(0.01)
    connections.release(only, broken=True)
    other = await waiting
    assert other is not only and await other.fetchval("SELECT 1") == 1
    connections.release(other)
    await connections.close()


async def test_one_that_died_while_idle_is_not_lent(database_url: str) -> None:
    connections = Connections(database_url, 1)
    first = await connections.acquire(1)
    connections.release(first)
    first.terminate()
    second = await connections.acquire(1)
    assert await second.fetchval("SELECT 1") == 1
    connections.release(second)
    await connections.close()


async def test_an_open_transaction_is_not_lent_on(database_url: str) -> None:
    connections = Connections(database_url, 1)
    first = await connections.acquire(1)
    await first.execute("BEGIN")
    connections.release(first)
    second = await connections.acquire(1)
    assert second is not first
    connections.release(second)
    await connections.close()


async def test_a_statement_that_never_ends_is_cut_by_the_server(database_url: str) -> None:
    connections = Connections(database_url, 1)
    connection = await connections.acquire(1)
    assert await connection.fetchval("SHOW statement_timeout") == "1min"
    connections.release(connection)
    await connections.close()
