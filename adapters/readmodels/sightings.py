"""Whether what runs by the ledger was also seen running: what each observer saw last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson
import sqlalchemy as sa

from adapters.readmodels.tables import OBSERVATION, OBSERVER
from adapters.readmodels.visible import INSTANT, KNOWN, believed
from domain.placement import RanBuild, Sighting

_last = OBSERVATION.alias("last")
_told = OBSERVATION.alias("told")
_NEWEST = (
    sa.select(_last.c.position)
    .where(
        _last.c.observer_id == OBSERVER.c.id,
        _last.c.occurred_at <= INSTANT,
        _last.c.digest.is_not(None),
        believed(_last),
    )
    .order_by(_last.c.occurred_at.desc(), _last.c.position.desc())
    .limit(1)
    .correlate(OBSERVER)
    .scalar_subquery()
)
# Whoever told a list told it in full once before it was confirmed; withdrawn or not, it is that list.
_LIST = (
    sa.select(_told.c.running)
    .where(
        _told.c.observer_id == OBSERVATION.c.observer_id,
        _told.c.digest == OBSERVATION.c.digest,
        _told.c.running.is_not(None),
    )
    .limit(1)
    .correlate(OBSERVATION)
    .scalar_subquery()
)
_SEEN = (
    sa.select(
        OBSERVER.c.name,
        OBSERVATION.c.occurred_at,
        sa.func.coalesce(OBSERVATION.c.running, _LIST),
    )
    .select_from(OBSERVER.join(OBSERVATION, OBSERVATION.c.position == _NEWEST))
    .where(
        OBSERVER.c.environment == sa.bindparam("environment", type_=sa.Text),
        OBSERVER.c.id <= KNOWN,
    )
    .order_by(OBSERVATION.c.occurred_at.desc(), OBSERVATION.c.position.desc())
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What one observer saw last: by service and slot, the hex of each artifact's digest."""

    observer: str
    occurred_at: int
    """Of its newest report that tells a list or confirms one."""
    running: Mapping[str, Mapping[str, Sequence[str]]]


def newest(connection: sa.Connection, environment: str, instant: int, known: int) -> Sequence[Seen]:
    """Return what each observer of *environment* saw last until *instant*, latest first."""
    asked = {"environment": environment, "instant": instant, "known": known}
    return [
        Seen(observer, occurred_at, orjson.loads(bytes(running)))
        for observer, occurred_at, running in connection.execute(_SEEN, asked)
    ]


def sighting(build: RanBuild, service: str, slot: str, since: int, seen: Sequence[Seen]) -> Sighting:
    """Compare *build*, which a slot runs from *since* on, with what was *seen* of the slot.

    Whoever looked before *since* cannot tell. Of those who can, the latest that
    lists the slot decides; when none lists it, it was seen not to run. A build
    known by its label alone has no digests to compare.
    """
    telling = [each for each in seen if each.occurred_at >= since]
    if not telling:
        return Sighting.NOT_REPORTED
    lists = (each.running.get(service, {}).get(slot) for each in telling)
    digests = next((listed for listed in lists if listed is not None), None)
    if digests is None:
        return Sighting.DIFFERS
    if not build.artifacts:
        return Sighting.NOT_REPORTED
    made = {artifact.digest.hex for artifact in build.artifacts}
    return Sighting.MATCH if made.issuperset(digests) else Sighting.DIFFERS
