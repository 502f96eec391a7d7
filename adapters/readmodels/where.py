"""Where and when releases ran, newest first."""

from collections.abc import Sequence
from itertools import groupby

import sqlalchemy as sa

from adapters.readmodels.tables import PLACEMENT, TARGET
from adapters.readmodels.timeline import HELD_EVER, answers, newest
from domain.placement import Placement, RanRelease
from domain.prefix import Prefix
from domain.target import Target

_RAN_IN_TARGET = HELD_EVER.where(
    TARGET.c.service == sa.bindparam("service", type_=sa.Text),
    TARGET.c.environment == sa.bindparam("environment", type_=sa.Text),
    PLACEMENT.c.release.in_(sa.bindparam("numbers", expanding=True)),
).order_by(PLACEMENT.c.valid_from.desc(), PLACEMENT.c.position.desc())


def ran(
    connection: sa.Connection, releases: Sequence[RanRelease], prefix: Prefix, *, limit: int
) -> Sequence[Placement]:
    """See `domain.ports.Placements.ran`: one statement for each target."""
    found: list[sa.Row[tuple[object, ...]]] = []
    for target, group in groupby(sorted(releases, key=_target), key=_target):
        asked = {
            "service": target.service,
            "environment": target.environment,
            "numbers": sorted({release.number for release in group}),
            "known": prefix.position,
            "page": limit,
        }
        found = newest([*found, *connection.execute(_RAN_IN_TARGET, asked)], limit)
    return answers(found)


def _target(release: RanRelease) -> Target:
    return release.target
