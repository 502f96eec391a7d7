"""Where and when releases ran, newest first."""

from collections.abc import Sequence
from itertools import groupby

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels.tables import PLACEMENT, SLOT, TARGET
from adapters.readmodels.timeline import PAGE, Found, answers, newest, pairs
from adapters.readmodels.visible import holds
from domain.placement import Placement, RanRelease
from domain.prefix import Prefix
from domain.target import Target

_RAN_IN_TARGET = (
    sa.select(PLACEMENT.c.valid_from, PLACEMENT.c.position)
    .select_from(
        TARGET.join(SLOT, SLOT.c.target_id == TARGET.c.id).join(PLACEMENT, PLACEMENT.c.slot_id == SLOT.c.id)
    )
    .where(
        TARGET.c.service == sa.bindparam("service", type_=sa.Text),
        TARGET.c.environment == sa.bindparam("environment", type_=sa.Text),
        PLACEMENT.c.release.in_(sa.bindparam("numbers", expanding=True, type_=BIGINT)),
        holds(PLACEMENT.c.position, PLACEMENT.c.slot_id, PLACEMENT.c.valid_from),
    )
    .order_by(PLACEMENT.c.valid_from.desc(), PLACEMENT.c.position.desc())
    .limit(PAGE)
)


def ran(
    connection: sa.Connection, releases: Sequence[RanRelease], prefix: Prefix, *, limit: int
) -> Sequence[Placement]:
    """See `domain.ports.Placements.ran`: one statement for each target."""
    found: Found = ()
    for target, group in groupby(sorted(releases, key=_target), key=_target):
        asked = {
            "service": target.service,
            "environment": target.environment,
            "numbers": sorted({release.number for release in group}),
            "known": prefix.position,
            "page": limit,
        }
        found = newest([*found, *pairs(connection, _RAN_IN_TARGET, asked)], limit)
    return answers(connection, found, prefix)


def _target(release: RanRelease) -> Target:
    return release.target
