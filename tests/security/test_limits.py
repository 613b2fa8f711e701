"""How much anybody may ask, per account and per address block, whoever stands between; and queues have an end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.security.house import House, house_on, routes
from tests.security.test_content import picture, upload
from weft.infra.admit import API, API_ADDRESS, MEDIA
from weft.infra.routing.table import Style

PROXY = "10.1.2.3"
PATH = "/api/v1/timelines/public"


@pytest.fixture
async def limited(database_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house_on(database_url, tmp_path, limits=True, trusted_proxies=("10.0.0.0/8",)) as made:
        yield made


def at(house: House, address: str) -> httpx.AsyncClient:
    """Somebody who asks from an address."""
    transport = httpx.ASGITransport(house.worker.asgi, client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")


def left(answer: httpx.Response) -> int:
    return int(answer.headers["x-ratelimit-remaining"])


async def test_addresses_are_counted_by_their_block_and_accounts_wherever_they_ask(limited: House) -> None:
    async with at(limited, "2001:db8:1:2::1") as one, at(limited, "2001:db8:1:2:ffff::9") as neighbour:
        first = left(await one.get(PATH))
        assert left(await neighbour.get(PATH)) == first - 1
    async with at(limited, "2001:db8:1:3::1") as other:
        assert left(await other.get(PATH)) == first
    ann = await limited.person()
    mine = left(await ann.http.get(PATH))
    token = {"authorization": f"Bearer {ann.token}"}
    async with at(limited, "198.51.100.1") as elsewhere:
        assert left(await elsewhere.get(PATH, headers=token)) == mine - 1
        assert left(await elsewhere.get(PATH)) == API_ADDRESS.limit - 1


async def test_what_a_caller_says_of_itself_counts_only_behind_our_own_proxy(limited: House) -> None:
    async with at(limited, "203.0.113.50") as liar, at(limited, PROXY) as proxy:
        full = left(await liar.get(PATH))
        for number in range(3):
            said = {"x-forwarded-for": f"192.0.2.{number}"}
            assert left(await liar.get(PATH, headers=said)) == full - 1 - number
            assert left(await proxy.get(PATH, headers=said)) == API_ADDRESS.limit - 1
        for number, forged in enumerate(("192.0.2.99", "1.1.1.1")):
            chain = {"x-forwarded-for": f"{forged}, 198.51.100.7"}
            assert left(await proxy.get(PATH, headers=chain)) == API_ADDRESS.limit - 1 - number


async def test_who_asks_too_often_is_told_when_to_come_back(limited: House) -> None:
    async with at(limited, "203.0.113.60") as busy, at(limited, "203.0.113.61") as other:
        answers = [await busy.get(PATH) for _ in range(API_ADDRESS.limit + 1)]
        assert [answer.status_code for answer in answers[:-1]] == [200] * API_ADDRESS.limit
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        with limited.statements() as seen:
            assert (await busy.get(PATH)).status_code == 429
        assert not seen
        assert (await other.get(PATH)).status_code == 200


async def test_guessed_tokens_count_like_anything_else(limited: House) -> None:
    async with at(limited, "203.0.113.62") as guesser:
        wrong = {"authorization": "Bearer " + "x" * 43}
        statuses = [(await guesser.get(PATH, headers=wrong)).status_code for _ in range(API_ADDRESS.limit + 1)]
    assert set(statuses[:-1]) == {401} and statuses[-1] == 429


async def test_each_class_of_route_has_its_own_end(limited: House) -> None:
    ann = await limited.person()
    data = b"not a picture"
    statuses = [(await upload(ann, data)).status_code for _ in range(MEDIA.limit + 1)]
    assert set(statuses[:-1]) == {422} and statuses[-1] == 429
    assert (await ann.http.get(PATH)).status_code == 200


def test_every_route_is_counted_by_a_class_with_an_end() -> None:
    for route in routes():
        assert 0 < route.rate.limit <= 3000 and route.rate.window_s >= 60, route.path
        assert route.path.startswith("/api/") or route.rate.name != API.name or route.style is not Style.PAGE


async def test_more_uploads_than_can_wait_are_refused_and_the_rest_succeed(house: House) -> None:
    people = [await house.person() for _ in range(4)]
    data = picture("PNG")
    many = [upload(people[number % 4], data) for number in range(60)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*many))
    assert set(statuses) <= {200, 503} and 200 in statuses
    assert (await house.visitor.get(PATH)).status_code == 200
    answers = await asyncio.gather(*(upload(people[0], data) for _ in range(60)))
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 503)


async def test_more_passwords_than_can_be_checked_at_once_are_refused(house: House) -> None:
    """Checking a password costs 20 ms of a processor: those who wait are few."""
    passwords = house.worker.ports.passwords
    results = await asyncio.gather(*(passwords.hash("mountain-lake-7") for _ in range(150)), return_exceptions=True)
    refused = [type(result).__name__ for result in results if isinstance(result, BaseException)]
    assert set(refused) == {"Unavailable"}
    assert len(refused) < 150
