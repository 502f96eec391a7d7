"""From rows to the domain's answers: which columns an answer needs, and the values made of them.

Columns come in groups, taken apart by place: an environment of thousands is one loop, and a name
look-up for each of forty columns would cost more than the query.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa

from adapters.readmodels.tables import BUILD, CHANGE, RELEASE, SLOT, TARGET
from domain.actor import Actor, ActorKind
from domain.declaration import Declared
from domain.digest import Digest
from domain.instant import from_micros
from domain.placement import Cause, RanArtifact, RanBuild, RanConfig, RanRelease
from domain.release import Identity
from domain.target import Target

PLACE = (TARGET.c.service, TARGET.c.environment, SLOT.c.name, CHANGE.c.occurred_at)
CAUSE = (
    CHANGE.c.position,
    CHANGE.c.number,
    CHANGE.c.topic,
    CHANGE.c.deployment,
    CHANGE.c.reason,
    CHANGE.c.actor,
    CHANGE.c.recorded_at,
)
_MADE = (RELEASE.c.number, RELEASE.c.digest, RELEASE.c.cut_at, RELEASE.c.position)
_PARTS = (
    RELEASE.c.first_of_build,
    RELEASE.c.build_since,
    RELEASE.c.config_digest,
    RELEASE.c.config_number,
    RELEASE.c.config_reference,
    RELEASE.c.build,
    BUILD.c.identity,
    BUILD.c.label,
    BUILD.c.repository,
    BUILD.c.commit,
    BUILD.c.ref,
    BUILD.c.artifacts,
)
RELEASED = (*_MADE, RELEASE.c.commit, RELEASE.c.source, *_PARTS)
"""A release by itself; a declared one with the commit that first declared it."""

_DECLARED = CHANGE.c.topic == Declared.topic
RAN = (
    *_MADE,
    sa.case((_DECLARED, CHANGE.c.commit), else_=RELEASE.c.commit),
    sa.case((_DECLARED, CHANGE.c.source), else_=RELEASE.c.source),
    *_PARTS,
)
"""A release as a change ran it; a declared one with the commit that declared it this time."""


def with_release(start: sa.FromClause) -> sa.FromClause:
    """Join, to changes with their slots and targets, the release they ran, if they ran one."""
    ran = sa.and_(RELEASE.c.target_id == TARGET.c.id, RELEASE.c.number == CHANGE.c.release)
    return start.outerjoin(RELEASE, ran).outerjoin(BUILD, BUILD.c.id == RELEASE.c.build_id)


def release(target: Target, columns: Sequence[Any]) -> RanRelease | None:
    """Make a release of the columns `RELEASED` or `RAN`; None when there is none."""
    return None if columns[0] is None else _release(target, tuple(columns))


@lru_cache(maxsize=10_000)
def _release(target: Target, columns: tuple[Any, ...]) -> RanRelease:
    """Make a release, or find it: questions are mostly about what runs now, and that changes slowly."""
    number, digest, cut_at, position, said_by, source, first, since, *parts = columns
    config_digest, config, reference, name, identity, label, repository, commit, ref, made = parts
    if identity == Identity.DECLARED.value:
        repository, commit = source, said_by
    return RanRelease(
        target,
        number,
        Digest(f"sha256:{digest.hex()}"),
        from_micros(cut_at),
        position,
        RanBuild(name, Identity(identity), label, repository, commit, ref, _artifacts(bytes(made))),
        RanConfig(config, Digest(f"sha256:{config_digest.hex()}"), reference),
        first,
        from_micros(since),
    )


def cause(columns: Sequence[Any]) -> Cause:
    """Make the cause of the columns `CAUSE`."""
    position, number, topic, deployment, reason, actor, recorded_at = columns
    return Cause(position, number, topic, deployment, reason, _actor(actor), from_micros(recorded_at))


@lru_cache(maxsize=20_000)
def target(service: str, environment: str) -> Target:
    """Return the target; few are asked about often."""
    return Target(service, environment)


def _artifacts(listed: bytes) -> tuple[RanArtifact, ...]:
    return tuple(
        RanArtifact(name, Digest(f"sha256:{digest}"), purl) for name, digest, purl in orjson.loads(listed)
    )


@lru_cache(maxsize=2_000)
def _actor(text: str) -> Actor:
    content = orjson.loads(text)
    return Actor(ActorKind(content["kind"]), content["issuer"], content["subject"])
