"""Where a request came from: by the connection, or by what a proxy that was named says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Self

from domain.errors import CredentialRefused, MalformedValue

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Proxies:
    """Networks in which our proxies are: what these append to `X-Forwarded-For` is believed, no more."""

    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read networks with commas between them; raises `MalformedValue`."""
        try:
            return cls(tuple(ip_network(each.strip()) for each in text.split(",")))
        except ValueError as wrong:
            raise MalformedValue(
                f"SHIPLOG_PROXIES is {text[:200]!r}: {wrong}; expected networks as 10.0.0.0/8, with commas"
            ) from wrong

    def __str__(self) -> str:
        """Return them as `parse` reads them."""
        return ",".join(map(str, self.networks))

    def address(self, environ: Mapping[str, Any]) -> Address:
        """Return the nearest address that is none of our proxies'.

        Raises `CredentialRefused` when a proxy says what is no address: it is not taken for anybody's.
        """
        found = _address(environ.get("REMOTE_ADDR", ""))
        if not self._ours(found):
            return found
        hops = environ.get("HTTP_X_FORWARDED_FOR", "")
        for hop in reversed(hops.split(",") if hops else ()):
            found = _address(hop.strip())
            if not self._ours(found):
                break
        return found

    def _ours(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def _address(text: str) -> Address:
    try:
        found = ip_address(text)
    except ValueError as wrong:
        raise CredentialRefused(f"{text[:60]!r} is no address to come from") from wrong
    return getattr(found, "ipv4_mapped", None) or found
