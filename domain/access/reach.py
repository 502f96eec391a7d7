"""Reach: to which services and in which environments something is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from domain import names
from domain.access.scopes import WITHOUT_ENVIRONMENT, WITHOUT_SERVICE, Scope
from domain.errors import MalformedValue

PATTERNS_MAX = 100
"""Of services, and of environments."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Exact names, or beginnings of names that end in `*`; none at all means any. In order, none twice."""

    services: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no name and no beginning of one, and a second spelling of the same reach."""
        for patterns, what in ((self.services, "service"), (self.environments, "environment")):
            if len(patterns) > PATTERNS_MAX:
                raise MalformedValue(f"{len(patterns)} patterns of a {what}, at most {PATTERNS_MAX}")
            for pattern in patterns:
                names.key(pattern.removesuffix("*"), f"{what} or beginning of one with * behind it")
            if any(one >= other for one, other in pairwise(patterns)):
                raise MalformedValue(f"patterns of a {what} are expected in ascending order, none twice")

    @classmethod
    def of(cls, services: Iterable[str] = (), environments: Iterable[str] = ()) -> Self:
        """Return the reach of patterns in any order."""
        return cls(tuple(sorted(set(services))), tuple(sorted(set(environments))))

    def covers(self, service: str | None, environment: str | None) -> bool:
        """Whether it reaches them. None is no single one: only who is not limited there reaches that."""
        return _any_covers(self.services, service) and _any_covers(self.environments, environment)

    def covers_for(self, scope: Scope, service: str | None, environment: str | None) -> bool:
        """Whether it reaches them for *scope*, which may be one that is never about a service, say."""
        if scope not in WITHOUT_ENVIRONMENT:  # nor without a service; this is asked for every event
            return self.covers(service, environment)
        free = Reach(
            () if scope in WITHOUT_SERVICE else self.services,
            () if scope in WITHOUT_ENVIRONMENT else self.environments,
        )
        return free.covers(service, environment)

    def within(self, other: "Reach") -> bool:
        """Whether *other* reaches all that this does."""
        return _within(self.services, other.services) and _within(self.environments, other.environments)

    def __str__(self) -> str:
        """Return it in words."""
        services, environments = ", ".join(self.services), ", ".join(self.environments)
        return f"{services or 'any service'} in {environments or 'any environment'}"


def _any_covers(patterns: tuple[str, ...], name: str | None) -> bool:
    return not patterns or (name is not None and any(_covers(pattern, name) for pattern in patterns))


def _within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    return not outer or (bool(inner) and all(any(_covers(by, one) for by in outer) for one in inner))


def _covers(pattern: str, name: str) -> bool:
    """Whether *pattern* is *name*, or a beginning of it; *name* may be a pattern itself."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
