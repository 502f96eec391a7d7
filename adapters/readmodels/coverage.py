"""What nobody can tell about environments, at an instant or in an interval, newest first."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from adapters.readmodels.glance import Glance, Glances
from adapters.readmodels.silence import Silence
from domain.coverage import Gap, Unknown, before_the_first, not_heard
from domain.instant import EARLIEST, LATEST, from_micros, micros
from domain.ports import Scope
from domain.prefix import Prefix

SEAMS_MAX = 1000
"""How many seams one listing looks at, newest first; what is before them is left out, and that is said."""


def unknown_at(
    connection: sa.Connection, scope: Scope, as_of: datetime, prefix: Prefix, *, glances: Glances
) -> Sequence[Unknown]:
    """See `domain.ports.Placements.unknown_at`."""
    at = micros(as_of)
    found = []
    for environment, seen in glances.at(connection, scope, as_of, prefix).items():
        if seen.first is None or at < seen.first:
            found.append(_before(environment, seen))
        promised = [until for until in seen.promises if until is not None]
        if promised and max(promised) <= at:
            silence = Silence(connection, environment, prefix)
            found += [_unknown(environment, gap) for gap in silence.exactly(at, at + 1)]
    return sorted(found, key=_newest_first)


def unknown(
    connection: sa.Connection,
    scope: Scope,
    prefix: Prefix,
    *,
    start: datetime | None,
    end: datetime,
    limit: int,
    glances: Glances,
) -> tuple[Sequence[Unknown], bool]:
    """See `domain.ports.Placements.unknown`."""
    low, high = micros(start or EARLIEST), micros(end)
    if low >= high:
        return [], False
    found: list[Unknown] = []
    cut = False
    for environment, seen in glances.at(connection, scope, from_micros(high - 1), prefix).items():
        if seen.first is None or low < seen.first:
            found.append(_before(environment, seen))
        if seen.promises:
            silence = Silence(connection, environment, prefix)
            since = silence.oldest_seam(low, high, SEAMS_MAX)
            cut = cut or since > low
            found += [_unknown(environment, gap) for gap in silence.exactly(since, high)]
    found.sort(key=_newest_first)
    return found[:limit], cut or len(found) > limit


def _before(environment: str, seen: Glance) -> Unknown:
    return before_the_first(environment, None if seen.first is None else from_micros(seen.first))


def _unknown(environment: str, gap: Gap) -> Unknown:
    return not_heard(environment, gap.start, None if gap.end == LATEST else gap.end, gap.silent)


def _newest_first(unknown: Unknown) -> tuple[int, str]:
    return -micros(unknown.since or EARLIEST), unknown.environment
