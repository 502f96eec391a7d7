"""A target: one service in one environment, and the slots inside it."""

from dataclasses import dataclass
from typing import Self

from domain import names
from domain.errors import MalformedValue

MAIN = "main"
"""The slot meant when none is said."""


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """What is configured, released and run: `payments-api@prod`."""

    service: str
    environment: str

    def __post_init__(self) -> None:
        """Refuse names that are not keys."""
        names.key(self.service, "service")
        names.key(self.environment, "environment")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the target written `service@environment`."""
        service, at, environment = text.partition("@")
        if not at:
            raise MalformedValue(f"not a target: {text[:220]!r}, expected service@environment")
        return cls(service, environment)

    def __str__(self) -> str:
        """Return `service@environment`."""
        return f"{self.service}@{self.environment}"


def slot(text: str) -> str:
    """Return *text* when it can name a slot (a region, a cell, a canary)."""
    return names.key(text, "slot")
