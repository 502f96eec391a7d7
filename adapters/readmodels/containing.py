"""Which placements ran what contains a component, and which ran what nobody listed, newest first.

From the component to services and on to the placements in the window, never through builds: a
component everybody uses is in most builds, but the window bounds the placements. The window is walked
back in steps that grow, so that a page costs what is on it and not what is in the window.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels.component_tables import BUILD_LISTED, BUILD_SBOM, COMPONENT, RUN, SERIES
from adapters.readmodels.tables import CHANGE, ENVIRONMENT, PLACEMENT, RELEASE, SLOT, TARGET
from adapters.readmodels.visible import FOREVER, INSTANT, KNOWN, holding, holds, release_before
from domain.component import Coordinates
from domain.errors import MalformedValue

COMPONENTS_MAX = 5_000
"""How many versions of one package can be looked for at once; no package has as many."""
UNPLACED_MAX = 100
STEP_MICROSECONDS = 6 * 3_600 * 1_000_000
"""How far back the first step goes; each further one goes four times as far. Measured at 3 to 24 hours."""
STEP_GROWS = 4
LOOKED_AT_MAX = 5_000
"""How many changes are looked at for what nobody listed, besides what holds when the time ends."""

_OF_PACKAGE = (
    sa.select(COMPONENT.c.id, COMPONENT.c.version, COMPONENT.c.qualifiers)
    .where(COMPONENT.c.package == sa.bindparam("package", type_=sa.Text), COMPONENT.c.position <= KNOWN)
    .order_by(COMPONENT.c.id)
)

_LOW: sa.BindParameter[int] = sa.bindparam("low", type_=BIGINT)
_HIGH: sa.BindParameter[int] = sa.bindparam("high", type_=BIGINT)
_ENVIRONMENT = sa.bindparam("environment", type_=sa.Text)
_COMPONENTS: sa.BindParameter[int] = sa.bindparam("components", expanding=True, type_=BIGINT)


class Found(NamedTuple):
    """One placement, in the order of a timeline."""

    since: int
    position: int
    build_id: int


@dataclass(frozen=True, slots=True)
class Walk:
    """The time to walk back through, and as which prefix has it; in microseconds since 1970."""

    low: int
    high: int
    known: int
    environment: str | None = None
    after: tuple[int, int] = (FOREVER, FOREVER)
    """Since when and the position of the last placement that was told already."""

    def steps(self) -> Iterator[tuple[int, int]]:
        """Yield from when to when each step goes."""
        high, step = min(self.high, self.after[0] + 1), STEP_MICROSECONDS
        while self.low < high:
            low = max(self.low, high - step)
            yield low, high
            high, step = low, step * STEP_GROWS

    def asked(self, **more: Any) -> dict[str, Any]:
        """Return the parameters that every question of the walk has."""
        within = {} if self.environment is None else {"environment": self.environment}
        return {"known": self.known, **within, **more}


def meant(
    connection: sa.Connection, package: str, means: Callable[[Coordinates], bool], known: int
) -> tuple[list[int], bool, list[Coordinates]]:
    """Return which components of *package* are meant, whether there are any, and which cannot be placed.

    *means* raises `MalformedValue` where it cannot tell; so does this when too many are meant.
    """
    found: list[int] = []
    unplaced: list[Coordinates] = []
    listed = False
    asked = {"package": package, "known": known}
    for number, version, qualifiers in connection.execute(_OF_PACKAGE, asked):
        listed = True
        coordinates = Coordinates(package, version, qualifiers)
        try:
            if means(coordinates):
                found.append(number)
        except MalformedValue:
            unplaced.append(coordinates)
    if len(found) > COMPONENTS_MAX:
        raise MalformedValue(f"{len(found)} versions of {package} are meant, at most {COMPONENTS_MAX}")
    return found, listed, sorted(unplaced)[:UNPLACED_MAX]


def containing(
    connection: sa.Connection, components: Sequence[int], walk: Walk, *, limit: int
) -> Sequence[Found]:
    """Return up to *limit* placements that overlap the time of *walk* and ran one of *components*."""
    if not components or walk.high <= walk.low:
        return []
    wanted = {"components": list(components)}
    found: list[Found] = []
    for low, high in walk.steps():
        asked = walk.asked(low=low, high=high, **wanted)
        found += _after(walk, _run(connection, _BEGAN_WITH, walk, asked))
        if len(found) >= limit:
            break
    else:
        held = _run(connection, _HELD_WITH, walk, walk.asked(instant=walk.low, **wanted))
        found += _after(walk, _already(walk, held))
    return sorted(found, reverse=True)[:limit]


def unlisted(connection: sa.Connection, walk: Walk, *, limit: int) -> tuple[Sequence[Found], bool]:
    """Return likewise those of builds that no verified SBOM speaks of, and whether some are left out.

    What holds when the time ends is among them, if *limit* lets it; then what began in the time, as far
    back as can be looked at; and when that was all of it, what held when it began.
    """
    if walk.high <= walk.low:
        return [], False
    found = set(_run(connection, _HELD_WITHOUT, walk, walk.asked(instant=walk.high - 1)))
    whole, looked_at = True, 0
    for low, high in walk.steps():
        if len(found) > limit:
            break
        asked = walk.asked(low=low, high=high)
        looked_at += connection.scalar(_COUNTED[walk.environment is not None], asked) or 0
        whole = looked_at <= LOOKED_AT_MAX
        if not whole:
            break
        found.update(_run(connection, _BEGAN_WITHOUT, walk, asked))
    else:
        found.update(_already(walk, _run(connection, _HELD_WITHOUT, walk, walk.asked(instant=walk.low))))
    return sorted(found, reverse=True)[:limit], not whole or len(found) > limit


def _already(walk: Walk, held: Iterable[Found]) -> Iterator[Found]:
    """Yield those that began before the time; of what holds when it begins, the rest is told by its steps."""
    return (each for each in held if each.since < walk.low)


def _after(walk: Walk, found: Iterable[Found]) -> Iterator[Found]:
    return (each for each in found if (each.since, each.position) < walk.after)


def _run(
    connection: sa.Connection, queries: Mapping[bool, sa.Select[Any]], walk: Walk, asked: dict[str, Any]
) -> Sequence[Found]:
    return [Found(*row) for row in connection.execute(queries[walk.environment is not None], asked)]


def _slots(targets: sa.FromClause, within: bool) -> sa.CTE:
    """Return the slots to look at.

    Materialized: left free to reorder, PostgreSQL begins at the placements of everybody.
    """
    query = sa.select(SLOT.c.id, SLOT.c.target_id).select_from(
        targets.join(SLOT, SLOT.c.target_id == TARGET.c.id)
    )
    if within:
        query = query.where(TARGET.c.environment == _ENVIRONMENT)
    return query.cte("slots").prefix_with("MATERIALIZED")


def _began(slots: sa.CTE) -> sa.CTE:
    """Return what the prefix knows to have begun in the step in those *slots*."""
    within = sa.and_(
        PLACEMENT.c.slot_id == slots.c.id, PLACEMENT.c.valid_from >= _LOW, PLACEMENT.c.valid_from < _HIGH
    )
    columns = PLACEMENT.c.slot_id, PLACEMENT.c.valid_from, PLACEMENT.c.position, PLACEMENT.c.release
    query = (
        sa.select(slots.c.target_id, *columns)
        .select_from(slots.join(PLACEMENT, within))
        .where(PLACEMENT.c.position <= KNOWN)
    )
    # SQLite keeps this order by itself, and would only copy the rows.
    return query.cte("placed").prefix_with("MATERIALIZED", dialect="postgresql")


def _changed(within: bool, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Select *columns* of what is known to have changed in the step, from the list of each environment."""
    changed: sa.FromClause = CHANGE
    of = CHANGE.c.environment == _ENVIRONMENT
    if not within:
        changed, of = ENVIRONMENT.join(CHANGE, CHANGE.c.environment == ENVIRONMENT.c.name), sa.true()
    step = CHANGE.c.occurred_at >= _LOW, CHANGE.c.occurred_at < _HIGH, CHANGE.c.position <= KNOWN
    return sa.select(*columns).select_from(changed).where(of, *step)


def _that_changed(within: bool, ran: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Select those placements of the step that *ran* what is asked for, whatever slot they are in."""
    columns = CHANGE.c.slot_id, CHANGE.c.occurred_at.label("valid_from"), CHANGE.c.position, CHANGE.c.release
    changed = _changed(within, *columns).where(CHANGE.c.release.is_not(None)).cte("changed")
    placed = (
        sa.select(SLOT.c.target_id, *changed.c)
        .join(changed, changed.c.slot_id == SLOT.c.id)
        .cte("placed")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return _that(placed, ran)


def _that(placed: sa.CTE, ran: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Return those of *placed* that *ran* what is asked for; what hides them is looked up last."""
    shown = holds(placed.c.position, placed.c.slot_id, placed.c.valid_from)
    released = sa.and_(RELEASE.c.target_id == placed.c.target_id, RELEASE.c.number == placed.c.release)
    return (
        sa.select(placed.c.valid_from, placed.c.position, RELEASE.c.build_id)
        .select_from(placed.join(RELEASE, released))
        .where(ran, shown)
    )


def _that_began(slots: sa.CTE, ran: sa.ColumnElement[bool]) -> sa.Select[Any]:
    return _that(_began(slots), ran)


def _that_held(slots: sa.CTE, ran: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Select what held in those *slots* at `INSTANT`, if that *ran* what is asked for.

    Which release held is in the index; when and why is looked up for the few that are left.
    """
    release = release_before(slots.c.id, INSTANT + 1).label("release")
    held = sa.select(slots.c.id, slots.c.target_id, release).cte("held")
    held = held.prefix_with("MATERIALIZED", dialect="postgresql")
    released = sa.and_(RELEASE.c.target_id == held.c.target_id, RELEASE.c.number == held.c.release)
    few = sa.select(held.c.id, RELEASE.c.build_id).select_from(held.join(RELEASE, released)).where(ran)
    left = few.cte("few").prefix_with("MATERIALIZED")
    why = left.join(CHANGE, CHANGE.c.position == holding(left.c.id))
    return sa.select(CHANGE.c.occurred_at, CHANGE.c.position, left.c.build_id).select_from(why)


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


def _one(rows: sa.Table, *which: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    """Select 1 where one of *rows* speaks of the build of the release; null where none does.

    The limit keeps it a look-up for each placement. Written as EXISTS, PostgreSQL begins at
    all builds that ever had the component; written as one join, SQLite tries all its runs
    every time.
    """
    speaks = sa.and_(rows.c.build_id == RELEASE.c.build_id, rows.c.position <= KNOWN)
    one = sa.select(sa.literal_column("1", sa.Integer)).select_from(rows).where(speaks, *which)
    return one.limit(1).correlate(RELEASE).scalar_subquery()


_WITH = _one(BUILD_SBOM, _LISTS).is_not(None)
_WITHOUT = _one(BUILD_LISTED).is_(None)
_BOTH = (False, True)

_BEGAN_WITH = {within: _that_began(_slots(_LISTING, within), _WITH) for within in _BOTH}
_HELD_WITH = {within: _that_held(_slots(_LISTING, within), _WITH) for within in _BOTH}
_HELD_WITHOUT = {within: _that_held(_slots(TARGET, within), _WITHOUT) for within in _BOTH}
_BEGAN_WITHOUT = {within: _that_changed(within, _WITHOUT) for within in _BOTH}
_COUNTED = {within: _changed(within, sa.func.count()) for within in _BOTH}
"""By whether one environment is asked about."""
