"""Who is calling, and by which key they are counted."""

import ipaddress

import pytest

from weft.infra.addresses import ClientAddress, address_key, client_address

PROXIES = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128")]


def forwarded(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"X-Forwarded-For", value.encode()) for value in values]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::2%eth1"),
    ],
)
def test_addresses_of_one_block_share_a_key(one: str, other: str) -> None:
    assert address_key(one) == address_key(other)


def test_other_blocks_have_other_keys() -> None:
    ips = ["192.0.2.7", "192.0.2.8", "2001:db8:1:2::1", "2001:db8:1:3::1", "::1"]
    assert len({address_key(ip) for ip in ips}) == len(ips)


@pytest.mark.parametrize("junk", ["", ":::", "a:b", "::\x00", "1:2:3:4:5:6:7:8:9"])
def test_what_is_no_address_is_counted_together(junk: str) -> None:
    assert address_key(junk) == "unknown"


def test_a_stranger_cannot_say_who_they_are() -> None:
    headers = [*forwarded("198.51.100.1"), (b"x-forwarded-host", b"evil.example"), (b"x-forwarded-proto", b"https")]
    assert client_address("192.0.2.1", headers, PROXIES) == ClientAddress("192.0.2.1")
    assert client_address("10.0.0.1", headers, []) == ClientAddress("10.0.0.1")


@pytest.mark.parametrize(
    ("lines", "ip"),
    [
        (["198.51.100.1"], "198.51.100.1"),
        (["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        (["203.0.113.9", "198.51.100.1, 10.0.0.9"], "198.51.100.1"),
        (["198.51.100.1:4711"], "198.51.100.1"),
        (['"[2001:db8::1]:4711"'], "2001:db8::1"),
        (["::ffff:198.51.100.1"], "198.51.100.1"),
        (["10.0.0.7, 10.0.0.9"], "10.0.0.7"),
        (["198.51.100.1, junk, 10.0.0.9"], "10.0.0.9"),
        ([""], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_the_caller_is_the_rightmost_hop_that_is_no_proxy_of_ours(lines: list[str], ip: str) -> None:
    assert client_address("10.0.0.1", forwarded(*lines), PROXIES).ip == ip


def test_a_trusted_proxy_names_scheme_and_host() -> None:
    headers = [(b"x-forwarded-proto", b"HTTPS"), (b"x-forwarded-host", b"Weft.Example:8443")]
    assert client_address("::1", headers, PROXIES) == ClientAddress("::1", "https", "weft.example:8443")


@pytest.mark.parametrize("host", [b"a b", b"evil/../", b"a@b", b"a\r\nb", b""])
def test_an_impossible_scheme_or_host_is_not_believed(host: bytes) -> None:
    headers = [(b"x-forwarded-proto", b"ftp"), (b"x-forwarded-host", host)]
    assert client_address("::1", headers, PROXIES) == ClientAddress("::1")


def test_a_caller_on_a_socket_without_address_is_unknown() -> None:
    assert client_address(None, [], PROXIES) == ClientAddress("unknown")
