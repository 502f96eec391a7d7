"""Placements one after another, newest first, each with what ended it.

A page is what began within the interval, read from an index in order, and after that what ran
already when the interval began. First their places are found, each kind in the order of one
index, then the page is read by position: neither database can plan that badly.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels import placed, rows
from adapters.readmodels.interval import Interval, began
from adapters.readmodels.tables import CHANGE, ENVIRONMENT, PLACEMENT, SLOT, TARGET
from adapters.readmodels.visible import KNOWN, end_of, holds
from domain.placement import Placement
from domain.ports import Page, Scope
from domain.prefix import Prefix

PAGE: sa.BindParameter[int] = sa.bindparam("page", type_=BIGINT)

Found = Sequence[tuple[int, int]]
"""Since when, and the position: what orders a timeline and leads to the rest."""

_OF_SLOT = (
    sa.select(PLACEMENT.c.valid_from, PLACEMENT.c.position)
    .where(
        PLACEMENT.c.slot_id == sa.bindparam("slot_id", type_=BIGINT),
        began(PLACEMENT.c.valid_from, PLACEMENT.c.position),
        holds(PLACEMENT.c.position, PLACEMENT.c.slot_id, PLACEMENT.c.valid_from),
    )
    .order_by(PLACEMENT.c.valid_from.desc(), PLACEMENT.c.rank.desc(), PLACEMENT.c.position.desc())
    .limit(PAGE)
)
_OF_ENVIRONMENT = (
    sa.select(CHANGE.c.occurred_at, CHANGE.c.position)
    .where(
        CHANGE.c.environment == sa.bindparam("environment", type_=sa.Text),
        began(CHANGE.c.occurred_at, CHANGE.c.position),
        holds(CHANGE.c.position, CHANGE.c.slot_id, CHANGE.c.occurred_at),
    )
    .order_by(CHANGE.c.occurred_at.desc(), CHANGE.c.position.desc())
    .limit(PAGE)
)
_OF_SLOTS_CALLED = _OF_ENVIRONMENT.join(SLOT, SLOT.c.id == CHANGE.c.slot_id).where(
    SLOT.c.name == sa.bindparam("slot", type_=sa.Text)
)
_HELD = sa.select(CHANGE.c.occurred_at, CHANGE.c.position).select_from(placed.HELD)
_SLOTS = sa.select(SLOT.c.id).join(TARGET, TARGET.c.id == SLOT.c.target_id)
_ENVIRONMENTS = sa.select(ENVIRONMENT.c.name).where(ENVIRONMENT.c.position <= KNOWN)
_WITH_END = (
    sa.select(*placed.COLUMNS, end_of(SLOT.c.id, CHANGE.c.occurred_at))
    .select_from(
        placed.joined(
            CHANGE.join(SLOT, SLOT.c.id == CHANGE.c.slot_id).join(TARGET, TARGET.c.id == SLOT.c.target_id)
        )
    )
    .where(CHANGE.c.position.in_(sa.bindparam("positions", expanding=True, type_=BIGINT)))
)
_POSITION = len(rows.PLACE)  # where it stands in a row of `placed.COLUMNS`


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
        return []
    interval = Interval.of(start, end, after, prefix)
    asked = {**placed.parameters(scope, prefix), **interval.parameters(), "page": limit}
    fresh = _of_slots if scope.service is not None else _of_environments
    found = newest(fresh(connection, scope, asked), limit)
    if start is not None and len(found) < limit:
        already = newest(_running_already(connection, scope, asked, interval), limit - len(found))
        found = [*found, *already]
    return answers(connection, found, prefix)


def newest(found: Iterable[tuple[int, int]], limit: int) -> Found:
    """Return the first *limit* of *found* in the order of a timeline."""
    return sorted(found, reverse=True)[:limit]


def answers(connection: sa.Connection, found: Found, prefix: Prefix) -> Sequence[Placement]:
    """Make the answers for what was *found*, in that order."""
    if not found:
        return []
    asked = {"positions": [position for _, position in found], "known": prefix.position}
    read = {row[_POSITION]: row for row in connection.execute(_WITH_END, asked)}
    return [placed.placement(read[position], until=read[position][-1]) for _, position in found]


def pairs(connection: sa.Connection, query: sa.Select[Any], asked: dict[str, Any]) -> Found:
    """Run *query*, which selects since when, and the position."""
    return [(since, position) for since, position in connection.execute(query, asked)]


def _of_slots(connection: sa.Connection, scope: Scope, asked: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """Read what began in the few slots of one service, from the primary key of each."""
    for slot_id in connection.scalars(placed.within(_SLOTS, scope), asked).all():
        yield from pairs(connection, _OF_SLOT, {**asked, "slot_id": slot_id})


def _of_environments(
    connection: sa.Connection, scope: Scope, asked: dict[str, Any]
) -> Iterator[tuple[int, int]]:
    """Read what began in the many slots of an environment, or of each, from the list of changes."""
    query = _OF_ENVIRONMENT if scope.slot is None else _OF_SLOTS_CALLED
    names = [scope.environment]
    if scope.environment is None:
        names = [*connection.scalars(_ENVIRONMENTS, asked)]
    for name in names:
        yield from pairs(connection, query, {**asked, "environment": name})


def _running_already(
    connection: sa.Connection, scope: Scope, asked: dict[str, Any], interval: Interval
) -> Iterator[tuple[int, int]]:
    """Read what began before the interval and held when it began."""
    held = pairs(connection, placed.within(_HELD, scope), {**asked, "instant": interval.low})
    for since, position in held:
        if since < interval.low and interval.continues(since, position):
            yield since, position
