"""Which part of a timeline is asked for: an interval, and where the last page ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels.visible import FOREVER, clamped
from domain.instant import LATEST, micros
from domain.ports import Page
from domain.prefix import Prefix

_LOW: sa.BindParameter[int] = sa.bindparam("low", type_=BIGINT)
_HIGH: sa.BindParameter[int] = sa.bindparam("high", type_=BIGINT)
_SINCE: sa.BindParameter[int] = sa.bindparam("after_since", type_=BIGINT)
_POSITION: sa.BindParameter[int] = sa.bindparam("after_position", type_=BIGINT)


@dataclass(frozen=True, slots=True)
class Interval:
    """Instants in [low, high), in microseconds, that come after the end of the last page."""

    low: int
    high: int
    after_since: int = FOREVER
    after_position: int = FOREVER

    @classmethod
    def of(cls, start: datetime | None, end: datetime | None, after: Page | None, prefix: Prefix) -> Self:
        """Return the interval; nothing in *prefix* claims to be later than its clamp."""
        return cls(
            low=0 if start is None else micros(start),
            high=min(FOREVER if end is None else micros(end), clamped(LATEST, prefix) + 1),
            after_since=FOREVER if after is None else micros(after.since),
            after_position=FOREVER if after is None else after.position,
        )

    def parameters(self) -> dict[str, int]:
        """Return what `began` asks for."""
        return {
            "low": self.low,
            "high": min(self.high, self.after_since + 1),
            "after_since": self.after_since,
            "after_position": self.after_position,
        }

    def continues(self, since: int, position: int) -> bool:
        """Say whether a placement comes after the end of the last page."""
        return (since, position) < (self.after_since, self.after_position)


def began(since: sa.ColumnElement[int], position: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Say which placements began in the interval, after the end of the last page.

    `high` bounds the index; the rest only tells apart what began at one instant.
    """
    return sa.and_(since >= _LOW, since < _HIGH, sa.or_(since < _SINCE, position < _POSITION))
