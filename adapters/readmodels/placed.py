"""A placement as a row, and as the answer made of it: place, cause, release, and what ran before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.readmodels import rows
from adapters.readmodels.sightings import Seen, sighting
from adapters.readmodels.tables import CHANGE, RELEASE, SLOT, TARGET
from adapters.readmodels.visible import KNOWN, holding, release_before
from domain.instant import from_micros
from domain.placement import Placement, Sighting, kind_of
from domain.ports import Scope
from domain.prefix import Prefix

_previous = RELEASE.alias("previous")

COLUMNS = (
    *rows.PLACE,
    *rows.CAUSE,
    *rows.RAN,
    _previous.c.number,
    _previous.c.cut_at,
    _previous.c.first_of_build,
    _previous.c.build_since,
)

_CAUSE_FROM = len(rows.PLACE)
_RAN_FROM = _CAUSE_FROM + len(rows.CAUSE)
_PREVIOUS_FROM = _RAN_FROM + len(rows.RAN)

HELD = TARGET.join(SLOT, SLOT.c.target_id == TARGET.c.id).join(
    CHANGE, CHANGE.c.position == holding(SLOT.c.id)
)
"""Every slot with the change that holds in it at `INSTANT`."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """As much of the release that ran before as tells what running this one means."""

    number: int
    cut_at: datetime
    first_of_build: int
    build_since: datetime


def joined(start: sa.FromClause) -> sa.FromClause:
    """Join, to changes with their slots and targets, what `COLUMNS` names."""
    before = release_before(SLOT.c.id, CHANGE.c.occurred_at)
    return rows.with_release(start).outerjoin(
        _previous,
        sa.and_(_previous.c.target_id == TARGET.c.id, _previous.c.number == before),
    )


def within(query: sa.Select[Any], scope: Scope) -> sa.Select[Any]:
    """Narrow *query* to the slots in *scope* that the prefix knows."""
    query = query.where(SLOT.c.id <= KNOWN)
    if scope.environment is not None:
        query = query.where(TARGET.c.environment == sa.bindparam("environment", type_=sa.Text))
    if scope.service is not None:
        query = query.where(TARGET.c.service == sa.bindparam("service", type_=sa.Text))
    if scope.slot is not None:
        query = query.where(SLOT.c.name == sa.bindparam("slot", type_=sa.Text))
    return query


def parameters(scope: Scope, prefix: Prefix) -> dict[str, Any]:
    """Return the parameters that `within` and every descent ask for."""
    named = {
        "environment": scope.environment,
        "service": scope.service,
        "slot": scope.slot,
        "known": prefix.position,
    }
    return {name: value for name, value in named.items() if value is not None}


def placement(row: Sequence[Any], until: int | None = None, seen: Sequence[Seen] = ()) -> Placement:
    """Make the answer of one row of `COLUMNS`."""
    service, environment, slot, since = row[:_CAUSE_FROM]
    target = rows.target(service, environment)
    ran = rows.release(target, row[_RAN_FROM:_PREVIOUS_FROM])
    observed = Sighting.NOT_REPORTED
    if ran is not None and seen:
        observed = sighting(ran.build, service, slot, since, seen)
    return Placement(
        target,
        slot,
        from_micros(since),
        None if until is None else from_micros(until),
        ran,
        None if ran is None else kind_of(ran, _earlier(row)),
        rows.cause(row[_CAUSE_FROM:_RAN_FROM]),
        observed,
    )


def _earlier(row: Sequence[Any]) -> Earlier | None:
    number, cut_at, first_of_build, build_since = row[_PREVIOUS_FROM : _PREVIOUS_FROM + 4]
    if number is None:
        return None
    return Earlier(number, from_micros(cut_at), first_of_build, from_micros(build_since))
