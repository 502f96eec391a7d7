"""What is unknown beside intervals: they say what the ledger was told, and not that anybody looked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.coverage import Unknown
from domain.instant import EARLIEST
from domain.placement import Placement
from domain.ports import Placements, Scope
from domain.prefix import Prefix
from domain.queries.stretch import UNKNOWN_MAX

ENVIRONMENTS_MAX = 20
"""In how many environments one answer looks for what is unknown: each is a question of its own."""


@dataclass(frozen=True, slots=True)
class Unreported:
    """What is unknown in the environments of an answer's intervals, in the time the answer is about."""

    until: datetime
    """Where that time ends. Pages agree on it."""
    unknown: Sequence[Unknown]
    """Newest first, each in its full length."""
    truncated: bool
    """Whether there is more that is unknown than is told, or may be."""


def unreported(
    intervals: Iterable[Placement],
    prefix: Prefix,
    *,
    environment: str | None = None,
    start: datetime | None = None,
    until: datetime,
    placements: Placements,
) -> Unreported:
    """Tell what is unknown up to *until*, in *environment*, or else wherever one of *intervals* is.

    It is told from *start* on, or else from the first of *intervals* in the environment on; since ever
    where there is none. Also after the last of them ended: what was replaced may run again unseen.
    """
    began = {} if environment is None else {environment: start}
    for place in intervals:
        name = place.target.environment
        began[name] = start or min(place.since, began.get(name) or place.since)
    found: list[Unknown] = []
    truncated = len(began) > ENVIRONMENTS_MAX
    for name, low in list(began.items())[:ENVIRONMENTS_MAX]:
        more, cut = placements.unknown(Scope(name), prefix, start=low, end=until, limit=UNKNOWN_MAX)
        found += more
        truncated = truncated or cut
    found.sort(key=lambda each: (each.since or EARLIEST, each.environment), reverse=True)
    return Unreported(until, found[:UNKNOWN_MAX], truncated or len(found) > UNKNOWN_MAX)
