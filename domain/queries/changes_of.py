"""The numbered changes of an environment, highest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.placement import Change
from domain.ports import LedgerReader, Placements, Scope
from domain.prefix import Prefix
from domain.queries.asking import check_known
from domain.queries.stretch import Earlier, Stretch, ends_at, stretch


@dataclass(frozen=True, slots=True)
class Changes:
    """One page of changes, how many there are in all, what is unknown, and where the next page starts."""

    prefix: Prefix
    total: int
    """The highest number: the list has no gaps."""
    changes: Sequence[Change]
    following: int | None
    """The next page has the numbers below this one."""
    stretch: Stretch


def changes_of(
    environment: str,
    known_at: datetime | int | None,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    below: int | None = None,
    before: Earlier | None = None,
    limit: int = 100,
    ledger: LedgerReader,
    placements: Placements,
) -> Changes:
    """Answer from one prefix; with *start* or *end*, changes that occurred in [start, end)."""
    prefix = ledger.prefix(known_at)
    scope = Scope(environment=environment)
    check_known(scope, prefix, placements)
    found = placements.changes(environment, prefix, start=start, end=end, below=below, limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    spanned = stretch(
        scope,
        prefix,
        start=start,
        until=before.until if before else ends_at(end, known_at, prefix, ledger),
        before=before,
        reached=min(change.occurred_at for change in page) if more else None,
        placements=placements,
    )
    return Changes(
        prefix,
        placements.last_change(environment, prefix),
        page,
        page[-1].number if more else None,
        spanned,
    )


def change_at(
    environment: str,
    number: int,
    known_at: datetime | int | None,
    *,
    ledger: LedgerReader,
    placements: Placements,
) -> tuple[Prefix, Change]:
    """Return one change; raises `UnknownChange`."""
    prefix = ledger.prefix(known_at)
    check_known(Scope(environment=environment), prefix, placements)
    return prefix, placements.change(environment, number, prefix)
