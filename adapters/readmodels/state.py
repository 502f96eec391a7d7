"""What ran at an instant: one descent for each slot in scope."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from adapters.database.asked import Asked
from adapters.readmodels import placed, sightings
from adapters.readmodels.glance import Glances
from adapters.readmodels.tables import CHANGE
from adapters.readmodels.visible import clamped
from domain.placement import Placement
from domain.ports import Scope
from domain.prefix import Prefix

_ENVIRONMENT = 1  # where this stands in a row of `placed.COLUMNS`


def running(
    connection: sa.Connection, scope: Scope, as_of: datetime, prefix: Prefix, *, glances: Glances
) -> Sequence[Placement]:
    """See `domain.ports.Placements.running`."""
    instant = clamped(as_of, prefix)
    asked = {**placed.parameters(scope, prefix), "instant": instant}
    found = _question(_shape(scope)).rows(connection, asked)
    seen = {
        environment: sightings.newest(connection, environment, instant, prefix.position)
        for environment in {row[_ENVIRONMENT] for row in found}
        if glances.watched(connection, environment, prefix)
    }
    answer = [placed.placement(row, seen=seen.get(row[_ENVIRONMENT], ())) for row in found]
    return sorted(answer, key=_alphabetically)


def statement(scope: Scope) -> sa.Select[Any]:
    """Return the statement for slots in *scope* that run something."""
    return _statement(_shape(scope))


@cache
def _question(shape: Scope) -> Asked:
    return Asked(_statement(shape))


def _shape(scope: Scope) -> Scope:
    """Return one scope for all that give the same statement."""
    return Scope(
        None if scope.environment is None else "",
        None if scope.service is None else "",
        None if scope.slot is None else "",
    )


@cache
def _statement(shape: Scope) -> sa.Select[Any]:
    running_now = sa.select(*placed.COLUMNS).select_from(placed.joined(placed.HELD))
    return placed.within(running_now.where(CHANGE.c.release.is_not(None)), shape)


def _alphabetically(placement: Placement) -> tuple[str, str, str]:
    return placement.target.environment, placement.target.service, placement.slot
