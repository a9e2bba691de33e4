"""Which IP addresses are public: those of other servers, and none of this machine, of its network, or of a tunnel."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

# `is_global` of Python 3.11 passes these. Each is no place of its own, or leads on to an IPv4 address that may be any.
_NOT_PUBLIC: Final = tuple(
    ip_network(network)
    for network in (
        "64:ff9b::/96",  # NAT64 (RFC 6052)
        "64:ff9b:1::/48",  # NAT64 within a network (RFC 8215)
        "2002::/16",  # 6to4 (RFC 3056)
        "2001::/32",  # Teredo (RFC 4380)
        "fec0::/10",  # site-local, deprecated (RFC 3879)
        "::/96",  # IPv4-compatible, deprecated (RFC 4291)
        "192.88.99.0/24",  # the relays of 6to4 (RFC 7526)
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by the customers of a provider (RFC 6598)
        "255.255.255.255/32",
    )
)


def is_public(address: str) -> bool:
    """Return whether an address, as a resolver gives it, is a public one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if not found.is_global or found.is_multicast or found.is_reserved:
        return False
    return not any(found.version == network.version and found in network for network in _NOT_PUBLIC)


def is_loopback(address: str) -> bool:
    """Return whether an address is this machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
