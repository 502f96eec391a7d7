"""When nobody reported on an environment: read from where the reports of an observer do not go on.

A year of heartbeats is half a million rows, and hardly ever a gap. So a row says whether it is a
*seam*; between two seams reports went on as promised, or promised nothing, and are stepped over. Each
pair of reports that leaves a gap, whatever was withdrawn or came late, has a seam at or between them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise, zip_longest
from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels.glance import (
    IN_ENVIRONMENT,
    LATEST_CLAIM,
    Column,
    Glance,
    Glances,
    first_report,
    newest_until,
)
from adapters.readmodels.tables import OBSERVATION, OBSERVER
from adapters.readmodels.visible import FOREVER, KNOWN, clamped
from domain.coverage import Gap, Span, Unknown, before_the_first, gaps, not_heard
from domain.instant import EARLIEST, LATEST, from_micros, micros
from domain.ports import Scope
from domain.prefix import Prefix

SEAMS_MAX = 1000
"""How many seams one listing looks at, newest first; what is before them is left out, and that is said."""

_LOW: sa.BindParameter[int] = sa.bindparam("low", type_=BIGINT)
_HIGH: sa.BindParameter[int] = sa.bindparam("high", type_=BIGINT)
_END = micros(LATEST)


def _after(observer_id: Column, at: Column) -> sa.ScalarSelect[int]:
    """Select the first report of the observer later than *at*."""
    rows = OBSERVATION.alias("after")
    order = rows.c.occurred_at, rows.c.position
    return first_report(
        rows, observer_id, order, [rows.c.occurred_at > at, rows.c.occurred_at <= LATEST_CLAIM]
    )


_begun, _then, _last = (OBSERVATION.alias(name) for name in ("begun", "then", "ended"))
_ENDS = (
    sa.select(
        OBSERVER.c.id,
        OBSERVER.c.name,
        *(row.c[name] for row in (_begun, _then, _last) for name in ("position", "occurred_at", "promised")),
    )
    .select_from(
        OBSERVER.outerjoin(_begun, _begun.c.position == newest_until(OBSERVER.c.id, _LOW))
        .outerjoin(_then, _then.c.position == _after(OBSERVER.c.id, _LOW))
        .outerjoin(_last, _last.c.position == newest_until(OBSERVER.c.id, _HIGH - 1))
    )
    .where(OBSERVER.c.environment == IN_ENVIRONMENT, OBSERVER.c.id <= KNOWN)
)

_seam = (
    sa.select(
        OBSERVATION.c.observer_id,
        OBSERVATION.c.position,
        OBSERVATION.c.occurred_at,
        OBSERVATION.c.promised,
        OBSERVATION.c.superseded,
    )
    .select_from(OBSERVER.join(OBSERVATION, OBSERVATION.c.observer_id == OBSERVER.c.id))
    .where(
        OBSERVER.c.environment == IN_ENVIRONMENT,
        OBSERVATION.c.seam == sa.literal_column("1"),
        OBSERVATION.c.occurred_at > _LOW,
        OBSERVATION.c.occurred_at < _HIGH,
        OBSERVATION.c.position <= KNOWN,
    )
    .order_by(OBSERVATION.c.occurred_at.desc(), OBSERVATION.c.position.desc())
    .limit(sa.bindparam("seams", type_=BIGINT))
    .subquery("seam")
)


def _beside(*, before: bool) -> sa.ScalarSelect[int]:
    """Select the report next to a seam, on one side of it."""
    rows = OBSERVATION.alias("beside")
    at, position = rows.c.occurred_at, rows.c.position
    if before:
        near = at <= _seam.c.occurred_at, sa.or_(at < _seam.c.occurred_at, position < _seam.c.position)
        return first_report(rows, _seam.c.observer_id, (at.desc(), position.desc()), near)
    near = at >= _seam.c.occurred_at, sa.or_(at > _seam.c.occurred_at, position > _seam.c.position)
    return first_report(rows, _seam.c.observer_id, (at, position), (*near, at <= LATEST_CLAIM))


_prior, _next = OBSERVATION.alias("prior"), OBSERVATION.alias("next")
_SEAMS = (
    sa.select(
        _seam.c.observer_id,
        _seam.c.superseded,
        *(row.c[name] for row in (_prior, _seam, _next) for name in ("position", "occurred_at", "promised")),
    )
    .select_from(
        _seam.outerjoin(_prior, _prior.c.position == _beside(before=True)).outerjoin(
            _next, _next.c.position == _beside(before=False)
        )
    )
    .order_by(_seam.c.occurred_at.desc(), _seam.c.position.desc())
)


@dataclass(slots=True)
class _Reports:
    """As many reports of one observer as tell what it covered in a window."""

    observer: str
    rows: dict[int, tuple[int, int | None]] = field(default_factory=dict)
    """By position: when, and until when it promised to be heard again."""
    following: dict[int, int] = field(default_factory=dict)
    """By position: when the very next report was. Where that is not said, there is no seam in between."""

    def add(self, *reports: Sequence[Any]) -> None:
        """Add reports (position, when, promised) of which each is the one right after the one before it."""
        there = [report for report in reports if report[0] is not None]
        for position, at, promised in there:
            self.rows[position] = (at, promised)
        for earlier, later in pairwise(there):
            self.following[earlier[0]] = later[1]

    def spans(self) -> Iterator[Span]:
        """Yield what the reports say of the time after each."""
        order = sorted((at, position, promised) for position, (at, promised) in self.rows.items())
        for (at, position, promised), then in zip_longest(order, order[1:]):
            following = self.following.get(position)
            until = promised
            if following is None and then is not None:
                following, until = then[0], None if promised is None else then[0]
            yield Span(
                self.observer,
                from_micros(at),
                None if until is None else from_micros(until),
                None if following is None else from_micros(following),
            )


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the coverage of one environment from a prefix."""

    connection: sa.Connection
    environment: str
    prefix: Prefix

    def exactly(self, low: int, high: int) -> Sequence[Gap]:
        """Return the gaps that overlap [low, high), each from its beginning to its end."""
        start, end = from_micros(low), from_micros(high)
        while True:
            found = gaps(self._spans(low, high), from_micros(low), from_micros(high))
            asked = [gap for gap in found if gap.start < end and start < gap.end]
            if not asked:
                return asked
            earlier = min(low, self._beginning(asked[0], low))
            later = max(high, self._end(asked[-1], high))
            if (earlier, later) == (low, high):
                return asked
            low, high = earlier, later

    def oldest_seam(self, low: int, high: int) -> int:
        """Return *low*, or a later instant such that not too many seams lie between it and *high*."""
        asked = {**self._asked(low, high), "seams": SEAMS_MAX + 1}
        instants = self.connection.scalars(sa.select(_seam.c.occurred_at), asked).all()
        return low if len(instants) <= SEAMS_MAX else int(min(instants))

    def _beginning(self, gap: Gap, low: int) -> int:
        """Return where a gap that is cut off at *low* may begin: where the last promise ended."""
        if micros(gap.start) > low:
            return low
        return max(micros(last.promised) for last in gap.silent if last.promised is not None)

    def _end(self, gap: Gap, high: int) -> int:
        """Return how far to look for the end of a gap that is cut off at *high*.

        It ends when somebody promises something again, or when the last of the silent
        observers is heard without a promise.
        """
        if micros(gap.end) < high or high >= _END:
            return high
        rows = self.connection.execute(_ENDS, self._asked(high - 1, high)).all()
        promising = [int(row[6]) for row in rows if row[7] is not None]
        if promising:
            return min(promising) + 1
        silent = {last.observer for last in gap.silent}
        return max(_END if row[6] is None else int(row[6]) + 1 for row in rows if row[1] in silent)

    def _spans(self, low: int, high: int) -> Sequence[Span]:
        asked = self._asked(low, high)
        reports: dict[int, _Reports] = {}
        for observer_id, name, *ends in self.connection.execute(_ENDS, asked):
            reports[observer_id] = _Reports(name)
            reports[observer_id].add(ends[0:3], ends[3:6])
            reports[observer_id].add(ends[6:9])
        found = self.connection.execute(_SEAMS, {**asked, "seams": FOREVER})
        for observer_id, superseded, *three in found:
            before, seam, following = three[0:3], three[3:6], three[6:9]
            believed_in = superseded > self.prefix.position
            reports[observer_id].add(before, *([seam] if believed_in else []), following)
        return [span for each in reports.values() for span in each.spans()]

    def _asked(self, low: int, high: int) -> dict[str, Any]:
        latest = clamped(
            LATEST, self.prefix
        )  # from where on an old prefix would step over all that came after
        return {
            "environment": self.environment,
            "known": self.prefix.position,
            "latest": latest,
            "low": min(low, latest),
            "high": min(high, latest + 1),
        }


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
            reading = _Reading(connection, environment, prefix)
            found += [_unknown(environment, gap) for gap in reading.exactly(at, at + 1)]
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
            reading = _Reading(connection, environment, prefix)
            since = reading.oldest_seam(low, high)
            cut = cut or since > low
            found += [_unknown(environment, gap) for gap in reading.exactly(since, high)]
    found.sort(key=_newest_first)
    return found[:limit], cut or len(found) > limit


def _before(environment: str, seen: Glance) -> Unknown:
    return before_the_first(environment, None if seen.first is None else from_micros(seen.first))


def _unknown(environment: str, gap: Gap) -> Unknown:
    return not_heard(environment, gap.start, None if gap.end == LATEST else gap.end, gap.silent)


def _newest_first(unknown: Unknown) -> tuple[int, str]:
    return -micros(unknown.since or EARLIEST), unknown.environment
