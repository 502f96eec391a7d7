"""Keeps what SBOMs list: each writes only in what it differs from the one before it in its series."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from adapters.database import many
from adapters.database.metadata import BIGINT
from adapters.readmodels.component_tables import COMPONENT, ONGOING, RUN, SBOM, SERIES
from domain.component import Coordinates

_NAME = COMPONENT.c.package, COMPONENT.c.version, COMPONENT.c.qualifiers
_LOOK_UP = sa.select(COMPONENT.c.id, *_NAME).where(many.one_of(*_NAME))
_NEXT_COMPONENT = sa.select(sa.func.coalesce(sa.func.max(COMPONENT.c.id), 0) + 1)
_NEXT_SERIES = sa.select(sa.func.coalesce(sa.func.max(SERIES.c.id), 0) + 1)
_SERIES = sa.select(SERIES.c.id).where(
    SERIES.c.service == sa.bindparam("service"), SERIES.c.artifact == sa.bindparam("artifact")
)
_NUMBERED = (
    sa.select(SBOM.c.series_id, SBOM.c.number)
    .join(SERIES, SERIES.c.id == SBOM.c.series_id)
    .where(
        SBOM.c.evidence == sa.bindparam("evidence", type_=sa.LargeBinary),
        SBOM.c.piece == sa.bindparam("piece", type_=BIGINT),
        SERIES.c.service == sa.bindparam("service", type_=sa.Text),
        SERIES.c.artifact == sa.bindparam("artifact", type_=sa.Text),
    )
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
class Place:
    """Which SBOM, in which series."""

    service: str
    artifact: str
    """Its name."""
    evidence: bytes
    """Digest of the file."""
    piece: int
    """Of the file; see `component_tables.SBOM`."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """Where an SBOM stands: the how-manieth of which series."""

    series_id: int
    number: int


def record(
    connection: sa.Connection, place: Place, *, inside: Collection[Coordinates], position: int
) -> Numbered:
    """Take in that the next SBOM of the series lists *inside*, as the event at *position* lets know.

    Under the append lock: numbers and ids are the next free ones, and sorted
    input makes a rebuild give the same rows.
    """
    series_id = _series(connection, place)
    number: int = connection.scalars(_NEXT_NUMBER, {"series": series_id}).one()
    listed = set(connection.scalars(_LISTED, {"series": series_id}))
    now = set(_ids(connection, sorted(inside), position))
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
        many.insert(connection, RUN, begun)
    row = {"series_id": series_id, "number": number, "position": position}
    many.insert(connection, SBOM, [{**row, "evidence": place.evidence, "piece": place.piece}])
    return Numbered(series_id, number)


def numbered(connection: sa.Connection, place: Place) -> Numbered | None:
    """Return where the SBOM stands in the series; None when it is not in it."""
    found = connection.execute(_NUMBERED, asdict(place)).one_or_none()
    return None if found is None else Numbered(*found)


def _series(connection: sa.Connection, place: Place) -> int:
    named = {"service": place.service, "artifact": place.artifact}
    known: int | None = connection.scalar(_SERIES, named)
    if known is not None:
        return known
    fresh: int = connection.scalars(_NEXT_SERIES).one()
    connection.execute(sa.insert(SERIES), {"id": fresh, **named})
    return fresh


def _ids(connection: sa.Connection, inside: Sequence[Coordinates], position: int) -> Iterator[int]:
    """Yield the id of each; what is new gets the next ones."""
    known = _known(connection, inside)
    yield from known.values()
    fresh = [each for each in inside if each not in known]
    if not fresh:
        return
    first: int = connection.scalars(_NEXT_COMPONENT).one()
    rows = [
        {
            "id": number,
            "package": each.package,
            "version": each.version,
            "qualifiers": each.qualifiers,
            "position": position,
        }
        for number, each in enumerate(fresh, first)
    ]
    many.insert(connection, COMPONENT, rows)
    yield from range(first, first + len(fresh))


def _known(connection: sa.Connection, inside: Sequence[Coordinates]) -> dict[Coordinates, int]:
    if not inside:
        return {}
    keys = ((each.package, each.version, each.qualifiers) for each in inside)
    return {Coordinates(*said): number for number, *said in many.rows(connection, _LOOK_UP, keys)}
