"""Placements one after another, newest first, each with what ended it.

A page is what began within the interval, read from an index in order, and after that what ran
already when the interval began.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels import placed
from adapters.readmodels.interval import Interval, began
from adapters.readmodels.tables import CHANGE, ENVIRONMENT, PLACEMENT, SLOT, TARGET
from adapters.readmodels.visible import KNOWN, believed, end_of, shadowed
from domain.placement import Placement
from domain.ports import Page, Scope
from domain.prefix import Prefix

SLOT_ID: sa.BindParameter[int] = sa.bindparam("slot_id", type_=BIGINT)
PAGE: sa.BindParameter[int] = sa.bindparam("page", type_=BIGINT)

WITH_END: sa.Select[Any] = sa.select(*placed.COLUMNS, end_of(SLOT.c.id, CHANGE.c.occurred_at))
"""The columns of a placement, and when the next one began."""
_SINCE, _POSITION = 3, 4  # where these stand in a row of it

_SAME = sa.and_(
    CHANGE.c.position == PLACEMENT.c.position,
    CHANGE.c.slot_id == PLACEMENT.c.slot_id,
    CHANGE.c.occurred_at == PLACEMENT.c.valid_from,
)
HELD_EVER: sa.Select[Any] = (
    WITH_END.select_from(
        placed.joined(
            PLACEMENT.join(CHANGE, _SAME)
            .join(SLOT, SLOT.c.id == PLACEMENT.c.slot_id)
            .join(TARGET, TARGET.c.id == SLOT.c.target_id)
        )
    )
    .where(believed(PLACEMENT), ~shadowed(PLACEMENT))
    .limit(PAGE)
)
"""Every placement that the prefix believes, and that no other hides."""
_OF_SLOT = HELD_EVER.where(
    PLACEMENT.c.slot_id == SLOT_ID, began(PLACEMENT.c.valid_from, PLACEMENT.c.position)
).order_by(PLACEMENT.c.valid_from.desc(), PLACEMENT.c.rank.desc(), PLACEMENT.c.position.desc())
_ENVIRONMENTS = sa.select(ENVIRONMENT.c.name).where(ENVIRONMENT.c.position <= KNOWN)


def timeline(
    connection: sa.Connection,
    scope: Scope,
    prefix: Prefix,
    *,
    start: datetime | None,
    end: datetime | None,
    after: Page | None,
    limit: int,
) -> Sequence[Placement]:
    """See `domain.ports.Placements.timeline`."""
    if start is not None and end is not None and end <= start:
        return ()
    interval = Interval.of(start, end, after, prefix)
    asked = {**placed.parameters(scope, prefix), **interval.parameters(), "page": limit}
    fresh = _of_slots if scope.service is not None else _of_environments
    found = newest(fresh(connection, scope, asked), limit)
    if start is not None and len(found) < limit:
        found += newest(_running_already(connection, scope, asked, interval), limit - len(found))
    return answers(found)


def newest(rows: Iterable[sa.Row[Any]], limit: int) -> list[sa.Row[Any]]:
    """Return the first *limit* of *rows* in the order of a timeline."""
    order = sorted(rows, key=lambda row: (row[_SINCE], row[_POSITION]), reverse=True)
    return order[:limit]


def answers(rows: Iterable[sa.Row[Any]]) -> Sequence[Placement]:
    """Make the answers of rows of `WITH_END`."""
    return [placed.placement(row, until=row[-1]) for row in rows]


def _of_slots(connection: sa.Connection, scope: Scope, asked: dict[str, Any]) -> Iterator[sa.Row[Any]]:
    """Read what began in the few slots of one service, from the primary key of each."""
    slots = sa.select(SLOT.c.id).join(TARGET, TARGET.c.id == SLOT.c.target_id)
    for slot_id in connection.scalars(placed.within(slots, scope), asked).all():
        yield from connection.execute(_OF_SLOT, {**asked, "slot_id": slot_id})


def _of_environments(connection: sa.Connection, scope: Scope, asked: dict[str, Any]) -> Iterator[sa.Row[Any]]:
    """Read what began in the many slots of an environment, or of each, from the list of changes."""
    names: Iterable[str] = (
        connection.scalars(_ENVIRONMENTS, asked).all() if scope.environment is None else (scope.environment,)
    )
    statement = _of_environment(Scope(environment="", slot=None if scope.slot is None else ""))
    return chain.from_iterable(
        connection.execute(statement, {**asked, "environment": name}) for name in names
    )


@cache
def _of_environment(shape: Scope) -> sa.Select[Any]:
    listed = HELD_EVER.where(
        CHANGE.c.environment == sa.bindparam("environment", type_=sa.Text),
        began(CHANGE.c.occurred_at, CHANGE.c.position),
    ).order_by(CHANGE.c.occurred_at.desc(), CHANGE.c.position.desc())
    return placed.within(listed, shape)


def _running_already(
    connection: sa.Connection, scope: Scope, asked: dict[str, Any], interval: Interval
) -> Iterator[sa.Row[Any]]:
    """Read what began before the interval and held when it began."""
    held = placed.within(WITH_END.select_from(placed.joined(placed.HELD)), scope)
    for row in connection.execute(held, {**asked, "instant": interval.low}):
        if row[_SINCE] < interval.low and interval.continues(row[_SINCE], row[_POSITION]):
            yield row
