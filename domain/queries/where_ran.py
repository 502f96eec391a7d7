"""Where and when a commit, an artifact, a build, a configuration or a release ran."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.placement import Placement
from domain.ports import LedgerReader, Named, Placements
from domain.prefix import Prefix
from domain.queries.stretch import ends_at
from domain.queries.unreported import Unreported, unreported


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What a name stands for, and every interval in which it ran, newest first."""

    prefix: Prefix
    named: Named
    placements: Sequence[Placement]
    truncated: bool
    """Whether there are more intervals than asked for."""
    unreported: Unreported


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
    ran = [place for place in found[:limit] if _is_about(named, place)]
    until = ends_at(None, known_at, prefix, ledger)
    beside = unreported(ran, prefix, until=until, placements=placements)
    return Whereabouts(prefix, named, ran, len(found) > limit, beside)


def _is_about(named: Named, place: Placement) -> bool:
    """Whether *place* is due to what was asked: one label may be declared by several commits."""
    if named.kind != "commit" or place.release is None:
        return True
    return place.release.build.commit == named.name
