"""When nobody reported on an environment: the reports around its seams, and the gaps these leave."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from typing import Any

import sqlalchemy as sa

from adapters.readmodels.seams import ENDS, SEAM, SEAMS
from adapters.readmodels.visible import FOREVER, clamped
from domain.coverage import Gap, Span, gaps
from domain.instant import LATEST, from_micros, micros
from domain.prefix import Prefix

_END = micros(LATEST)


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
class Silence:
    """When nobody reported on one environment, as a prefix has it."""

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

    def oldest_seam(self, low: int, high: int, seams_max: int) -> int:
        """Return *low*, or a later instant such that at most *seams_max* seams lie between it and *high*."""
        asked = {**self._asked(low, high), "seams": seams_max + 1}
        instants = self.connection.scalars(sa.select(SEAM.c.occurred_at), asked).all()
        return low if len(instants) <= seams_max else int(min(instants))

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
        rows = self.connection.execute(ENDS, self._asked(high - 1, high)).all()
        promising = [int(row[6]) for row in rows if row[7] is not None]
        if promising:
            return min(promising) + 1
        silent = {last.observer for last in gap.silent}
        return max(_END if row[6] is None else int(row[6]) + 1 for row in rows if row[1] in silent)

    def _spans(self, low: int, high: int) -> Sequence[Span]:
        asked = self._asked(low, high)
        reports: dict[int, _Reports] = {}
        for observer_id, name, *ends in self.connection.execute(ENDS, asked):
            reports[observer_id] = _Reports(name)
            reports[observer_id].add(ends[0:3], ends[3:6])
            reports[observer_id].add(ends[6:9])
        found = self.connection.execute(SEAMS, {**asked, "seams": FOREVER})
        for observer_id, superseded, *three in found:
            before, seam, following = three[0:3], three[3:6], three[6:9]
            believed_in = superseded > self.prefix.position
            reports[observer_id].add(before, *([seam] if believed_in else []), following)
        return [span for each in reports.values() for span in each.spans()]

    def _asked(self, low: int, high: int) -> dict[str, Any]:
        # From there on, an old prefix would step over all that came after.
        latest = clamped(LATEST, self.prefix)
        return {
            "environment": self.environment,
            "known": self.prefix.position,
            "latest": latest,
            "low": min(low, latest),
            "high": min(high, latest + 1),
        }
