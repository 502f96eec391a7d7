"""Everything that ran in a scope, interval by interval, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.placement import Placement
from domain.ports import LedgerReader, Page, Placements, Scope
from domain.prefix import Prefix
from domain.queries.asking import check_known


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of intervals, and where the next page starts."""

    prefix: Prefix
    placements: Sequence[Placement]
    following: Page | None


def timeline_of(
    scope: Scope,
    known_at: datetime | int | None,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    after: Page | None = None,
    limit: int = 100,
    ledger: LedgerReader,
    placements: Placements,
) -> Timeline:
    """Answer from one prefix: what overlapped [start, end), at most *limit* at a time."""
    prefix = ledger.prefix(known_at)
    check_known(scope, prefix, placements)
    found = placements.timeline(scope, prefix, start=start, end=end, after=after, limit=limit + 1)
    page = found[:limit]
    more = len(found) > limit
    following = Page(page[-1].since, page[-1].cause.position) if more else None
    return Timeline(prefix, page, following)
