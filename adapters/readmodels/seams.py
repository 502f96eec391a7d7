"""The statements that find where the reports of an observer do not go on.

A year of heartbeats is half a million rows, and hardly ever a gap. So a row says whether it is a
*seam*; between two seams reports went on as promised, or promised nothing, and are stepped over. Each
pair of reports that leaves a gap, whatever was withdrawn or came late, has a seam at or between them.
"""

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels.glance import IN_ENVIRONMENT, LATEST_CLAIM, Column, first_report, newest_until
from adapters.readmodels.tables import OBSERVATION, OBSERVER
from adapters.readmodels.visible import KNOWN

_LOW: sa.BindParameter[int] = sa.bindparam("low", type_=BIGINT)
_HIGH: sa.BindParameter[int] = sa.bindparam("high", type_=BIGINT)


def _after(observer_id: Column, at: Column) -> sa.ScalarSelect[int]:
    """Select the first report of the observer later than *at*."""
    rows = OBSERVATION.alias("after")
    order = rows.c.occurred_at, rows.c.position
    return first_report(
        rows, observer_id, order, [rows.c.occurred_at > at, rows.c.occurred_at <= LATEST_CLAIM]
    )


_begun, _then, _last = (OBSERVATION.alias(name) for name in ("begun", "then", "ended"))
ENDS = (
    sa.select(
        OBSERVER.c.id,
        OBSERVER.c.name,
        *(row.c[name] for row in (_begun, _then, _last) for name in ("position", "occurred_at", "promised")),
    )
    .select_from(
        OBSERVER.outerjoin(_begun, _begun.c.position == newest_until(OBSERVER.c.id, _LOW))
        .outerjoin(_then, _then.c.position == _after(OBSERVER.c.id, _LOW))
        .outerjoin(_last, _last.c.position == newest_until(OBSERVER.c.id, _HIGH - 1))
    )
    .where(OBSERVER.c.environment == IN_ENVIRONMENT, OBSERVER.c.id <= KNOWN)
)

SEAM = (
    sa.select(
        OBSERVATION.c.observer_id,
        OBSERVATION.c.position,
        OBSERVATION.c.occurred_at,
        OBSERVATION.c.promised,
        OBSERVATION.c.superseded,
    )
    .select_from(OBSERVER.join(OBSERVATION, OBSERVATION.c.observer_id == OBSERVER.c.id))
    .where(
        OBSERVER.c.environment == IN_ENVIRONMENT,
        OBSERVATION.c.seam == sa.literal_column("1"),
        OBSERVATION.c.occurred_at > _LOW,
        OBSERVATION.c.occurred_at < _HIGH,
        OBSERVATION.c.position <= KNOWN,
    )
    .order_by(OBSERVATION.c.occurred_at.desc(), OBSERVATION.c.position.desc())
    .limit(sa.bindparam("seams", type_=BIGINT))
    .subquery("seam")
)


def _beside(*, before: bool) -> sa.ScalarSelect[int]:
    """Select the report next to a seam, on one side of it."""
    rows = OBSERVATION.alias("beside")
    at, position = rows.c.occurred_at, rows.c.position
    if before:
        near = at <= SEAM.c.occurred_at, sa.or_(at < SEAM.c.occurred_at, position < SEAM.c.position)
        return first_report(rows, SEAM.c.observer_id, (at.desc(), position.desc()), near)
    near = at >= SEAM.c.occurred_at, sa.or_(at > SEAM.c.occurred_at, position > SEAM.c.position)
    return first_report(rows, SEAM.c.observer_id, (at, position), (*near, at <= LATEST_CLAIM))


_prior, _next = OBSERVATION.alias("prior"), OBSERVATION.alias("next")
SEAMS = (
    sa.select(
        SEAM.c.observer_id,
        SEAM.c.superseded,
        *(row.c[name] for row in (_prior, SEAM, _next) for name in ("position", "occurred_at", "promised")),
    )
    .select_from(
        SEAM.outerjoin(_prior, _prior.c.position == _beside(before=True)).outerjoin(
            _next, _next.c.position == _beside(before=False)
        )
    )
    .order_by(SEAM.c.occurred_at.desc(), SEAM.c.position.desc())
)
