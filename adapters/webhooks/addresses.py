"""Where a webhook may not lead: to this machine, its network, or whatever answers only from inside of it.

The name in a URL is whoever's choice. So every address that it stands for is looked at, and one that is not
somebody's on the public Internet is refused, in whatever way it is written. Sources: IANA's special-purpose
address registries (RFC 6890 and what was added to them), and the cloud providers' own documentation.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NEVER: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), what)
    for network, what in (
        ("169.254.169.254/32", "metadata of a cloud"),
        ("169.254.170.2/32", "metadata of a cloud"),
        ("169.254.170.23/32", "metadata of a cloud"),
        ("100.100.100.200/32", "metadata of a cloud"),
        ("168.63.129.16/32", "metadata of a cloud"),
        ("192.0.0.192/32", "metadata of a cloud"),
        ("fd00:ec2::254/128", "metadata of a cloud"),
        ("fd20:ce::254/128", "metadata of a cloud"),
        ("::ffff:0:0/96", "another address in disguise"),
        ("::ffff:0:0:0/96", "another address in disguise"),
        ("64:ff9b::/96", "another address in disguise"),
        ("64:ff9b:1::/48", "another address in disguise"),
        ("2001::/32", "another address in disguise"),
        ("2002::/16", "another address in disguise"),
        ("0.0.0.0/8", "no address of anybody"),
        ("255.255.255.255/32", "no address of anybody"),
        ("224.0.0.0/4", "multicast"),
        ("ff00::/8", "multicast"),
    )
)
"""Refused also where somebody named a network around them: nobody receives webhooks there."""

INSIDE: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), what)
    for network, what in (
        ("127.0.0.0/8", "this machine"),
        ("::1/128", "this machine"),
        ("10.0.0.0/8", "private"),
        ("172.16.0.0/12", "private"),
        ("192.168.0.0/16", "private"),
        ("fc00::/7", "private"),
        ("fec0::/10", "private"),
        ("100.64.0.0/10", "shared by a carrier"),
        ("169.254.0.0/16", "of one link"),
        ("fe80::/10", "of one link"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "reserved"),
        ("192.31.196.0/24", "reserved"),
        ("192.52.193.0/24", "reserved"),
        ("192.88.99.0/24", "reserved"),
        ("192.175.48.0/24", "reserved"),
        ("198.18.0.0/15", "reserved"),
        ("198.51.100.0/24", "reserved"),
        ("203.0.113.0/24", "reserved"),
        ("240.0.0.0/4", "reserved"),
        ("2001::/23", "reserved"),
        ("2001:db8::/32", "reserved"),
        ("2620:4f:8000::/48", "reserved"),
        ("3fff::/20", "reserved"),
    )
)
"""Refused unless somebody named the network."""
_PUBLIC = IPv6Network("2000::/3")


def refusal(address: Address, named: Iterable[Network]) -> str | None:
    """Return why nothing is sent to *address*, None when it is public or in one of the networks *named*."""
    found = _within(address, NEVER)
    if found is not None:
        return found
    if is_named(address, named):
        return None
    found = _within(address, INSIDE)
    if found is None and isinstance(address, IPv6Address) and address not in _PUBLIC:
        found = "reserved"
    return found


def is_named(address: Address, named: Iterable[Network]) -> bool:
    """Whether *address* is in one of the networks that somebody *named*."""
    return getattr(address, "scope_id", None) is None and any(address in network for network in named)


def _within(address: Address, networks: Iterable[tuple[Network, str]]) -> str | None:
    return next((what for network, what in networks if address in network), None)
