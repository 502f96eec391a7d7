"""What a reader sees: placements that a prefix believes, and how to descend to one of them."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels.tables import BELIEVED, PLACEMENT
from domain import prefix as prefixes
from domain.instant import micros
from domain.prefix import Prefix

FOREVER = BELIEVED
"""Later than every instant, and after every position."""

KNOWN: sa.BindParameter[int] = sa.bindparam("known", type_=BIGINT)
"""Position of the prefix."""
INSTANT: sa.BindParameter[int] = sa.bindparam("instant", type_=BIGINT)
"""The instant asked about."""


def believed(rows: sa.FromClause) -> sa.ColumnElement[bool]:
    """Say which of *rows* the prefix knows and nothing in it withdraws."""
    return sa.and_(rows.c.position <= KNOWN, rows.c.superseded > KNOWN)


def holding(slot_id: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    """Select the position of what holds in a slot at `INSTANT`: one descent of the primary key."""
    rows = PLACEMENT.alias("holding")
    return (
        newest_first(sa.select(rows.c.position), rows)
        .where(rows.c.slot_id == slot_id, rows.c.valid_from <= INSTANT)
        .correlate_except(rows)
        .scalar_subquery()
    )


def release_before(slot_id: sa.ColumnElement[int], since: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    """Select the release that the slot ran just before *since*; null for nothing."""
    rows = PLACEMENT.alias("before")
    return (
        newest_first(sa.select(rows.c.release), rows)
        .where(rows.c.slot_id == slot_id, rows.c.valid_from < since)
        .correlate_except(rows)
        .scalar_subquery()
    )


def end_of(slot_id: sa.ColumnElement[int], since: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    """Select when the slot next ran something else than from *since* on; null when it never did."""
    rows = PLACEMENT.alias("after")
    return (
        sa.select(rows.c.valid_from)
        .where(rows.c.slot_id == slot_id, rows.c.valid_from > since, believed(rows))
        .order_by(rows.c.valid_from)
        .limit(1)
        .correlate_except(rows)
        .scalar_subquery()
    )


def holds(
    position: sa.ColumnElement[int], slot_id: sa.ColumnElement[int], since: sa.ColumnElement[int]
) -> sa.ColumnElement[bool]:
    """Say whether the prefix believes the report at *position*, and no other hides it.

    Of several about one slot and one instant, one holds. COALESCE changes no
    answer: it keeps PostgreSQL from taking an equation with a unique column for
    a rare thing, and then sorting the whole table to find a page.
    """
    rows = PLACEMENT.alias("at_once")
    greatest = (
        newest_first(sa.select(rows.c.position), rows)
        .where(rows.c.slot_id == slot_id, rows.c.valid_from == since)
        .correlate_except(rows)
        .scalar_subquery()
    )
    return sa.func.coalesce(position == greatest, sa.false())


def clamped(instant: datetime, prefix: Prefix) -> int:
    """Return where a descent may start: see `domain.prefix.clamped`."""
    return micros(prefixes.clamped(instant, prefix))


def newest_first(query: sa.Select[Any], rows: sa.FromClause) -> sa.Select[Any]:
    """Narrow *query* to the latest of *rows* that the prefix believes."""
    order = rows.c.valid_from.desc(), rows.c.rank.desc(), rows.c.position.desc()
    return query.where(believed(rows)).order_by(*order).limit(1)
