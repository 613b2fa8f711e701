"""Which addresses count as the open internet."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.infra.global_unicast import HOLDS_V4, is_global_unicast

OPEN = ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "223.255.255.1"]
OPEN += ["2606:4700::1111", "2001:4860:4860::8888", "2a00:1450::1", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]

CLOSED = ["0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254"]
CLOSED += ["169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1"]
CLOSED += ["198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1"]
CLOSED += ["255.255.255.255", "168.63.129.16"]
CLOSED += ["::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:127.0.0.1", "100::1", "fc00::1"]
CLOSED += ["fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "2001::1", "2001:db8::1", "2001:2::1"]
CLOSED += ["2001:10::1", "2001:20::1", "3fff::1", "3ffe::1", "5f00::1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1"]
CLOSED += ["64:ff9b:1::8.8.8.8", "2002:7f00:1::", "2002:a00:1::1", "2002:808:808::1", "4000::1", "1::1"]
# Teredo keeps the client's IPv4 address inverted in its last 32 bits: this one is 127.0.0.1.
CLOSED += ["2001:0:808:808:0:0:80ff:fffe"]


@pytest.mark.parametrize("text", OPEN)
def test_the_open_internet_is_allowed(text: str) -> None:
    assert is_global_unicast(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", CLOSED)
def test_everything_special_is_refused(text: str) -> None:
    assert not is_global_unicast(ipaddress.ip_address(text))


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_inside_an_ipv6_one_is_judged_like_itself(address: ipaddress.IPv4Address) -> None:
    for prefix in ("::ffff:0:0", "64:ff9b::"):
        inside = ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) | int(address))
        assert is_global_unicast(inside) == is_global_unicast(address)


@given(st.ip_addresses())
def test_what_the_standard_library_calls_special_is_refused_too(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    is_special = address.is_private or address.is_multicast or address.is_link_local or address.is_reserved
    if is_special and not any(address in network for network in HOLDS_V4):
        assert not is_global_unicast(address)
