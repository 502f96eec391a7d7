"""Keeps what SBOMs list: each writes only in what it differs from the one before it in its series."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels.component_tables import BUILD_SBOM, COMPONENT, ONGOING, RUN, SBOM, SERIES
from domain.component import Coordinates

NAMES_AT_ONCE = 500
"""How many packages are looked up in one statement."""

_LOOK_UP = sa.select(COMPONENT).where(
    COMPONENT.c.package.in_(sa.bindparam("packages", expanding=True, type_=sa.Text))
)
_NEXT_COMPONENT = sa.select(sa.func.coalesce(sa.func.max(COMPONENT.c.id), 0) + 1)
_NEXT_SERIES = sa.select(sa.func.coalesce(sa.func.max(SERIES.c.id), 0) + 1)
_SERIES = sa.select(SERIES.c.id).where(
    SERIES.c.service == sa.bindparam("service"), SERIES.c.artifact == sa.bindparam("artifact")
)
_NEXT_NUMBER = sa.select(sa.func.coalesce(sa.func.max(SBOM.c.number), 0) + 1).where(
    SBOM.c.series_id == sa.bindparam("series", type_=BIGINT)
)
_LISTED = sa.select(RUN.c.component_id).where(
    RUN.c.series_id == sa.bindparam("series", type_=BIGINT), RUN.c.last == sa.literal_column(str(ONGOING))
)
_END = (
    sa.update(RUN)
    .where(
        RUN.c.series_id == sa.bindparam("series"),
        RUN.c.component_id == sa.bindparam("component"),
        RUN.c.last == sa.literal_column(str(ONGOING)),
    )
    .values(last=sa.bindparam("end"))
)


@dataclass(frozen=True, slots=True)
class Numbered:
    """Where an SBOM stands: the how-manieth of which series."""

    series_id: int
    number: int


def record(
    connection: sa.Connection,
    *,
    service: str,
    artifact: str,
    evidence: bytes,
    inside: Collection[Coordinates],
    position: int,
) -> Numbered:
    """Take in that the next SBOM of the series lists *inside*.

    Under the append lock: numbers and ids are the next free ones, and sorted
    input makes a rebuild give the same rows.
    """
    series_id = _series(connection, service, artifact)
    number: int = connection.scalars(_NEXT_NUMBER, {"series": series_id}).one()
    listed = set(connection.scalars(_LISTED, {"series": series_id}))
    now = set(_ids(connection, sorted(inside)))
    ended = [
        {"series": series_id, "component": component, "end": number - 1} for component in sorted(listed - now)
    ]
    begun = [
        {"component_id": component, "series_id": series_id, "first": number, "last": ONGOING}
        for component in sorted(now - listed)
    ]
    if ended:
        connection.execute(_END, ended)
    if begun:
        connection.execute(sa.insert(RUN), begun)
    row = {"series_id": series_id, "number": number, "evidence": evidence, "position": position}
    connection.execute(sa.insert(SBOM), row)
    return Numbered(series_id, number)


def attach(connection: sa.Connection, numbered: Numbered, builds: Iterable[int], *, position: int) -> None:
    """Take in that the SBOM speaks of what *builds* made, as the event at *position* let know."""
    place = {"series_id": numbered.series_id, "number": numbered.number, "position": position}
    rows = [{"build_id": build, **place} for build in builds]
    if rows:
        connection.execute(sa.insert(BUILD_SBOM), rows)


def _series(connection: sa.Connection, service: str, artifact: str) -> int:
    named = {"service": service, "artifact": artifact}
    known: int | None = connection.scalar(_SERIES, named)
    if known is not None:
        return known
    fresh: int = connection.scalars(_NEXT_SERIES).one()
    connection.execute(sa.insert(SERIES), {"id": fresh, **named})
    return fresh


def _ids(connection: sa.Connection, inside: Sequence[Coordinates]) -> Iterator[int]:
    """Yield the id of each; what is new gets the next ones."""
    known = _known(connection, inside)
    yield from known.values()
    fresh = [each for each in inside if each not in known]
    if not fresh:
        return
    first: int = connection.scalars(_NEXT_COMPONENT).one()
    rows = [
        {"id": number, "package": each.package, "version": each.version, "qualifiers": each.qualifiers}
        for number, each in enumerate(fresh, first)
    ]
    connection.execute(sa.insert(COMPONENT), rows)
    yield from range(first, first + len(fresh))


def _known(connection: sa.Connection, inside: Sequence[Coordinates]) -> dict[Coordinates, int]:
    wanted = set(inside)
    found: dict[Coordinates, int] = {}
    packages = sorted({each.package for each in inside})
    for start in range(0, len(packages), NAMES_AT_ONCE):
        some = {"packages": packages[start : start + NAMES_AT_ONCE]}
        for number, package, version, qualifiers in connection.execute(_LOOK_UP, some):
            coordinates = Coordinates(package, version, qualifiers)
            if coordinates in wanted:
                found[coordinates] = number
    return found
