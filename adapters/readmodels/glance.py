"""An environment at a glance: its first claim, and what each of its observers promised last.

Most environments have no observer. What is seen of one then depends on the prefix alone, and is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.database.metadata import BIGINT
from adapters.readmodels.tables import CHANGE, ENVIRONMENT, OBSERVATION, OBSERVER, TARGET
from adapters.readmodels.visible import FOREVER, INSTANT, KNOWN, believed, clamped
from domain.correction import Corrected
from domain.instant import LATEST
from domain.ports import Scope
from domain.prefix import Prefix

LATEST_CLAIM: sa.BindParameter[int] = sa.bindparam("latest", type_=BIGINT)
"""Nothing in the prefix claims to be later."""
IN_ENVIRONMENT: sa.BindParameter[str] = sa.bindparam("environment", type_=sa.Text)
KEPT_MAX = 10_000
"""How many glances are kept, each of one environment from one prefix."""

Column = sa.ColumnElement[int]


def first_report(
    rows: Any, observer_id: Column, order: Sequence[Any], among: Sequence[sa.ColumnElement[bool]]
) -> sa.ScalarSelect[int]:
    """Select the position of the first of *rows* that the prefix believes, in *order*."""
    query = sa.select(rows.c.position).where(rows.c.observer_id == observer_id, believed(rows), *among)
    return query.order_by(*order).limit(1).correlate_except(rows).scalar_subquery()


def newest_until(observer_id: Column, at: Column) -> sa.ScalarSelect[int]:
    """Select the newest report of the observer until *at*."""
    rows = OBSERVATION.alias("until")
    order = rows.c.occurred_at.desc(), rows.c.position.desc()
    return first_report(rows, observer_id, order, [rows.c.occurred_at <= at])


_rows = OBSERVATION.alias("first")
_FIRST_REPORT = (
    sa.select(_rows.c.occurred_at)
    .where(_rows.c.observer_id == OBSERVER.c.id, _rows.c.occurred_at <= LATEST_CLAIM, believed(_rows))
    .order_by(_rows.c.occurred_at, _rows.c.position)
    .limit(1)
    .correlate(OBSERVER)
    .scalar_subquery()
)
_FIRST_CHANGE = (
    sa.select(CHANGE.c.occurred_at)
    .where(
        CHANGE.c.environment == ENVIRONMENT.c.name,
        CHANGE.c.occurred_at <= LATEST_CLAIM,
        CHANGE.c.position <= KNOWN,
        CHANGE.c.topic != Corrected.topic,
        sa.func.coalesce(CHANGE.c.withdrawn_by, FOREVER) > KNOWN,
    )
    .order_by(CHANGE.c.occurred_at, CHANGE.c.position)
    .limit(1)
    .correlate(ENVIRONMENT)
    .scalar_subquery()
)
_GLANCE = (
    sa.select(
        ENVIRONMENT.c.name,
        _FIRST_CHANGE,
        _FIRST_REPORT,
        OBSERVATION.c.occurred_at,
        OBSERVATION.c.promised,
    )
    .select_from(
        ENVIRONMENT.outerjoin(
            OBSERVER, sa.and_(OBSERVER.c.environment == ENVIRONMENT.c.name, OBSERVER.c.id <= KNOWN)
        ).outerjoin(OBSERVATION, OBSERVATION.c.position == newest_until(OBSERVER.c.id, INSTANT))
    )
    .where(ENVIRONMENT.c.position <= KNOWN)
)
_GLANCE_AT_ONE = _GLANCE.where(ENVIRONMENT.c.name == IN_ENVIRONMENT)
_GLANCE_AT_A_SERVICE = _GLANCE.where(
    ENVIRONMENT.c.name.in_(
        sa.select(TARGET.c.environment).where(
            TARGET.c.service == sa.bindparam("service", type_=sa.Text), TARGET.c.id <= KNOWN
        )
    )
)


@dataclass(slots=True)
class Glance:
    """One environment at an instant: its first report, and what each observer promised last."""

    first: int | None = None
    promises: list[int | None] = field(default_factory=list)


Glanced = Mapping[str, Glance]
"""By environment, in alphabetical order; those that the prefix does not know are not there."""


class Glances:
    """Glances at environments. Safe to use from any thread."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: dict[tuple[str, int], Glanced | None] = {}
        """By environment and position: what is seen at any instant; None where the instant matters."""

    def at(self, connection: sa.Connection, scope: Scope, as_of: datetime, prefix: Prefix) -> Glanced:
        """Return what the prefix has of each environment in *scope*, with promises made until *as_of*."""
        if scope.environment is not None:
            always = self._always(connection, scope.environment, prefix)
            if always is not None:
                return always
        return _glance(connection, scope, as_of, prefix)

    def watched(self, connection: sa.Connection, environment: str, prefix: Prefix) -> bool:
        """Say whether the prefix believes any report of an observer of *environment*."""
        return self._always(connection, environment, prefix) is None

    def _always(self, connection: sa.Connection, environment: str, prefix: Prefix) -> Glanced | None:
        key = environment, prefix.position
        kept = self._kept
        if key not in kept:
            seen = _glance(connection, Scope(environment), LATEST, prefix)
            if len(kept) >= KEPT_MAX:
                kept = self._kept = {}
            kept[key] = None if any(each.promises for each in seen.values()) else seen
        return kept[key]


def _glance(connection: sa.Connection, scope: Scope, as_of: datetime, prefix: Prefix) -> dict[str, Glance]:
    """Return what there is to know of each environment in *scope*, in alphabetical order."""
    asked: dict[str, Any] = {
        "known": prefix.position,
        "latest": clamped(LATEST, prefix),
        "instant": clamped(as_of, prefix),
    }
    statement = _GLANCE
    if scope.environment is not None:
        statement, asked["environment"] = _GLANCE_AT_ONE, scope.environment
    elif scope.service is not None:
        statement, asked["service"] = _GLANCE_AT_A_SERVICE, scope.service
    glanced: dict[str, Glance] = {}
    for environment, change, report, at, promised in connection.execute(statement, asked):
        seen = glanced.setdefault(environment, Glance())
        seen.first = min((each for each in (change, report, seen.first) if each is not None), default=None)
        if at is not None:
            seen.promises.append(promised)
    return dict(sorted(glanced.items()))
