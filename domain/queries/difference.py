"""What differs between two instants of an environment, or between two environments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain import placement
from domain.coverage import Unknown
from domain.placement import Kind, Placement
from domain.ports import LedgerReader, Placements, Scope
from domain.queries.asking import Clocks, Resolved, check_known, resolve


class Contrast(StrEnum):
    """How one slot differs from the other side."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Differing:
    """One slot that does not run the same build with the same configuration on both sides."""

    service: str
    slot: str
    contrast: Contrast
    before: Placement | None
    after: Placement | None
    kind: Kind | None
    """What going from one to the other was; None across environments."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two states, and where they differ; ordered by service and slot."""

    before: Resolved
    after: Resolved
    differing: Sequence[Differing]
    same: int
    """How many slots run the same on both sides."""
    unknown: tuple[Sequence[Unknown], Sequence[Unknown]]
    """Where nobody can tell what ran, before and after: what is equal there may not have been."""


def difference(
    before: tuple[str, datetime | None],
    after: tuple[str, datetime | None],
    known_at: datetime | int | None,
    *,
    ledger: LedgerReader,
    placements: Placements,
) -> Difference:
    """Compare (environment, instant) with (environment, instant), both from one prefix."""
    now = ledger.now()
    first = resolve(Clocks(before[1] or now, known_at), ledger)
    prefix = first.prefix
    second = Resolved(after[1] or now, prefix)
    sides, unknown = [], []
    for environment, asked in ((before[0], first), (after[0], second)):
        scope = Scope(environment=environment)
        check_known(scope, prefix, placements)
        running = placements.running(scope, asked.as_of, prefix)
        unknown.append(placements.unknown_at(scope, asked.as_of, prefix))
        sides.append({(place.target.service, place.slot): place for place in running})
    old, new = sides
    differing = [
        _compared(key, old.get(key), new.get(key), within=before[0] == after[0])
        for key in sorted(old.keys() | new.keys())
        if not _same(old.get(key), new.get(key))
    ]
    same = len(old.keys() | new.keys()) - len(differing)
    return Difference(first, second, differing, same, (unknown[0], unknown[1]))


def _same(old: Placement | None, new: Placement | None) -> bool:
    if old is None or new is None or old.release is None or new.release is None:
        return old is new
    return _content(old) == _content(new)


def _content(place: Placement) -> tuple[object, ...]:
    assert place.release is not None, "only what runs is compared"
    made = place.release.build
    return (made.name, made.identity, place.release.config.digest)


def _compared(
    key: tuple[str, str], old: Placement | None, new: Placement | None, *, within: bool
) -> Differing:
    service, slot = key
    if old is None:
        return Differing(service, slot, Contrast.ADDED, None, new, Kind.DEPLOY if within else None)
    if new is None:
        return Differing(service, slot, Contrast.REMOVED, old, None, None)
    assert old.release is not None, "only what runs is compared"
    assert new.release is not None, "only what runs is compared"
    kind = placement.kind_of(new.release, old.release) if within else None
    return Differing(service, slot, Contrast.CHANGED, old, new, kind)
