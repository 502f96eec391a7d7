"""Change freezes: for a while nothing is promoted, but in an emergency."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from domain import names, report
from domain.access.reach import PATTERNS_MAX
from domain.digest import Digest
from domain.errors import ContradictoryReport, MalformedValue
from domain.event import Event

ANY = "*"
PLACES_MAX = PATTERNS_MAX
"""As many as somebody can be allowed to reach."""


@dataclass(frozen=True, kw_only=True)
class FreezeDeclared(Event):
    """Changes wait, from an instant until another."""

    topic: ClassVar[str] = "freeze-declared.v1"

    freeze: str
    """Its id; said once."""
    name: str
    starts_at: datetime
    ends_at: datetime
    environments: tuple[str, ...]
    """Names, or `*` alone for every one."""
    services: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse a freeze of nothing, and one that ends before it starts."""
        names.key(self.freeze, "freeze")
        names.line(self.name, "name of a freeze", length_max=names.NAME_LENGTH_MAX)
        if self.ends_at <= self.starts_at:
            raise ContradictoryReport("the freeze would end before it starts")
        _check_places(self.environments, "environment")
        _check_places(self.services, "service")

    def natural_key(self) -> Digest:
        """Return the key of the freeze."""
        return report.key(self.topic, self.freeze)


@dataclass(frozen=True, kw_only=True)
class FreezeLifted(Event):
    """A freeze is over before its end."""

    topic: ClassVar[str] = "freeze-lifted.v1"

    freeze: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse what gives no reason."""
        names.line(self.reason, "reason")

    def natural_key(self) -> Digest:
        """Return the key of the end of the freeze."""
        return report.key(self.topic, self.freeze)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """A freeze, as it is known by now."""

    id: str
    name: str
    starts_at: datetime
    ends_at: datetime
    """Brought forward when it was lifted."""
    environments: tuple[str, ...]
    services: tuple[str, ...]
    version: int
    """Of the event that declared it, in its stream."""

    def concerns(self, environment: str) -> bool:
        """Whether it is about *environment*."""
        return self.environments == (ANY,) or environment in self.environments

    def lifted(self, at: datetime) -> "Freeze":
        """Return it as it is after it was lifted at *at*."""
        return replace(self, ends_at=max(self.starts_at, min(self.ends_at, at)))


def _check_places(places: tuple[str, ...], what: str) -> None:
    if not 0 < len(places) <= PLACES_MAX or len(set(places)) < len(places):
        raise MalformedValue(f"expected 1 to {PLACES_MAX} {what}s, none of them twice, or {ANY} alone")
    if places != (ANY,):
        for place in places:
            names.key(place, what)
