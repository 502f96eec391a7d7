"""Who did what with a commit, an artifact, a build, a configuration or a release."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.access.access import Access
from domain.access.answering import Answering, answering
from domain.access.fold import fold
from domain.build import BuildRecorded
from domain.event import Recorded
from domain.ports import LedgerReader, Named, Placements
from domain.prefix import Prefix
from domain.stream import ACCESS


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a name stands for, and the events about it in the order they were recorded."""

    prefix: Prefix
    named: Named
    events: Sequence[Recorded]
    truncated: bool
    people: Mapping[int, Answering]
    """Who is behind each build of which that was reported, by its position."""


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
    events = ledger.many_at(positions[:limit])
    return Deeds(prefix, named, events, len(positions) > limit, _people(events, prefix, ledger))


def _people(events: Sequence[Recorded], prefix: Prefix, ledger: LedgerReader) -> Mapping[int, Answering]:
    builds = {each.position: each.event for each in events if isinstance(each.event, BuildRecorded)}
    sources = {position: event.source for position, event in builds.items()}
    told = {at: source for at, source in sources.items() if source.author or source.merged_by}
    if not told:
        return {}
    access = ledger.load_until(ACCESS, fold, prefix) or Access()
    return {position: answering(access, source) for position, source in told.items()}
