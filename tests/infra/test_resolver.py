"""Our own questions to a name server."""

import asyncio
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.infra.outside import names
from weft.infra.resolver import TYPE_A, DnsResolver, ResolveError, SystemResolver, make_question, read_answer


def texts(addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address]) -> list[str]:
    return [str(address) for address in addresses]


async def test_both_kinds_of_address_are_found() -> None:
    async with names({"two.example": [["192.0.2.1", "2001:db8::1", "192.0.2.2"]]}) as dns:
        found = await DnsResolver(dns.address).addresses("two.example")
    assert texts(found) == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]


async def test_a_name_with_one_kind_only_is_found() -> None:
    async with names({"six.example": [["2001:db8::1"]]}) as dns:
        assert texts(await DnsResolver(dns.address).addresses("six.example")) == ["2001:db8::1"]


async def test_a_name_without_addresses_or_none_at_all_is_an_error() -> None:
    async with names({"empty.example": [[]]}) as dns:
        for name in ("empty.example", "absent.example"):
            with pytest.raises(ResolveError):
                await DnsResolver(dns.address).addresses(name)


async def test_a_long_answer_comes_over_tcp_and_is_bounded() -> None:
    async with names({"many.example": [[f"192.0.2.{last}" for last in range(200)]]}) as dns:
        dns.truncate = True
        assert len(await DnsResolver(dns.address).addresses("many.example")) == 16


async def test_an_answer_with_another_id_is_passed_over() -> None:
    async with names({"two.example": [["192.0.2.1"]]}) as dns:
        dns.forge_first = True
        assert texts(await DnsResolver(dns.address).addresses("two.example")) == ["192.0.2.1"]


async def test_a_server_that_is_away_is_an_error() -> None:
    async with names({}) as dns:
        pass
    async with asyncio.timeout(6):
        with pytest.raises(ResolveError):
            await DnsResolver(dns.address).addresses("two.example")


async def test_the_system_knows_its_own_host() -> None:
    resolver = SystemResolver()
    assert set(texts(await resolver.addresses("localhost"))) <= {"127.0.0.1", "::1"}
    with pytest.raises(ResolveError):
        await resolver.addresses("absent.invalid")
    resolver.close()


@given(st.binary(max_size=80), st.integers(0, 65535))
def test_a_broken_answer_is_an_error_and_never_a_loop(rest: bytes, count: int) -> None:
    question = make_question("two.example", TYPE_A, 7)
    head = question[:2] + b"\x81\x80\x00\x01" + count.to_bytes(2, "big") + bytes(4)
    try:
        found = read_answer(head + question[12:] + rest, question, TYPE_A)
    except OSError:
        return
    assert len(found) <= len(rest) // 4
