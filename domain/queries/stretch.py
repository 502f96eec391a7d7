"""Which stretch of time a page of a listing spans, and what of it is unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.coverage import Unknown
from domain.ports import LedgerReader, Placements, Scope
from domain.prefix import Prefix

UNKNOWN_MAX = 500
"""How many unknown stretches one page tells at most."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is unknown in the stretch that a page spans."""

    until: datetime
    """Where the listing ends: as asked, or now, or what `known_at` says. Pages agree on it."""
    low: datetime | None
    """Where this page ends: the next one spans what is earlier. None: all of the past."""
    unknown: Sequence[Unknown]
    truncated: bool
    """Whether there is more that is unknown, earlier in the stretch, than is told."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What the page before said: where the listing ends, and where that page did."""

    until: datetime
    low: datetime


def ends_at(
    end: datetime | None, known_at: datetime | int | None, prefix: Prefix, ledger: LedgerReader
) -> datetime:
    """Return where a listing without a cursor ends. With a given `known_at` no clock has a say in it."""
    if end is not None:
        return end
    match known_at:
        case datetime():
            return known_at
        case int():
            return prefix.recorded_at
        case None:
            return ledger.now()


def stretch(
    scope: Scope,
    prefix: Prefix,
    *,
    start: datetime | None,
    until: datetime,
    before: Earlier | None,
    reached: datetime | None,
    placements: Placements,
) -> Stretch:
    """Tell what is unknown from where the page *before* ended back to what this one *reached*.

    *reached* None: this is the last page, and spans all that is left, back to *start*.
    """
    high = until if before is None else before.low
    low = start if reached is None else max(filter(None, (start, min(reached, high))))
    unknown, truncated = placements.unknown(scope, prefix, start=low, end=high, limit=UNKNOWN_MAX)
    return Stretch(until, low, unknown, truncated)
