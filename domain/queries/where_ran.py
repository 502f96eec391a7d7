"""Where and when a commit, an artifact, a build, a configuration or a release ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.placement import Placement
from domain.ports import LedgerReader, Named, Placements
from domain.prefix import Prefix


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a name stands for, and every interval in which it ran, newest first."""

    prefix: Prefix
    named: Named
    placements: Sequence[Placement]
    truncated: bool
    """Whether there are more intervals than asked for."""


def where_ran(
    name: str,
    known_at: datetime | int | None,
    *,
    limit: int = 500,
    ledger: LedgerReader,
    placements: Placements,
) -> Whereabouts:
    """Answer from one prefix; raises `NothingFound` and `AmbiguousName`."""
    prefix = ledger.prefix(known_at)
    named = placements.named(name, prefix)
    found = placements.ran(named.releases, prefix, limit=limit + 1)
    return Whereabouts(prefix, named, found[:limit], len(found) > limit)
