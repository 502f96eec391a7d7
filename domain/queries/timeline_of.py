"""Everything that ran in a scope, interval by interval, newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.placement import Placement
from domain.ports import LedgerReader, Page, Placements, Scope
from domain.prefix import Prefix
from domain.queries.asking import check_known
from domain.queries.stretch import Earlier, Stretch, ends_at, stretch


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page of intervals, what is unknown in the time it spans, and where the next page starts."""

    prefix: Prefix
    placements: Sequence[Placement]
    following: Page | None
    stretch: Stretch


def timeline_of(
    scope: Scope,
    known_at: datetime | int | None,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    after: Page | None = None,
    before: Earlier | None = None,
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
    spanned = stretch(
        scope,
        prefix,
        start=start,
        until=before.until if before else ends_at(end, known_at, prefix, ledger),
        before=before,
        reached=None if following is None else following.since,
        placements=placements,
    )
    return Timeline(prefix, page, following, spanned)
