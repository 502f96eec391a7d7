"""The changes of an environment: numbered without gaps, in the order of recording."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels import rows
from adapters.readmodels.tables import CHANGE, SLOT, TARGET
from adapters.readmodels.visible import FOREVER, KNOWN
from domain.errors import UnknownChange
from domain.instant import from_micros, micros
from domain.placement import Change
from domain.prefix import Prefix

_ENVIRONMENT: sa.BindParameter[str] = sa.bindparam("environment", type_=sa.Text)
_NUMBER: sa.BindParameter[int] = sa.bindparam("number", type_=BIGINT)
_LOW: sa.BindParameter[int] = sa.bindparam("low", type_=BIGINT)
_HIGH: sa.BindParameter[int] = sa.bindparam("high", type_=BIGINT)

_CAUSE_FROM = len(rows.PLACE)
_RAN_FROM = _CAUSE_FROM + len(rows.CAUSE)

_CHANGES = (
    sa.select(*rows.PLACE, *rows.CAUSE, *rows.RAN, CHANGE.c.withdrawn_by)
    .select_from(
        rows.with_release(
            CHANGE.join(SLOT, SLOT.c.id == CHANGE.c.slot_id).join(TARGET, TARGET.c.id == SLOT.c.target_id)
        )
    )
    .where(CHANGE.c.environment == _ENVIRONMENT, CHANGE.c.position <= KNOWN)
)
_NEWEST = _CHANGES.order_by(CHANGE.c.number.desc()).limit(sa.bindparam("page", type_=BIGINT))
# Adding 0 takes a column out of the planner's reach: one index gives the order and the other the
# range, and without statistics SQLite cannot tell which of them is the narrow one.
_BY_NUMBER = _NEWEST.where(CHANGE.c.number < _NUMBER, CHANGE.c.occurred_at + 0 < _HIGH)
_BY_INSTANT = _NEWEST.where(
    CHANGE.c.number + 0 < _NUMBER, CHANGE.c.occurred_at >= _LOW, CHANGE.c.occurred_at < _HIGH
)
_ONE = _CHANGES.where(CHANGE.c.number == _NUMBER)
_LAST = (
    sa.select(CHANGE.c.number)
    .where(CHANGE.c.environment == _ENVIRONMENT, CHANGE.c.position <= KNOWN)
    .order_by(CHANGE.c.position.desc())
    .limit(1)
)


def changes(
    connection: sa.Connection,
    environment: str,
    prefix: Prefix,
    *,
    start: datetime | None,
    end: datetime | None,
    below: int | None,
    limit: int,
) -> Sequence[Change]:
    """See `domain.ports.Placements.changes`."""
    if below is None:
        below = last_change(connection, environment, prefix) + 1
    asked = {
        "environment": environment,
        "known": prefix.position,
        "number": below,
        "low": 0 if start is None else micros(start),
        "high": FOREVER if end is None else micros(end),
        "page": limit,
    }
    found = connection.execute(_BY_NUMBER if start is None else _BY_INSTANT, asked)
    return [_change(row, prefix) for row in found]


def change(connection: sa.Connection, environment: str, number: int, prefix: Prefix) -> Change:
    """See `domain.ports.Placements.change`."""
    asked = {"environment": environment, "number": number, "known": prefix.position}
    found = connection.execute(_ONE, asked).first()
    if found is None:
        raise UnknownChange(f"{environment} has no change {number}")
    return _change(found, prefix)


def last_change(connection: sa.Connection, environment: str, prefix: Prefix) -> int:
    """See `domain.ports.Placements.last_change`."""
    asked = {"environment": environment, "known": prefix.position}
    return connection.scalar(_LAST, asked) or 0


def _change(row: Sequence[Any], prefix: Prefix) -> Change:
    service, environment, slot, occurred_at = row[:_CAUSE_FROM]
    cause = rows.cause(row[_CAUSE_FROM:_RAN_FROM])
    target = rows.target(service, environment)
    withdrawn_by = row[-1]
    return Change(
        cause.change,
        from_micros(occurred_at),
        target,
        slot,
        rows.release(target, row[_RAN_FROM:-1]),
        cause,
        None if withdrawn_by is None or withdrawn_by > prefix.position else withdrawn_by,
    )
