"""Which IP addresses are the public internet's. Pure. Source: the IANA special-purpose address registries."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# Newer in the registries, or reserved in them, than the Python we run on knows: IPv4 dummy address (RFC 7600) and what is
# assigned to protocols around it, 6to4 relays (RFC 7526), documentation (RFC 9637).
_NOT_PUBLIC = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))

# What stands for an IPv4 address in the last 32 bits, and is taken there by a router: NAT64 (RFC 6052 and 8215), SIIT.
_EMBEDDED_LAST = (
    IPv6Network("64:ff9b::/96"),
    IPv6Network("64:ff9b:1::/48"),
    IPv6Network("::ffff:0:0:0/96"),
    IPv6Network("::/96"),
)


def is_public(address: str) -> bool:
    """Whether `address` is one that anybody on the internet can have: no loopback, private, link-local, shared (CGNAT),
    multicast, reserved or unspecified one, and none of these inside of another's form. What is no address is not public.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address):
        if (inner := _embedded(parsed)) is not None:
            return is_public(str(inner))
        if parsed.is_site_local or parsed.scope_id is not None:
            return False
    if any(parsed in network for network in _NOT_PUBLIC):
        return False
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified)


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to `address` go to."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if any(address in network for network in _EMBEDDED_LAST):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
