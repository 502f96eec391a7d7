"""The releases of a target, by number or by what they are made of."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels import rows
from adapters.readmodels.tables import BUILD, RELEASE, TARGET
from adapters.readmodels.visible import FOREVER, KNOWN
from domain.errors import UnknownRelease
from domain.placement import RanRelease
from domain.prefix import Prefix

_NUMBER: sa.BindParameter[int] = sa.bindparam("number", type_=BIGINT)

RELEASES = (
    sa.select(TARGET.c.service, TARGET.c.environment, *rows.RELEASED)
    .select_from(
        RELEASE.join(TARGET, TARGET.c.id == RELEASE.c.target_id).join(BUILD, BUILD.c.id == RELEASE.c.build_id)
    )
    .where(RELEASE.c.position <= KNOWN)
)
"""Every release that the prefix knows."""
_OF_TARGET = RELEASES.where(
    TARGET.c.service == sa.bindparam("service", type_=sa.Text),
    TARGET.c.environment == sa.bindparam("environment", type_=sa.Text),
)
_BELOW = (
    _OF_TARGET.where(RELEASE.c.number < _NUMBER)
    .order_by(RELEASE.c.number.desc())
    .limit(sa.bindparam("page", type_=BIGINT))
)
_ONE = _OF_TARGET.where(RELEASE.c.number == _NUMBER)


def releases(
    connection: sa.Connection,
    service: str,
    environment: str,
    prefix: Prefix,
    *,
    below: int | None,
    limit: int,
) -> Sequence[RanRelease]:
    """See `domain.ports.Placements.releases`."""
    asked = {
        "service": service,
        "environment": environment,
        "known": prefix.position,
        "number": FOREVER if below is None else below,
        "page": limit,
    }
    return [made(row) for row in connection.execute(_BELOW, asked)]


def release(
    connection: sa.Connection, service: str, environment: str, number: int, prefix: Prefix
) -> RanRelease:
    """See `domain.ports.Placements.release`."""
    asked = {"service": service, "environment": environment, "number": number}
    found = connection.execute(_ONE, {**asked, "known": prefix.position}).first()
    if found is None:
        raise UnknownRelease(f"{service}@{environment} has no release {number}")
    return made(found)


def made(row: Sequence[Any]) -> RanRelease:
    """Make the answer of a row of `RELEASES`."""
    service, environment, *columns = row
    answer = rows.release(rows.target(service, environment), columns)
    assert answer is not None, "a release has a number"
    return answer
