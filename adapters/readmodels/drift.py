"""What a comparison with observers needs: what they listed, where nothing runs, who made what they saw."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice

import sqlalchemy as sa

from adapters.readmodels import sightings
from adapters.readmodels.tables import ARTIFACT, BUILD, CHANGE, RELEASE, SLOT, TARGET
from adapters.readmodels.visible import KNOWN, clamped, holding
from domain.digest import Digest
from domain.drift import NOWHERE, LastSeen, Listed, Origin, Place
from domain.instant import from_micros
from domain.prefix import Prefix

DIGESTS_AT_ONCE = 500

_ENVIRONMENT: sa.BindParameter[str] = sa.bindparam("environment", type_=sa.Text)
_EMPTIED = (
    sa.select(TARGET.c.service, SLOT.c.name, CHANGE.c.occurred_at)
    .select_from(
        TARGET.join(SLOT, SLOT.c.target_id == TARGET.c.id).join(
            CHANGE, CHANGE.c.position == holding(SLOT.c.id)
        )
    )
    .where(TARGET.c.environment == _ENVIRONMENT, SLOT.c.id <= KNOWN, CHANGE.c.release.is_(None))
)
_RELEASED = (
    sa.select(sa.func.max(RELEASE.c.number))
    .select_from(RELEASE.join(TARGET, TARGET.c.id == RELEASE.c.target_id))
    .where(
        RELEASE.c.build_id == BUILD.c.id,
        RELEASE.c.position <= KNOWN,
        TARGET.c.environment == _ENVIRONMENT,
    )
    .correlate(BUILD)
    .scalar_subquery()
)
_MADE = (
    sa.select(ARTIFACT.c.digest, BUILD.c.id, BUILD.c.service, BUILD.c.name, _RELEASED)
    .select_from(ARTIFACT.join(BUILD, BUILD.c.id == ARTIFACT.c.build_id))
    .where(
        ARTIFACT.c.digest.in_(sa.bindparam("digests", expanding=True, type_=sa.LargeBinary)),
        BUILD.c.id <= KNOWN,
    )
)


def observed(
    connection: sa.Connection, environment: str, as_of: datetime, prefix: Prefix
) -> Sequence[LastSeen]:
    """See `domain.ports.Placements.observed`."""
    found = sightings.newest(connection, environment, clamped(as_of, prefix), prefix.position)
    return [
        LastSeen(
            seen.observer,
            from_micros(seen.occurred_at),
            {
                (service, slot): tuple(Digest(f"sha256:{made}") for made in artifacts)
                for service, slots in seen.running.items()
                for slot, artifacts in slots.items()
            },
        )
        for seen in found
    ]


def emptied(
    connection: sa.Connection, environment: str, as_of: datetime, prefix: Prefix
) -> Mapping[Place, datetime]:
    """See `domain.ports.Placements.emptied`."""
    asked = {"environment": environment, "instant": clamped(as_of, prefix), "known": prefix.position}
    return {
        (service, slot): from_micros(since) for service, slot, since in connection.execute(_EMPTIED, asked)
    }


def origins(
    connection: sa.Connection,
    environment: str,
    artifacts: Collection[tuple[str, Listed]],
    prefix: Prefix,
) -> Mapping[tuple[str, Listed], Origin]:
    """See `domain.ports.Placements.origins`."""
    wanted = iter(sorted({bytes.fromhex(made.hex) for _, listed in artifacts for made in listed}))
    builds: dict[int, tuple[str, str, int | None]] = {}
    makers: dict[Digest, set[int]] = {}
    while digests := list(islice(wanted, DIGESTS_AT_ONCE)):
        asked = {"environment": environment, "known": prefix.position, "digests": digests}
        for digest, build_id, *build in connection.execute(_MADE, asked):
            builds[build_id] = (build[0], build[1], build[2])
            makers.setdefault(Digest(f"sha256:{bytes(digest).hex()}"), set()).add(build_id)
    found = {}
    for service, listed in artifacts:
        of_all = set.intersection(*(makers.get(made, set()) for made in listed))
        found[service, listed] = _origin([builds[each] for each in sorted(of_all)], service)
    return found


def _origin(builds: Sequence[tuple[str, str, int | None]], service: str) -> Origin:
    """Return the newest of *builds*, oldest first, that are of *service*."""
    own = [(name, release) for of, name, release in builds if of == service]
    if not own:
        return NOWHERE
    released = [release for _, release in own if release is not None]
    return Origin(max(released, default=None), own[-1][0])
