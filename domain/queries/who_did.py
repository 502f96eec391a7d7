"""Who did what with a commit, an artifact, a build, a configuration or a release."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.event import Recorded
from domain.ports import LedgerReader, Named, Placements
from domain.prefix import Prefix


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a name stands for, and the events about it in the order they were recorded."""

    prefix: Prefix
    named: Named
    events: Sequence[Recorded]
    truncated: bool


def who_did(
    name: str,
    known_at: datetime | int | None,
    *,
    limit: int = 500,
    ledger: LedgerReader,
    placements: Placements,
) -> Deeds:
    """Answer from one prefix: who built it, who released it, who ran it."""
    prefix = ledger.prefix(known_at)
    named = placements.named(name, prefix)
    ran = placements.ran(named.releases, prefix, limit=limit + 1)
    positions = sorted(
        {position for _, _, position in named.builds}
        | {release.position for release in named.releases}
        | {place.cause.position for place in ran}
    )
    return Deeds(prefix, named, ledger.many_at(positions[:limit]), len(positions) > limit)
