"""Networks of ours that webhooks may lead into; none unless somebody named them."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self

from domain.errors import MalformedValue


@dataclass(frozen=True, slots=True)
class Networks:
    """What SHIPLOG_WEBHOOK_NETWORKS says."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read networks with commas between them; raises `MalformedValue`."""
        try:
            return cls(tuple(ip_network(each.strip()) for each in text.split(",")))
        except ValueError as wrong:
            raise MalformedValue(
                f"SHIPLOG_WEBHOOK_NETWORKS is {text[:200]!r}: {wrong}; expected networks as 10.0.0.0/8, with"
                " commas"
            ) from wrong


NO_NETWORKS = Networks()
