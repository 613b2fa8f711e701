"""Which addresses the open internet can reach: an allow rule with a table of our own, made from IANA's special-purpose
registries. The standard library's notions of "global" and "private" change between versions and are not used.
"""

import ipaddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

SPECIAL_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; a cloud's metadata service
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's host agent behind a public number
        "169.254.0.0/16",  # link-local; metadata services
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)

GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
SPECIAL_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: any IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # 6bone, returned
        "3fff::/20",  # documentation
    )
)
# These two mean the IPv4 address in their last 32 bits, so that one is judged.
HOLDS_V4 = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))


def is_global_unicast(address: Address) -> bool:
    """Whether a connection to the address can only end on the open internet.

    The tunnels of old (6to4, Teredo) are refused whatever address they carry: nobody serves through them any more.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in HOLDS_V4):
            return is_global_unicast(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
        return address.scope_id is None and address in GLOBAL_V6 and not any(address in net for net in SPECIAL_V6)
    return not any(address in network for network in SPECIAL_V4)
