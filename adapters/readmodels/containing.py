"""Which placements ran what contains a component, and which ran what nobody listed.

From the component to services and on to the placements in the window, never through builds: a
component everybody uses is in most builds, but the window bounds the placements.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels.component_tables import BUILD_SBOM, COMPONENT, RUN, SERIES
from adapters.readmodels.tables import PLACEMENT, RELEASE, SLOT, TARGET
from adapters.readmodels.visible import KNOWN, believed, holds
from domain.component import Coordinates
from domain.errors import MalformedValue

_OF_PACKAGE = (
    sa.select(COMPONENT.c.id, COMPONENT.c.version, COMPONENT.c.qualifiers)
    .where(COMPONENT.c.package == sa.bindparam("package", type_=sa.Text))
    .order_by(COMPONENT.c.id)
)

_START: sa.BindParameter[int] = sa.bindparam("start", type_=BIGINT)
_END: sa.BindParameter[int] = sa.bindparam("end", type_=BIGINT)
_ENVIRONMENT = sa.bindparam("environment", type_=sa.Text)
_COMPONENTS: sa.BindParameter[int] = sa.bindparam("components", expanding=True, type_=BIGINT)


@dataclass(frozen=True, slots=True)
class Meant:
    """What the dictionary holds of a package."""

    components: tuple[int, ...]
    """Ids of those that are asked for."""
    unplaced: tuple[Coordinates, ...]
    """Those whose version has no place in the range: neither in nor out."""


def meant(connection: sa.Connection, package: str, means: Callable[[Coordinates], bool]) -> Meant:
    """Return which known components of *package* the question *means*.

    *means* raises `MalformedValue` where it cannot tell.
    """
    found: list[int] = []
    unplaced: list[Coordinates] = []
    for number, version, qualifiers in connection.execute(_OF_PACKAGE, {"package": package}):
        coordinates = Coordinates(package, version, qualifiers)
        try:
            if means(coordinates):
                found.append(number)
        except MalformedValue:
            unplaced.append(coordinates)
    return Meant(tuple(found), tuple(unplaced))


def containing(
    connection: sa.Connection,
    components: Sequence[int],
    *,
    start: int,
    end: int,
    known: int,
    environment: str | None = None,
) -> Sequence[tuple[int, int]]:
    """Return since when, and the position, of each placement in [start, end) that ran one of *components*.

    What ran already at *start* is among them. In microseconds since 1970; as the
    prefix up to the position *known* has it, in no order.
    """
    if not components:
        return []
    asked = {"components": list(components), "start": start, "end": end, "known": known}
    return _pairs(connection, _CONTAINING, asked, environment)


def unlisted(
    connection: sa.Connection, *, start: int, end: int, known: int, environment: str | None = None
) -> Sequence[tuple[int, int]]:
    """Return likewise each placement of a build that no SBOM speaks of: unknown is not absent."""
    return _pairs(connection, _UNLISTED, {"start": start, "end": end, "known": known}, environment)


def _pairs(
    connection: sa.Connection,
    queries: Mapping[bool, sa.Select[Any]],
    asked: dict[str, Any],
    environment: str | None,
) -> Sequence[tuple[int, int]]:
    if environment is not None:
        asked = {**asked, "environment": environment}
    query = queries[environment is not None]
    return [(since, position) for since, position in connection.execute(query, asked)]


def _begun() -> sa.ColumnElement[int]:
    """Return since when the slot ran what it ran at the start; the start when it ran nothing."""
    rows = PLACEMENT.alias("begun")
    before = (
        sa.select(rows.c.valid_from)
        .where(rows.c.slot_id == SLOT.c.id, rows.c.valid_from <= _START, believed(rows))
        .order_by(rows.c.valid_from.desc())
        .limit(1)
        .correlate(SLOT)
        .scalar_subquery()
    )
    return sa.func.coalesce(before, _START)


def _slots(targets: sa.FromClause, within: bool) -> sa.CTE:
    """Return the slots to look at, and from when on.

    Materialized: left free to reorder, PostgreSQL begins at the placements of everybody.
    """
    query = sa.select(SLOT.c.id, SLOT.c.target_id, _begun().label("begun")).select_from(
        targets.join(SLOT, SLOT.c.target_id == TARGET.c.id)
    )
    if within:
        query = query.where(TARGET.c.environment == _ENVIRONMENT)
    return query.cte("slots").prefix_with("MATERIALIZED")


def _in_window(slots: sa.CTE, ran: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return the placements in the window of those *slots* that *ran* what is asked for.

    What hides a placement is looked up last, for the few that are left.
    """
    within = sa.and_(
        PLACEMENT.c.slot_id == slots.c.id,
        PLACEMENT.c.valid_from >= slots.c.begun,
        PLACEMENT.c.valid_from < _END,
    )
    columns = PLACEMENT.c.slot_id, PLACEMENT.c.valid_from, PLACEMENT.c.position, PLACEMENT.c.release
    query = sa.select(slots.c.target_id, *columns).select_from(slots.join(PLACEMENT, within))
    # SQLite keeps this order by itself, and would only copy the rows.
    placed = query.cte("placed").prefix_with("MATERIALIZED", dialect="postgresql")
    released = sa.and_(RELEASE.c.target_id == placed.c.target_id, RELEASE.c.number == placed.c.release)
    return (
        sa.select(placed.c.valid_from, placed.c.position)
        .select_from(placed.join(RELEASE, released))
        .where(ran, holds(placed.c.position, placed.c.slot_id, placed.c.valid_from))
    )


_SERVICES = (
    sa.select(SERIES.c.service)
    .join(RUN, RUN.c.series_id == SERIES.c.id)
    .where(RUN.c.component_id.in_(_COMPONENTS))
    .distinct()
    .subquery("services")
)
_LISTING = _SERVICES.join(TARGET, TARGET.c.service == _SERVICES.c.service)
_LISTS = (
    sa.exists()
    .where(
        RUN.c.series_id == BUILD_SBOM.c.series_id,
        RUN.c.component_id.in_(_COMPONENTS),
        RUN.c.first <= BUILD_SBOM.c.number,
        RUN.c.last >= BUILD_SBOM.c.number,
    )
    .correlate(BUILD_SBOM)
)


def _one(*which: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Select 1 where an SBOM speaks of the build of the release; null where none does.

    The limit keeps it a look-up for each placement. Written as EXISTS, PostgreSQL begins at
    all builds that ever had the component; written as one join, SQLite tries all its runs
    every time.
    """
    speaks = sa.and_(BUILD_SBOM.c.build_id == RELEASE.c.build_id, BUILD_SBOM.c.position <= KNOWN)
    one = sa.select(sa.literal_column("1", sa.Integer)).select_from(BUILD_SBOM).where(speaks, *which)
    return one.limit(1).correlate(RELEASE).scalar_subquery()


_SPEAKS_OF_IT = _one(_LISTS).is_not(None)
_SPEAKS_NOT = _one().is_(None)

_CONTAINING = {within: _in_window(_slots(_LISTING, within), _SPEAKS_OF_IT) for within in (False, True)}
_UNLISTED = {within: _in_window(_slots(TARGET, within), _SPEAKS_NOT) for within in (False, True)}
"""By whether one environment is asked about."""
